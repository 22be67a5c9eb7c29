"""Images of a user's as they are stored: uint8, height, width, channels. What is ambiguous is asked for by name."""

import math
import warnings
from typing import Any, NamedTuple

import numpy as np

from tb_plugin.writer import arrays

MAX_IMAGE_SIDE = 1024  # pixels
ORDERS = ("HWC", "CHW")

MAX_BYTES = 2**28  # of all images together; they are stored as thumbnails if they have more

_CHANNELS = (1, 3, 4)
_CHUNK = 4096  # images that are converted at a time, so that temporary arrays stay small
_SLACK = 1e-3  # rounding beyond the range of values


class Layout(NamedTuple):
    """How a user's images are laid out, each None if it was not said.

    Attributes:
      order: "HWC" or "CHW", the order of the axes of an image, also of one that is a vector.
      shape: (H, W, C).
      value_range: the values of black and white.
    """

    order: str | None = None
    shape: tuple[int, int, int] | None = None
    value_range: tuple[float, float] | None = None


def layout(image_order: Any, image_shape: Any, value_range: Any) -> Layout:
    """Returns the arguments of these names, validated.

    Raises:
      ValueError: one is invalid.
    """
    if image_order not in (None, *ORDERS):
        raise ValueError(f"image_order: it is {image_order!r:.40}, it must be 'HWC' or 'CHW'")
    shape: Any = None
    if image_shape is not None:
        sizes: tuple[int, ...]
        try:
            sizes = tuple(arrays.integer("image_shape", size, 2**31) for size in image_shape)
        except TypeError:
            sizes = ()
        shape = (*sizes, 1)[:3]
        if len(sizes) not in (2, 3) or 0 in shape or shape[2] not in _CHANNELS:
            raise ValueError(
                f"image_shape: it is {image_shape!r:.40}, it must be (height, width) or (height, width, channels) with "
                "1, 3 or 4 channels, also if image_order is 'CHW'"
            )
    limits: Any = None
    if value_range is not None:
        limits = tuple(float(bound) for bound in arrays.numbers("value_range", value_range).ravel())
        if len(limits) != 2 or not limits[0] < limits[1]:
            raise ValueError(f"value_range: it is {value_range!r:.40}, it must be (value of black, value of white)")
    return Layout(image_order, shape, limits)


class Pictures:
    """Images [N, H, W, C] of a user's, with the range of their values; converted when they are asked for.

    Attributes:
      shape: (H, W, C).
      thumbnail_shape: (h, w, C) of what `pixels` returns, if it is smaller, else None.
    """

    def __init__(
        self, name: str, value: Any, points: int, said: Layout, like: tuple[int, ...] | None = None, clip: bool = False
    ):
        """Validates images.

        Args:
          name: the argument's name, for errors.
          value: [N, H, W], [N, H, W, C] or [N, C, H, W], or vectors, if their shape is known.
          points: N.
          said: what the user said of their layout.
          like: (H, W, C) that the images must have.
          clip: clips floats instead of refusing them, because a decoder without a final activation exceeds the range.

        Raises:
          ValueError: they are invalid, or ambiguous; the message names the argument that says which.
        """
        given = arrays.array(name, value)
        if given.dtype.kind not in "fiub":
            raise ValueError(f"{name}: dtype is {given.dtype}, it must be uint8, or a type of real numbers")
        if len(np.shape(given)) == 0 or len(given) != points:
            count = len(given) if given.ndim else 1
            raise ValueError(f"{name}: there are {count:,} for {points:,} codes, there must be one for each")
        self._array = _height_width_channels(name, given, said, like)
        self.shape: tuple[int, ...] = self._array.shape[1:]
        if like and self.shape != like:
            raise ValueError(f"{name}: each is {list(self.shape)}, it must be {list(like)} as the images are")
        if max(self.shape[:2]) > MAX_IMAGE_SIDE:
            raise ValueError(
                f"{name}: each has {self.shape[0]} x {self.shape[1]} pixels, the limit is "
                f"{MAX_IMAGE_SIDE} x {MAX_IMAGE_SIDE}"
            )
        self.thumbnail_shape = _thumbnail_shape(len(self._array), self.shape)
        if self.thumbnail_shape:
            height, width, _ = self.thumbnail_shape
            warnings.warn(
                f"{name}: {len(self._array):,} of {self.shape[0]} x {self.shape[1]} pixels have more than "
                f"{MAX_BYTES // 2**20} MiB; they are stored as thumbnails of {height} x {width}",
                stacklevel=5,
            )
        self._low, self._high = _range(name, self._array, said.value_range, clip)

    def pixels(self) -> np.ndarray:
        """Returns the images as uint8 [N, H, W, C], a copy: the caller may reuse its array for the next batch."""
        pixels = np.empty((len(self._array), *(self.thumbnail_shape or self.shape)), np.uint8)
        if self._array.dtype == np.uint8 and not self.thumbnail_shape:
            pixels[:] = self._array
            return pixels
        for start in range(0, len(pixels), _CHUNK):
            units = np.clip(self._units(start), 0, 1)
            if self.thumbnail_shape:
                units = _shrink(units.astype(np.float32), self.thumbnail_shape)
            pixels[start : start + _CHUNK] = units * 255 + 0.5
        return pixels

    def squared_errors(self, targets: np.ndarray) -> np.ndarray:
        """Returns the mean squared difference of each image from uint8 `targets`, float32 [N], with pixels in 0..1."""
        errors = np.empty(len(targets), np.float32)
        for start in range(0, len(targets), _CHUNK):
            target = targets[start : start + _CHUNK] / np.float32(255)
            errors[start : start + _CHUNK] = np.mean(np.square(target - self._units(start)), axis=(1, 2, 3))
        return errors

    def _units(self, start: int) -> np.ndarray:
        """Returns the images from `start` on, at most _CHUNK, with 0 as black and 1 as white."""
        chunk = self._array[start : start + _CHUNK]
        chunk = chunk.astype(np.float32 if chunk.dtype.itemsize < 4 else np.float64)
        return (chunk - self._low) / (self._high - self._low)


