"""Functions on images whose packages are gone: scipy.misc's by Pillow, and one of magenta's."""

from typing import Any

import numpy as np
from PIL import Image

from legacy_ports.tf1 import tf

_RESAMPLING = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}


def imread(name: Any, flatten: bool = False, mode: str | None = None) -> np.ndarray:
    """Returns an image file as an array, as scipy.misc 1.0 did."""
    image: Image.Image = Image.open(name)
    if mode is not None and mode != image.mode:
        image = image.convert(mode)
    elif mode is None and image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    return np.array(image.convert("F") if flatten else image)


def bytescale(
    data: np.ndarray, cmin: float | None = None, cmax: float | None = None, high: int = 255, low: int = 0
) -> np.ndarray:
    """Returns an array scaled to uint8, as scipy.misc did with all but uint8."""
    if data.dtype == np.uint8:
        return data
    cmin, cmax = data.min() if cmin is None else cmin, data.max() if cmax is None else cmax
    scale = float(high - low) / ((cmax - cmin) or 1)
    return (((data - cmin) * scale + low).clip(low, high) + 0.5).astype(np.uint8)


def toimage(arr: Any, high: int = 255, low: int = 0, cmin: float | None = None, cmax: float | None = None) -> Any:
    """Returns a Pillow image of an array [height, width] or [height, width, 3 or 4]."""
    return Image.fromarray(bytescale(np.asarray(arr), cmin, cmax, high, low))


def imsave(name: Any, arr: Any, format: str | None = None) -> None:
    """Writes an array as an image file."""
    toimage(arr).save(name, format)


def imresize(arr: Any, size: Any, interp: str = "bilinear", mode: str | None = None) -> np.ndarray:
    """Returns an image in another size: a percentage (int), a fraction (float) or (height, width)."""
    image = toimage(arr) if mode is None else toimage(arr).convert(mode)
    if isinstance(size, (int, np.integer)):
        shape = tuple(int(each * (size / 100.0)) for each in image.size)
    elif isinstance(size, (float, np.floating)):
        shape = tuple(int(each * size) for each in image.size)
    else:
        shape = (size[1], size[0])
    return np.array(image.resize(shape, resample=_RESAMPLING[interp]))


def form_image_grid(input_tensor: Any, grid_shape: Any, image_shape: Any, num_channels: int) -> Any:
    """Lays out a batch of images [N, height * width * channels] as one image [1, H, W, channels].

    As magenta/models/image_stylization/image_utils.py did; `grid_shape` and `image_shape` are (height, width).
    """
    if grid_shape[0] * grid_shape[1] != int(input_tensor.get_shape()[0]):
        raise ValueError("Grid shape incompatible with minibatch size.")
    height, width = grid_shape[0] * image_shape[0], grid_shape[1] * image_shape[1]
    input_tensor = tf.reshape(input_tensor, tuple(grid_shape) + tuple(image_shape) + (num_channels,))
    input_tensor = tf.transpose(input_tensor, [0, 1, 3, 2, 4])
    input_tensor = tf.reshape(input_tensor, [grid_shape[0], width, image_shape[0], num_channels])
    input_tensor = tf.transpose(input_tensor, [0, 2, 1, 3])
    return tf.reshape(input_tensor, [1, height, width, num_channels])
