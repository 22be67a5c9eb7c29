"""What the callbacks share: the codes of the same examples, logged after every few epochs or steps."""

import sys
from collections.abc import Callable
from typing import Any


class Logging:
    """The examples of a callback, and how they are encoded and logged.

    A framework calls many hooks of its callbacks. Those that a callback does not need do nothing.
    """

    def __init__(self, name: str, every: int, arguments: dict[str, Any]):
        if type(every) is not int or every < 1:
            raise ValueError(f"every: it is {every!r}, it must be an integer from 1")
        self.name, self.every, self.arguments = name, every, arguments
        self._last = -1  # step that was logged

    def __getattr__(self, hook: str) -> Callable[..., None]:
        if hook.startswith("on_"):
            return _nothing
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {hook!r}")

    def _log_codes(self, add: Callable[..., None], step: int, codes: Any, **networks: Any) -> None:
        """Logs the codes at `step` with `add`, which is LatentWriter.add or add_latent's like, once.

        Args:
          **networks: the decoder and the encoder at this step, or None.
        """
        if step > self._last:
            if isinstance(codes, (tuple, list, dict)):
                raise ValueError(
                    f"encoder: it returns {len(codes)} values, it must return the codes; give a function, e.g. "
                    "encoder=lambda x: model(x)[0]"
                )
            add(self.name, step, codes, **networks, **self.arguments)
            self._last = step

    @staticmethod
    def _evaluate(
        module: Any, encode: Callable[[Any], Any], **networks: Callable[[Any], Any] | None
    ) -> tuple[Any, dict[str, Any]]:
        """Returns the codes of a PyTorch module, which is in `eval()` meanwhile, and its decoder and encoder."""
        training = module.training
        module.eval()
        try:
            with sys.modules["torch"].no_grad():
                codes = encode(module)
            return codes, {name: None if make is None else make(module) for name, make in networks.items()}
        finally:
            module.train(training)


def _nothing(*args: Any, **kwargs: Any) -> None:
    pass