def _thumbnail_shape(count: int, shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    height, width, channels = shape
    if count * height * width * channels <= MAX_BYTES:
        return None
    scale = math.sqrt(MAX_BYTES / (count * height * width * channels))
    # Rounded down, and at least a pixel: a million images of one pixel and four channels are still few bytes.
    return max(1, int(height * scale)), max(1, int(width * scale)), channels


def _shrink(images: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Returns images [n, H, W, C] as [n, h, w, C], each pixel the mean of the area that it covers."""
    rows, columns = _areas(images.shape[1], shape[0]), _areas(images.shape[2], shape[1])
    flat = np.tensordot(images, rows, axes=(1, 1))  # [n, W, C, h]
    return np.ascontiguousarray(np.tensordot(flat, columns, axes=(1, 1)).transpose(0, 2, 3, 1))  # from [n, C, h, w]


def _areas(large: int, small: int) -> np.ndarray:
    """Returns float32 [small, large], the share of each old pixel in each new one."""
    edges = np.linspace(0, large, small + 1)
    pixels = np.arange(large)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (np.maximum(overlap, 0) * small / large).astype(np.float32)


def _height_width_channels(name: str, given: np.ndarray, said: Layout, like: tuple[int, ...] | None) -> np.ndarray:
    """Returns images [N, H, W, C], a view if possible."""
    shape = said.shape or like
    if given.ndim == 2 and shape and given.shape[1] == math.prod(shape):
        if shape[2] > 1 and said.order is None:
            raise ValueError(
                f"{name}: vectors of {shape[2]} channels are ambiguous; give image_order='HWC' (Keras, Pillow) or "
                "image_order='CHW' (PyTorch)"
            )
        if said.order == "CHW":
            return np.moveaxis(given.reshape(-1, shape[2], *shape[:2]), 1, 3)
        return given.reshape(-1, *shape)
    if given.ndim == 2 and said.shape:
        raise ValueError(
            f"{name}: each has {given.shape[1]:,} numbers, image_shape {list(said.shape)} has {math.prod(said.shape):,}"
        )
    if given.ndim == 3:
        made = given[..., None]
    else:
        last = given.ndim == 4 and given.shape[3] in _CHANNELS
        first = given.ndim == 4 and given.shape[1] in _CHANNELS
        if said.order:
            last, first = last and said.order == "HWC", first and said.order == "CHW"
        if last and first and shape:
            last, first = given.shape[1:] == shape, (*given.shape[2:], given.shape[1]) == shape
        if not (last or first) or 0 in given.shape:
            root = math.isqrt(given.shape[1]) if given.ndim == 2 else 0
            hint = f"; give image_shape, for instance ({root}, {root})" if root and root**2 == given.shape[1] else ""
            if given.ndim == 2 and not hint:
                hint = "; give image_shape=(height, width) or (height, width, channels)"
            raise ValueError(
                f"{name}: shape is {list(given.shape)}, it must be [N, height, width], "
                "[N, height, width, channels] or [N, channels, height, width] with 1, 3 or 4 channels"
                + hint
                + (f"; image_order is {said.order}" if said.order and given.ndim == 4 else "")
            )
        # Images that are four pixels high are rarer than those that were always [N, H, W, C].
        if last and first and (given.shape[1] != 4 or given.shape[3] == 4):
            raise ValueError(
                f"{name}: shape {list(given.shape)} is ambiguous; give image_order='HWC' or image_order='CHW'"
            )
        made = given if last else np.moveaxis(given, 1, 3)
    if said.shape and made.shape[1:] != said.shape:
        raise ValueError(f"{name}: each is {list(made.shape[1:])}, image_shape is {list(said.shape)}")
    return made


def _range(name: str, given: np.ndarray, said: tuple[float, float] | None, clip: bool) -> tuple[float, float]:
    """Returns the values of black and white."""
    if given.dtype.kind == "b":
        return 0.0, 1.0
    if given.dtype.kind == "f":
        arrays.require_finite(name, given)
    low, high = float(given.min()), float(given.max())
    if given.dtype.kind in "iu" and high == 1 and low >= 0 and said not in ((0.0, 1.0), (0.0, 255.0)):
        raise ValueError(f"{name}: they are integers of 0 and 1; give value_range=(0, 1), or (0, 255) if they are dark")
    if given.dtype == np.uint8 and (said != (0.0, 1.0) or high > 1):
        return 0.0, 255.0  # images of bytes may stand beside reconstructions in -1..1
    black, white = said or ((0.0, 255.0) if given.dtype.kind in "iu" else (0.0, 1.0))
    slack = _SLACK * (white - black)
    if (low < black - slack or high > white + slack) and not (clip and given.dtype.kind == "f"):
        what = "floats" if given.dtype.kind == "f" else "integers"
        way = "value_range says another range, for instance value_range=(-1, 1); or give uint8"
        raise ValueError(f"{name}: {what} are {low:g} to {high:g}, they must be {black:g}..{white:g}; {way}")
    return black, white
