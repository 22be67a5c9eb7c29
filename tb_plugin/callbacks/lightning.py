"""A callback for the Trainer of PyTorch Lightning, imported as `lightning` or as `pytorch_lightning`."""

import functools
import os
from collections.abc import Callable
from typing import Any

from tb_plugin.add_latent import add_latent
from tb_plugin.callbacks.logging import Logging
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.summary import LatentWriter


class LatentCallback(Logging):
    """A Lightning callback that logs the codes of the same examples before the first epoch and after every few.

        Trainer(callbacks=[LatentCallback(lambda m: m.encoder(x), decoder=lambda m: from_torch(m.decoder, 2))])

    The step is Lightning's global step. It logs into the event file of the trainer's TensorBoardLogger, if there is
    one and no `logdir` is given. Of several processes only the first logs.
    """

    def __init__(
        self,
        encode: Callable[[Any], Any],
        *,
        decoder: Callable[[Any], Decoder] | None = None,
        encoder: Callable[[Any], Encoder] | None = None,
        every: int = 1,
        logdir: str | os.PathLike | None = None,
        name: str = "codes",
        **arguments: Any,
    ):
        """Creates the callback.

        Args:
          encode: a function of the LightningModule that returns the codes [N, D]. It is called without gradients, with
            the module in `eval()`. It moves its examples to `module.device`.
          decoder: a function of the LightningModule that returns the present decoder, e.g. by `from_torch`.
          encoder: a function of the LightningModule that returns the present encoder, e.g. by `encoder_from_torch`.
          every: how many epochs lie between two logged ones.
          logdir: a run's folder for an event file of its own.
          name: the name of the latent space.
          **arguments: more arguments of `LatentWriter.add`: labels, images and so on.

        Raises:
          ValueError: `every` is not an integer from 1. `fit` raises the others, before the first epoch.
        """
        super().__init__(name, every, arguments)
        self.encode, self.decoder, self.encoder, self.logdir = encode, decoder, encoder, logdir
        self._add: Callable[..., None] | None = None

    @property
    def state_key(self) -> str:
        return f"tb_plugin.LatentCallback[{self.name}]"

    _legacy_state_key = state_key

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        pass

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        pass

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.is_global_zero and self._add is None:
            self._add = self._destination(trainer)
        self._log(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        if (trainer.current_epoch + 1) % self.every == 0:
            self._log(trainer, pl_module)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        self._log(trainer, pl_module)

    def _destination(self, trainer: Any) -> Callable[..., None]:
        if self.logdir is not None:
            return LatentWriter(self.logdir).add
        for logger in trainer.loggers:
            if hasattr(logger.experiment, "_get_file_writer"):
                return functools.partial(add_latent, logger.experiment)
        raise ValueError("LatentCallback: the trainer has no TensorBoardLogger; give logdir=")

    def _log(self, trainer: Any, module: Any) -> None:
        if self._add is not None:
            codes, networks = self._evaluate(module, self.encode, decoder=self.decoder, encoder=self.encoder)
            self._log_codes(self._add, trainer.global_step, codes, **networks)
