"""A callback for `fit` of Keras 3 and tf_keras."""

import os
from typing import Any

from tb_plugin.callbacks.logging import Logging
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.from_keras import encoder_from_keras, from_keras
from tb_plugin.summary import LatentWriter


class LatentCallback(Logging):
    """A Keras callback that logs the codes of the same examples before the first epoch and after every few.

        model.fit(x, x, callbacks=[LatentCallback("runs/mine", encoder, x_test, decoder=decoder, labels=y_test)])

    The step is the number of epochs. Further calls of `fit` with the same callback go on counting.
    """

    def __init__(
        self,
        logdir: str | os.PathLike,
        encoder: Any,
        x: Any,
        *,
        decoder: Any = None,
        draw: Any = False,
        every: int = 1,
        name: str = "codes",
        **arguments: Any,
    ):
        """Creates the callback. The event file is created when training starts.

        Args:
          logdir: a run's folder, for this callback alone. Keras's TensorBoard callback writes to subfolders of its own.
          encoder: a Keras model, or a function of `x`, that returns the codes [N, D].
          x: the encoder's input.
          decoder: a Keras model that `from_keras` converts, a Decoder, or a function that returns a Decoder.
          draw: whether the encoder is logged, too, so that the tab finds the code of what you draw there. True is for
            an `encoder` that is a Keras model of pixels in 0..1, which `encoder_from_keras` converts; else give a
            function that returns an Encoder.
          every: how many epochs lie between two logged ones.
          name: the name of the latent space.
          **arguments: more arguments of `LatentWriter.add`: labels, images and so on.

        Raises:
          ValueError: `every` is not an integer from 1. Training raises the others, before its first epoch.
        """
        super().__init__(name, every, arguments)
        self.logdir, self.encoder, self.x, self.decoder, self.draw = logdir, encoder, x, decoder, draw
        self.model: Any = None
        self._writer: LatentWriter | None = None
        self._epochs = 0

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: Any) -> None:
        pass

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._writer is None:
            self._writer = LatentWriter(self.logdir)
            self._epochs = epoch  # fit's initial_epoch
            self._log()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._epochs += 1
        if self._epochs % self.every == 0:
            self._log()

    def on_train_end(self, logs: Any = None) -> None:
        if self._writer is not None:
            self._log()
            self._writer.flush()

    def _log(self) -> None:
        assert self._writer is not None
        encoder = self.encoder
        codes = encoder.predict(self.x, verbose=0) if hasattr(encoder, "predict") else encoder(self.x)
        networks = {"decoder": _decoder(self.decoder), "encoder": self._encoder()}
        self._log_codes(self._writer.add, self._epochs, codes, **networks)

    def _encoder(self) -> Encoder | None:
        if callable(self.draw):
            return self.draw()
        return encoder_from_keras(self.encoder) if self.draw else None

    # tf_keras asks whether it must call the hooks of batches.
    def _implements_train_batch_hooks(self) -> bool:
        return False

    _implements_test_batch_hooks = _implements_predict_batch_hooks = _implements_train_batch_hooks


def _decoder(decoder: Any) -> Decoder | None:
    if decoder is None or isinstance(decoder, Decoder):
        return decoder
    return from_keras(decoder) if hasattr(decoder, "layers") else decoder()
