"""What a user hands over, made into the arrays that are stored; whatever is wrong with it is a ValueError."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_plugin.decoder import Decoder

MAX_POINTS = 200_000
MAX_DIMS = 4096
MAX_SIDE = 1024
MAX_CLASSES = 4096
MAX_FRAMES = 240


def codes(value: Any) -> np.ndarray:
    """float32 [N, D] of anything that NumPy takes for numbers [N, D]."""
    array = _numbers("codes", value, np.float32)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"codes: shape {list(array.shape)}; they are [N, D], neither of them 0")
    if len(array) > MAX_POINTS or array.shape[1] > MAX_DIMS:
        raise ValueError(
            f"codes: shape {list(array.shape)}; at most {MAX_POINTS:,} points of {MAX_DIMS:,} numbers: "
            "log a sample of them"
        )
    return array


def labels(value: Any, points: int, class_names: list[str] | None) -> np.ndarray:
    """int32 [N]; with class names each is the number of a name, or -1 for none."""
    array = _numpy("labels", value)
    if array.dtype.kind not in "iub":
        raise ValueError(f"labels: of type {array.dtype}; they are integers, and class_names says what they mean")
    _one_each("labels", array, points)
    low, high = (-1, len(class_names) - 1) if class_names else (np.iinfo(np.int32).min, np.iinfo(np.int32).max)
    if array.min() < low or array.max() > high:
        raise ValueError(f"labels: from {array.min()} to {array.max()}; here {low} to {high} are possible")
    return array.astype(np.int32)


def errors(value: Any, points: int) -> np.ndarray:
    """float32 [N]."""
    array = _numbers("errors", value, np.float32)
    _one_each("errors", array, points)
    return array


def images(name: str, value: Any, points: int, like: tuple[int, ...] | None = None, clip: bool = False) -> np.ndarray:
    """uint8 [N, H, W, C] of [N, H, W] or [N, H, W, C], uint8 or floats in 0..1.

    With `like`, (H, W, C), the images must have that shape, or be as long vectors. With `clip` floats beyond 0..1
    are cut: a decoder without an activation gives them.
    """
    array = _numpy(name, value)
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise ValueError(f"{name}: of type {array.dtype}; they are uint8, or floats in 0..1")
    if like and array.ndim == 2 and array.shape[1] == math.prod(like):
        array = array.reshape(-1, *like)
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[3] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            f"{name}: shape {list(np.shape(value))}; they are [N, height, width] or "
            "[N, height, width, channels], of 1, 3 or 4 channels"
        )
    if len(array) != points:
        raise ValueError(f"{name}: {len(array):,} of them for {points:,} codes")
    if like and array.shape[1:] != like:
        raise ValueError(f"{name}: of shape {list(array.shape[1:])}, while the images are {list(like)}")
    if max(array.shape[1:3]) > MAX_SIDE:
        raise ValueError(f"{name}: {array.shape[1]} x {array.shape[2]} pixels; {MAX_SIDE} x {MAX_SIDE} are the most")
    if array.dtype == np.uint8:
        return array.copy()  # the caller may use its array for the next batch
    _finite(name, array)
    if not clip and (array.min() < -1e-3 or array.max() > 1 + 1e-3):
        raise ValueError(f"{name}: from {array.min():g} to {array.max():g}; floats are in 0..1 (or give uint8)")
    return np.concatenate(
        [(np.clip(part, 0, 1) * 255 + 0.5).astype(np.uint8) for part in np.array_split(array, -(-len(array) // 4096))]
    )


def squared_errors(targets: np.ndarray, reconstructions: Any) -> np.ndarray:
    """float32 [N]: the mean squared error of each reconstruction, pixels in 0..1; targets uint8 [N, H, W, C]."""
    given = _numpy("reconstructions", reconstructions).reshape(targets.shape)
    unit = 255.0 if given.dtype == np.uint8 else 1.0
    parts = np.array_split(np.arange(len(targets)), -(-len(targets) // 4096))
    return np.concatenate(
        [
            np.mean(np.square(targets[part] / np.float32(255) - given[part] / np.float32(unit)), axis=(1, 2, 3))
            for part in parts
        ]
    ).astype(np.float32)


def names(value: Sequence[str]) -> list[str]:
    """Class names, a list of strings."""
    listed = [] if isinstance(value, str) else list(value)
    if not 1 <= len(listed) <= MAX_CLASSES or not all(isinstance(name, str) and len(name) <= 200 for name in listed):
        raise ValueError(f"class_names: they are a list of 1 to {MAX_CLASSES:,} strings, of 200 characters at most")
    return listed


def decoder(value: Any, dims: int, image_shape: tuple[int, ...] | None) -> Decoder:
    """A Decoder that takes the codes and, where the images are known, gives one of their shape."""
    if not isinstance(value, Decoder):
        raise ValueError(
            f"decoder: a {type(value).__name__}; it is a tb_plugin.decoder.Decoder, which from_keras and "
            "from_torch make"
        )
    if value.dims != dims:
        raise ValueError(f"decoder: it takes codes of {value.dims} numbers, and these have {dims}")
    if image_shape and picture_shape(value.output_shape, image_shape) != image_shape:
        raise ValueError(f"decoder: it gives {list(value.output_shape)}, and the images are {list(image_shape)}")
    return value


def picture_shape(output: tuple[int, ...], image_shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """(H, W, C) of what a decoder gives: its own, or for a vector that of the images; None if it is no picture."""
    if len(output) == 1:
        shape = image_shape if image_shape and math.prod(image_shape) == output[0] else None
    else:
        shape = (*output, 1) if len(output) == 2 else output
    return shape if shape and shape[2] in (1, 3, 4) else None


def walk(value: dict[str, Any], dims: int) -> dict[str, Any]:
    """A circle walk: center [D], radius, and if given frames, u and v [D], the plane's two directions.

    The walk is center + radius * (cos(t) * u + sin(t) * v).
    """
    if not isinstance(value, dict) or not {"center", "radius"} <= value.keys() <= {
        "center",
        "radius",
        "frames",
        "u",
        "v",
    }:
        raise ValueError("walk: it is a dict of center and radius, and if need be frames, u and v")
    made: dict[str, Any] = {}
    for key in ("center", "u", "v"):
        if key in value:
            vector = _numbers(f"walk's {key}", value[key], np.float32)
            if vector.shape != (dims,):
                raise ValueError(f"walk: {key} has shape {list(vector.shape)}, and the codes have {dims} numbers")
            made[key] = [float(number) for number in vector]
    made["radius"] = float(_numbers("walk's radius", value["radius"], np.float32).reshape(()))
    made["frames"] = value.get("frames", 60)
    if type(made["frames"]) is not int or not 2 <= made["frames"] <= MAX_FRAMES:
        raise ValueError(f"walk: frames is a whole number from 2 to {MAX_FRAMES}")
    return made


def _numpy(name: str, value: Any) -> np.ndarray:
    if hasattr(value, "detach"):  # a PyTorch tensor, maybe with a gradient, maybe on a GPU
        value = value.detach().cpu()
    try:
        return np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: rows of different lengths, or not numbers") from error


def _numbers(name: str, value: Any, dtype: type) -> np.ndarray:
    array = _numpy(name, value)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name}: of type {array.dtype}; they are numbers")
    with np.errstate(over="ignore"):
        array = array.astype(dtype)
    _finite(name, array)
    return array


def _finite(name: str, array: np.ndarray) -> None:
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        raise ValueError(
            f"{name}: {len(bad):,} of {array.size:,} numbers are not finite (NaN, infinite or too large "
            f"for float32), the first at {bad[0].tolist()}"
        )


def _one_each(name: str, array: np.ndarray, points: int) -> None:
    if array.shape != (points,):
        raise ValueError(f"{name}: shape {list(array.shape)} for {points:,} codes; they are [N]")
