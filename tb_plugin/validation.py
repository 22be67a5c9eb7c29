"""Validation of what a user logs: arguments of any array type become the arrays that are stored.

Each function raises a ValueError that names the argument and says what is wrong with it.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_plugin.decoder import Decoder

MAX_POINTS = 200_000
MAX_DIMS = 4096
MAX_IMAGE_SIDE = 1024  # pixels
MAX_CLASSES = 4096
MAX_CLASS_NAME = 200  # characters
MAX_FRAMES = 240

_CHUNK = 4096  # images that are converted at a time, so that temporary arrays stay small


def codes(value: Any) -> np.ndarray:
    """Returns codes as float32 [N, D]."""
    array = _numbers("codes", value)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"codes: shape is {list(array.shape)}, it must be [N, D] with N and D at least 1")
    if len(array) > MAX_POINTS or array.shape[1] > MAX_DIMS:
        raise ValueError(
            f"codes: shape is {list(array.shape)}, the limit is {MAX_POINTS:,} points of {MAX_DIMS:,} numbers; "
            "log a sample of them"
        )
    return array


def labels(value: Any, points: int, class_names: list[str] | None) -> np.ndarray:
    """Returns labels as int32 [N]. With class names, a label is the index of a name, or -1 for none."""
    array = _array("labels", value)
    if array.dtype.kind not in "iub":
        raise ValueError(f"labels: dtype is {array.dtype}, it must be an integer type; class_names gives them names")
    _require_one_per_point("labels", array, points)
    low, high = (-1, len(class_names) - 1) if class_names else (np.iinfo(np.int32).min, np.iinfo(np.int32).max)
    if array.min() < low or array.max() > high:
        raise ValueError(f"labels: they are {array.min()} to {array.max()}, they must be {low} to {high}")
    return array.astype(np.int32)


def errors(value: Any, points: int) -> np.ndarray:
    """Returns the error of each point as float32 [N]."""
    array = _numbers("errors", value)
    _require_one_per_point("errors", array, points)
    return array


def images(name: str, value: Any, points: int, like: tuple[int, ...] | None = None, clip: bool = False) -> np.ndarray:
    """Returns images as uint8 [N, H, W, C].

    Args:
      name: the argument's name, for errors.
      value: [N, H, W] or [N, H, W, C], uint8 or floats in 0..1.
      points: N.
      like: (H, W, C) that the images must have; they may then be [N, H * W * C], too.
      clip: clips floats to 0..1 instead of refusing them, because a decoder without a final activation exceeds it.
    """
    array = _array(name, value)
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise ValueError(f"{name}: dtype is {array.dtype}, it must be uint8, or a float type with values in 0..1")
    if like and array.ndim == 2 and array.shape[1] == math.prod(like):
        array = array.reshape(-1, *like)
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[3] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            f"{name}: shape is {list(np.shape(value))}, it must be [N, height, width] or "
            "[N, height, width, channels] with 1, 3 or 4 channels"
        )
    if len(array) != points:
        raise ValueError(f"{name}: there are {len(array):,} for {points:,} codes, there must be one for each")
    if like and array.shape[1:] != like:
        raise ValueError(f"{name}: each is {list(array.shape[1:])}, it must be {list(like)} as the images are")
    if max(array.shape[1:3]) > MAX_IMAGE_SIDE:
        raise ValueError(
            f"{name}: each has {array.shape[1]} x {array.shape[2]} pixels, the limit is "
            f"{MAX_IMAGE_SIDE} x {MAX_IMAGE_SIDE}"
        )
    if array.dtype == np.uint8:
        return array.copy()  # the caller may reuse its array for the next batch
    _require_finite(name, array)
    if not clip and (array.min() < -1e-3 or array.max() > 1 + 1e-3):
        raise ValueError(f"{name}: floats are {array.min():g} to {array.max():g}, they must be 0..1; or give uint8")
    return np.concatenate(
        [(np.clip(chunk, 0, 1) * 255 + 0.5).astype(np.uint8) for chunk in np.array_split(array, _chunks(array))]
    )


def squared_errors(targets: np.ndarray, reconstructions: Any) -> np.ndarray:
    """Returns the mean squared error of each reconstruction as float32 [N], with pixels in 0..1.

    Args:
      targets: uint8 [N, H, W, C].
      reconstructions: as many numbers, uint8 or floats in 0..1.
    """
    given = _array("reconstructions", reconstructions).reshape(targets.shape)
    unit = 255.0 if given.dtype == np.uint8 else 1.0
    return np.concatenate(
        [
            np.mean(np.square(target / np.float32(255) - chunk / np.float32(unit)), axis=(1, 2, 3))
            for target, chunk in zip(np.array_split(targets, _chunks(targets)), np.array_split(given, _chunks(given)))
        ]
    ).astype(np.float32)


def class_names(value: Sequence[str]) -> list[str]:
    """Returns class names as a list of strings."""
    names = [] if isinstance(value, str) else list(value)
    if not 1 <= len(names) <= MAX_CLASSES or not all(
        isinstance(name, str) and len(name) <= MAX_CLASS_NAME for name in names
    ):
        raise ValueError(
            f"class_names: it must be a list of 1 to {MAX_CLASSES:,} strings of at most {MAX_CLASS_NAME} characters"
        )
    return names


def decoder(value: Any, dims: int, image_shape: tuple[int, ...] | None) -> Decoder:
    """Returns a decoder whose codes have `dims` numbers and whose pictures have the images' shape, if it is known."""
    if not isinstance(value, Decoder):
        raise ValueError(
            f"decoder: it is a {type(value).__name__}, it must be a tb_plugin.decoder.Decoder; from_keras and "
            "from_torch convert a model"
        )
    if value.dims != dims:
        raise ValueError(f"decoder: it takes codes of {value.dims} numbers, the codes have {dims}")
    if image_shape and picture_shape(value.output_shape, image_shape) != image_shape:
        raise ValueError(f"decoder: its pictures are {list(value.output_shape)}, the images are {list(image_shape)}")
    return value


