"""What all conversions share: how a model's output becomes pictures, and the comparison of a decoder with its model."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.builder import GraphBuilder, Value
from tb_plugin.decoder import Decoder

TOLERANCE = 1e-4  # of a pixel, absolute below 1 and relative above
_CODES = 16  # for the comparison; another number than a converter may have followed


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

    def __post_init__(self) -> None:
        span: Any = self.value_range
        if span not in (None, "logits") and not (
            isinstance(span, (tuple, list)) and len(span) == 2 and span[0] < span[1]
        ):
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

    def decoder(self, graph: GraphBuilder, output: Value) -> Decoder:
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
        return graph.decoder(output)

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


def failure(what: str, shape: Sequence[int], error: Exception, place: str = "", hint: str = "") -> ValueError:
    """Returns the error that says why a model fails on codes of a shape, by the first line of its own.

    Args:
      what: "model" or "function".
      place: where it fails, as the model's author sees it.
      hint: what may help.
    """
    reason = f"{type(error).__name__}: {str(error).strip()}".splitlines()[0]
    return ValueError(f"the {what} fails on codes {list(shape)}{place}: {reason:.300}{hint}")


def check(decoder: Decoder, model: Callable[[np.ndarray], np.ndarray]) -> Decoder:
    """Compares a decoder with its model on random codes, and returns it.

    Args:
      model: returns the pictures of codes float32 [N, dims].

    Raises:
      ValueError: a pixel differs by more than TOLERANCE.
    """
    codes = np.random.RandomState(0).normal(size=(_CODES, decoder.dims)).astype(np.float32)
    found, expected = decoder(codes), model(codes)
    if found.shape != expected.shape:
        raise ValueError(f"the decoder returns {list(found.shape)} for the model's {list(expected.shape)}")
    with np.errstate(invalid="ignore"):
        off = np.abs(found - expected) / np.maximum(np.abs(expected), 1)
    off = np.where(np.isfinite(off), off, np.inf)
    if off.max() > TOLERANCE:
        code, *place = map(int, np.unravel_index(off.argmax(), off.shape))
        raise ValueError(
            f"the decoder differs from the model by {off.max():.2g}, most at {place} of picture {code}; the limit is "
            f"{TOLERANCE:g}. Do its pictures depend on each other, on chance, or on what it computed before? Then give "
            "`reconstructions` instead of a decoder"
        )
    return decoder
