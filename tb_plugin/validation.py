"""Validation of what a user logs: arguments of any array type become the arrays that are stored.

Each function raises a ValueError that names the argument and says what is wrong with it.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.writer import arrays

MAX_POINTS = 1_000_000
MAX_NUMBERS = 2**27  # in all codes of a step
MAX_DIMS = 4096
MAX_CLASSES = 4096
MAX_CLASS_NAME = 200  # characters
MAX_FRAMES = 240
MAX_PROJECTIONS = 16
MAX_PROJECTION_NAME = 60  # characters

_SLACK = 0.1  # a decoder without a final activation exceeds 0..1 by a little
_QUICK_WORK = 2 * 10**8  # as Decoder.work counts: a tenth of a second


def codes(value: Any) -> np.ndarray:
    """Returns codes as float32 [N, D]."""
    array = arrays.numbers("codes", value)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"codes: shape is {list(array.shape)}, it must be [N, D] with N and D at least 1")
    if len(array) > MAX_POINTS or array.shape[1] > MAX_DIMS or array.size > MAX_NUMBERS:
        raise ValueError(
            f"codes: shape is {list(array.shape)}, the limit is {MAX_POINTS:,} points, {MAX_DIMS:,} numbers each, and "
            f"{MAX_NUMBERS:,} in all; log a sample of them"
        )
    return array


def half(name: str, array: np.ndarray) -> np.ndarray:
    """Returns an array as float16; `name` is what it holds, for errors."""
    if np.abs(array).max(initial=0) > np.finfo(np.float16).max:
        raise ValueError(f"{name}: a number is too large for float16")
    return array.astype(np.float16)


def labels(value: Any, points: int, class_names: list[str] | None) -> tuple[np.ndarray, list[str] | None]:
    """Returns labels [N] and the class names.

    Labels are int32 if they are classes, and float32 if they are floats without class names: continuous values. With
    class names, a label is the index of a name, or -1 for none. Texts become classes: those of `class_names`, or in
    order of appearance. A text that is None has no class.
    """
    array = arrays.require_one_per_point("labels", arrays.array("labels", value), points)
    if array.dtype.kind == "O":
        return _classes_of_texts(array, class_names)
    if array.dtype.kind == "f":
        if class_names is None:
            return arrays.numbers("labels", array), None
        arrays.require_finite("labels", array)
        if (array != np.floor(array)).any():
            raise ValueError(
                "labels: with class_names they must be integers; leave out class_names for continuous values"
            )
    elif array.dtype.kind not in "iub":
        raise ValueError(f"labels: dtype is {array.dtype}, they must be integers, floats or texts")
    low, high = (-1, len(class_names) - 1) if class_names else (np.iinfo(np.int32).min, np.iinfo(np.int32).max)
    if array.min() < low or array.max() > high:
        raise ValueError(f"labels: they are {array.min()} to {array.max()}, they must be {low} to {high}")
    return array.astype(np.int32), class_names


def _classes_of_texts(texts: np.ndarray, names: list[str] | None) -> tuple[np.ndarray, list[str]]:
    other = next((text for text in texts if not isinstance(text, str) and not arrays.is_missing(text)), None)
    if other is not None:
        raise ValueError(f"labels: one is {other!r:.40}, they must all be integers, all floats or all texts")
    found = list(dict.fromkeys(text for text in texts if isinstance(text, str)))
    if names is None:
        if len(found) > MAX_CLASSES:
            raise ValueError(
                f"labels: they are {len(found):,} different texts, the limit is {MAX_CLASSES:,} classes; log them as "
                "metadata={...: texts} instead"
            )
        names = class_names(found or ["none"])
    index = {name: i for i, name in enumerate(names)}
    unknown = next((text for text in found if text not in index), None)
    if unknown is not None:
        raise ValueError(f"labels: {unknown!r:.80} is not one of class_names")
    return np.array([index.get(text, -1) if isinstance(text, str) else -1 for text in texts], np.int32), names


def errors(value: Any, points: int) -> np.ndarray:
    """Returns the error of each point as float32 [N]."""
    return arrays.require_one_per_point("errors", arrays.numbers("errors", value), points)


def projections(value: Any, points: int) -> dict[str, np.ndarray]:
    """Returns a user's projections, a dict of names to places, as float32 [N, 2]."""
    if not isinstance(value, Mapping) or len(value) > MAX_PROJECTIONS:
        raise ValueError(f"projections: it must be a dict of at most {MAX_PROJECTIONS} names to places [N, 2]")
    made = {}
    for name, places in value.items():
        if not isinstance(name, str) or not name.strip() or len(name) > MAX_PROJECTION_NAME:
            raise ValueError(
                f"projections: a name is {name!r:.80}, it must be a string of 1 to {MAX_PROJECTION_NAME} characters"
            )
        where = f"projections[{json.dumps(name, ensure_ascii=False)}]"
        made[name] = arrays.numbers(where, places)
        if made[name].shape != (points, 2):
            raise ValueError(f"{where}: shape is {list(made[name].shape)}, it must be [{points}, 2]")
    return made


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