def picture_shape(output: tuple[int, ...], image_shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Returns (H, W, C) of a decoder's pictures, or None if they cannot be shown as pictures.

    Args:
      output: the decoder's output_shape. A vector has the shape of the images, if it has as many numbers.
      image_shape: (H, W, C) of the images, if it is known.
    """
    if len(output) == 1:
        shape = image_shape if image_shape and math.prod(image_shape) == output[0] else None
    else:
        shape = (*output, 1) if len(output) == 2 else output
    return shape if shape and shape[2] in (1, 3, 4) else None


def walk(value: dict[str, Any], dims: int) -> dict[str, Any]:
    """Returns a circle walk, center + radius * (cos(t) * u + sin(t) * v), as valid JSON.

    Its keys are center [D], radius, frames (60 by default), and if they were given the directions u [D] and v [D].
    """
    if not isinstance(value, dict) or not {"center", "radius"} <= value.keys() <= {
        "center",
        "radius",
        "frames",
        "u",
        "v",
    }:
        raise ValueError("walk: it must be a dict with center and radius, and optionally frames, u and v")
    walk: dict[str, Any] = {}
    for key in ("center", "u", "v"):
        if key in value:
            vector = _numbers(f"walk's {key}", value[key])
            if vector.shape != (dims,):
                raise ValueError(f"walk: the shape of {key} is {list(vector.shape)}, it must be [{dims}] as of a code")
            walk[key] = [float(number) for number in vector]
    walk["radius"] = float(_numbers("walk's radius", value["radius"]).reshape(()))
    walk["frames"] = value.get("frames", 60)
    if type(walk["frames"]) is not int or not 2 <= walk["frames"] <= MAX_FRAMES:
        raise ValueError(f"walk: frames is {walk['frames']!r:.40}, it must be an integer from 2 to {MAX_FRAMES}")
    return walk


def _chunks(array: np.ndarray) -> int:
    return -(-len(array) // _CHUNK)


def _array(name: str, value: Any) -> np.ndarray:
    if hasattr(value, "detach"):  # a PyTorch tensor, which may have a gradient or be on a GPU
        value = value.detach().cpu()
    try:
        return np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: the rows have different lengths, or something in them is not a number") from error


def _numbers(name: str, value: Any) -> np.ndarray:
    array = _array(name, value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name}: dtype is {array.dtype}, it must be a type of real numbers")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    _require_finite(name, array)
    return array


def _require_finite(name: str, array: np.ndarray) -> None:
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        raise ValueError(
            f"{name}: {len(bad):,} of {array.size:,} numbers are not finite (NaN, infinite or too large "
            f"for float32), the first is at {bad[0].tolist()}"
        )


def _require_one_per_point(name: str, array: np.ndarray, points: int) -> None:
    if array.shape != (points,):
        raise ValueError(f"{name}: shape is {list(array.shape)}, it must be [{points}] with one for each code")
