"""A callback for the Trainer of Hugging Face's transformers."""

import os
from collections.abc import Callable
from typing import Any

from tb_plugin.callbacks.logging import Logging
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.summary import LatentWriter


class LatentCallback(Logging):
    """A TrainerCallback that logs the codes of the same examples at the start, after every few steps and at the end.

    Trainer(..., callbacks=[LatentCallback("runs/mine", lambda model: model(**batch).pooler_output, every=500)])
    """

    def __init__(
        self,
        logdir: str | os.PathLike,
        encode: Callable[[Any], Any],
        *,
        decoder: Callable[[Any], Decoder] | None = None,
        encoder: Callable[[Any], Encoder] | None = None,
        every: int = 500,
        name: str = "codes",
        **arguments: Any,
    ):
        """Creates the callback. The event file is created when training starts.

        Args:
          logdir: a run's folder, for this callback alone.
          encode: a function of the model that returns the codes [N, D]. It is called with the model in `eval()`.
          decoder: a function of the model that returns the present decoder.
          encoder: a function of the model that returns the present encoder, e.g. by `encoder_from_torch`.
          every: how many steps of the trainer lie between two logged ones.
          name: the name of the latent space.
          **arguments: more arguments of `LatentWriter.add`: labels, images and so on.

        Raises:
          ValueError: `every` is not an integer from 1. Training raises the others, before its first step.
        """
        super().__init__(name, every, arguments)
        self.logdir, self.encode, self.decoder, self.encoder = logdir, encode, decoder, encoder
        self._writer: LatentWriter | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **more: Any) -> None:
        if state.is_world_process_zero and self._writer is None:
            self._writer = LatentWriter(self.logdir)
        self._log(state, model)

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **more: Any) -> None:
        if state.global_step % self.every == 0:
            self._log(state, model)

    def on_train_end(self, args: Any, state: Any, control: Any, model: Any = None, **more: Any) -> None:
        self._log(state, model)
        if self._writer is not None:
            self._writer.flush()

    def _log(self, state: Any, model: Any) -> None:
        if self._writer is not None:
            codes, networks = self._evaluate(model, self.encode, decoder=self.decoder, encoder=self.encoder)
            self._log_codes(self._writer.add, state.global_step, codes, **networks)