def encoder(value: Any, dims: int, image_shape: tuple[int, ...] | None, first: bool) -> Encoder:
    """Returns an encoder that takes the images, if their shape is known, as it must be at the `first` step.

    Its codes have `dims` numbers.
    """
    if not isinstance(value, Encoder):
        raise ValueError(
            f"encoder: it is a {type(value).__name__}, it must be a tb_plugin.encoder.Encoder; encoder_from_keras and "
            "encoder_from_torch convert a model"
        )
    if value.output_shape != (dims,):
        more = "; end it with flatten()" if math.prod(value.output_shape) == dims else ""
        raise ValueError(f"encoder: its codes are {list(value.output_shape)}, they must be [{dims}]{more}")
    if image_shape is None and first:
        raise ValueError("encoder: the shape of its images is not known; give images=, or image_shape=(height, width)")
    if image_shape and value.dims != math.prod(image_shape):
        raise ValueError(
            f"encoder: it takes {value.dims:,} pixels, the images are {list(image_shape)}, "
            f"{math.prod(image_shape):,} pixels"
        )
    return value


def away(encoder: Encoder, images: np.ndarray, codes: np.ndarray) -> float:
    """Returns how far an encoder's codes of some images uint8 [N, H, W, C] are from codes [N, D], as a share of theirs.

    It is the median of the distances, over the root mean square distance of the codes from their mean.
    """
    some = 16 if encoder.work(16) <= _QUICK_WORK else 1
    rows = slice(None, None, max(1, len(codes) // some))
    distances = np.linalg.norm(encoder(images[rows]) - codes[rows], axis=1)
    spread = float(np.sqrt(np.square(codes - codes.mean(axis=0)).sum(axis=1).mean()))
    return float(np.median(distances)) / max(spread, 1e-12)


def share_outside(decoder: Decoder, codes: np.ndarray) -> float:
    """Returns the share of the values in a decoder's pictures of some codes that lie outside 0..1, with some slack."""
    some = 4 if decoder.work(4) <= _QUICK_WORK else 1
    pictures = decoder(codes[:: max(1, len(codes) // some)][:some])
    return float(np.mean((pictures < -_SLACK) | (pictures > 1 + _SLACK)))


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
            vector = arrays.numbers(f"walk's {key}", value[key])
            if vector.shape != (dims,):
                raise ValueError(f"walk: the shape of {key} is {list(vector.shape)}, it must be [{dims}] as of a code")
            walk[key] = [float(number) for number in vector]
    walk["radius"] = float(arrays.numbers("walk's radius", value["radius"]).reshape(()))
    walk["frames"] = value.get("frames", 60)
    if type(walk["frames"]) is not int or not 2 <= walk["frames"] <= MAX_FRAMES:
        raise ValueError(f"walk: frames is {walk['frames']!r:.40}, it must be an integer from 2 to {MAX_FRAMES}")
    return walk
