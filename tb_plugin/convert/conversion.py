"""What all conversions share: what a model takes and returns, and the comparison of a network with its model."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.builder import GraphBuilder, Value
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.network import Network

TOLERANCE = 1e-4  # of a pixel, absolute below 1 and relative above
_INPUTS = 16  # for the comparison; another number than a converter may have followed


@dataclass(frozen=True)
class Pictures:
    """What a model's output means. As pictures it is [height, width, channels] with values in 0..1.

    Attributes:
      value_range: (low, high) of the values; "logits" for those before a sigmoid; None: they are 0..1.
      image_shape: [height, width, channels] of pictures that are vectors; None: vectors stay vectors.
      image_order: "HWC" or "CHW", the order in such a vector.
      channels_first: whether images of the model are [channels, height, width].

    Raises:
      ValueError: an argument is invalid.
    """

    value_range: tuple[float, float] | str | None
    image_shape: Sequence[int] | None
    image_order: str | None
    channels_first: bool
    network = Decoder

    def __post_init__(self) -> None:
        span: Any = self.value_range
        if span not in (None, "logits") and not _is_range(span):
            raise ValueError(f'value_range: it is {span!r}, it must be (low, high), e.g. (-1, 1), or "logits"')
        shape = self.image_shape
        if shape is not None and (len(shape) != 3 or min(shape) < 1):
            raise ValueError(f"image_shape: it is {list(shape)}, it must be [height, width, channels]")
        if self.image_order not in (None, "HWC", "CHW"):
            raise ValueError(f'image_order: it is {self.image_order!r}, it must be "HWC" or "CHW"')
        if shape is not None and shape[2] > 1 and self.image_order is None:
            raise ValueError('image_order: is the vector in the order "HWC" or "CHW" (channels first)? Give one')

    def _shape(self, output: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
        """Returns the shape of the images in an output of this shape, and whether their channels are first."""
        if self.image_shape is None or len(output) != 1:
            return output, self.channels_first
        if math.prod(output) != math.prod(self.image_shape):
            raise ValueError(f"image_shape: it is {list(self.image_shape)}, the model returns {list(output)}")
        height, width, channels = self.image_shape
        first = self.image_order == "CHW"
        return (channels, height, width) if first else (height, width, channels), first

    def made(self, graph: GraphBuilder, output: Value) -> Decoder:
        """Returns the decoder that computes the pictures from a model's output.

        Raises:
          ValueError: `image_shape` does not fit the output.
        """
        shape, first = self._shape(output.shape)
        output = graph.reshape(output, shape)
        if len(shape) == 3 and first:
            output = graph.permute(output, (1, 2, 0))
        if self.value_range == "logits":
            output = graph.layer(layers.activation("sigmoid"), output)
        elif self.value_range is not None:
            low, high = map(float, self.value_range)
            output = graph.affine(output, 1 / (high - low), -low / (high - low))
        return Decoder(graph.dims, graph.layers(output))

    def array(self, output: np.ndarray) -> np.ndarray:
        """Returns the pictures float64 [N, ...] of a model's output [N, ...]."""
        shape, first = self._shape(output.shape[1:] or (1,))
        pictures = output.astype(np.float64).reshape(len(output), *shape)
        if len(shape) == 3 and first:
            pictures = pictures.transpose(0, 2, 3, 1)
        if self.value_range == "logits":
            return 0.5 * (1 + np.tanh(0.5 * pictures))
        low, high = (0.0, 1.0) if self.value_range is None else map(float, self.value_range)
        return (pictures - low) / (high - low)


def _is_range(span: Any) -> bool:
    return isinstance(span, (tuple, list)) and len(span) == 2 and span[0] < span[1]


class NotSaid(ValueError):
    """A model returns several tensors, and nobody said which one is wanted."""


@dataclass(frozen=True)
class Codes:
    """What an encoder's input and output mean. Its input is pixels in 0..1 in the order height, width, channels.

    Attributes:
      input_shape: an image as the model takes it: [height, width], or with the channels at one end, or a vector.
      value_range: (low, high) of the pixels that the model takes; None: 0..1.
      output: the index or the key of the codes, if the model returns several tensors.
      channels_first: whether an image of three axes is [channels, height, width].

    Raises:
      ValueError: an argument is invalid.
    """

    input_shape: tuple[int, ...]
    value_range: tuple[float, float] | None
    output: int | str | None
    channels_first: bool
    network = Encoder

    def __post_init__(self) -> None:
        span: Any = self.value_range
        if span is not None and not _is_range(span):
            raise ValueError(f"value_range: it is {span!r}, it must be (low, high) of the pixels, e.g. (-1, 1)")
        shape = self.input_shape
        channels = shape[0 if self.channels_first else -1] if len(shape) == 3 else 1
        if len(shape) not in (1, 2, 3) or min(shape) < 1 or channels not in (1, 3, 4):
            axes = "[channels, height, width]" if self.channels_first else "[height, width, channels]"
            raise ValueError(
                f"input_shape: it is {list(shape)}, it must be the shape of an image without a batch axis: {axes} with "
                "1, 3 or 4 channels, [height, width] or [pixels]"
            )

    @property
    def dims(self) -> int:
        """Returns the numbers of an image."""
        return math.prod(self.input_shape)

    def scaled(self, images: Any) -> Any:
        """Returns a framework's tensor of pixels 0..1 in the range that the model takes."""
        if self.value_range is None:
            return images
        low, high = map(float, self.value_range)
        return images * (high - low) + low

    def codes(self, returned: Any) -> Any:
        """Returns the codes among what the model returned.

        Raises:
          NotSaid: it returned several tensors.
        """
        if not isinstance(returned, (tuple, list, dict)):
            return returned
        if self.output is None:
            first = repr(next(iter(returned))) if isinstance(returned, dict) and returned else 0
            raise NotSaid(
                f"the encoder returns {len(returned)} tensors; say which one is the codes: output={first} for the "
                "first, which is the mean in most variational autoencoders"
            )
        try:
            return returned[self.output]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            raise NotSaid(f"output: it is {self.output!r}, the encoder returns {len(returned)} tensors") from None

    def made(self, graph: GraphBuilder, output: Value) -> Encoder:
        """Returns the encoder that computes the codes of a model's output, as vectors."""
        return Encoder(graph.dims, graph.layers(graph.reshape(output, (math.prod(output.shape),))))

    def array(self, output: np.ndarray) -> np.ndarray:
        """Returns the codes float64 [N, D] of a model's output [N, ...]."""
        return output.astype(np.float64).reshape(len(output), -1)


Means = Pictures | Codes
N = TypeVar("N", bound=Network)


def failure(
    what: str, means: Means, shape: Sequence[int], error: Exception, place: str = "", hint: str = ""
) -> ValueError:
    """Returns the error that says why a model fails on inputs of a shape, by the first line of its own.

    Args:
      what: "model" or "function".
      means: what its input and output mean.
      place: where it fails, as the model's author sees it.
      hint: what may help.
    """
    reason = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
    return ValueError(f"the {what} fails on {means.network.takes} {list(shape)}{place}: {reason:.300}{hint}")


def check(network: N, model: Callable[[np.ndarray], np.ndarray]) -> N:
    """Compares a network with its model on random inputs, and returns it.

    Args:
      model: returns the outputs of inputs float32 [N, dims].

    Raises:
      ValueError: a number differs by more than TOLERANCE.
    """
    inputs = np.random.RandomState(0).normal(size=(_INPUTS, network.dims)).astype(np.float32)
    found, expected = network(inputs), model(inputs)
    if found.shape != expected.shape:
        raise ValueError(f"the {network.kind} returns {list(found.shape)} for the model's {list(expected.shape)}")
    with np.errstate(invalid="ignore"):
        off = np.abs(found - expected) / np.maximum(np.abs(expected), 1)
    off = np.where(np.isfinite(off), off, np.inf)
    if off.max() > TOLERANCE:
        number, *place = map(int, np.unravel_index(off.argmax(), off.shape))
        way = " Then give `reconstructions` instead of a decoder" if network.kind == "decoder" else ""
        raise ValueError(
            f"the {network.kind} differs from the model by {off.max():.2g}, most at {place} of {network.gives[:-1]} "
            f"{number}; the limit is {TOLERANCE:g}. Do its {network.gives} depend on each other, on chance, or on what "
            f"it computed before?{way}"
        )
    return network
