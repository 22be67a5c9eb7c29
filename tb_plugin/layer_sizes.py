"""What each layer does to the shape of a picture: whether the layer fits, its output's shape, and what it costs.

A decoder may come from a file, so everything about a layer is validated here before it is evaluated.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from tb_plugin import codec
from tb_plugin.layers import ACTIVATIONS, Layer

MAX_VALUES = 2**22  # numbers that a layer may hold for one picture
_MAX_OPTION = 2**12  # of strides, padding and upsampling

# Work is counted in multiplications of large matrices, about 0.3 ns each. Small matrices cost more: an amount for each
# number in a layer's output, one for each channel in and out of each position in a kernel, and one for each position
# in a kernel that does not depend on the batch size.
_WORK_PER_VALUE = 40
_WORK_PER_CHANNEL = 8
_WORK_PER_POSITION = 20_000

Shape = tuple[int, ...]


class Size(NamedTuple):
    """The output of a layer for one picture, and what computing it costs.

    Attributes:
      shape: the shape of the output.
      work: the work for each picture.
      batch_work: the work for a batch of any size, in addition.
      values: the most numbers that the layer holds at a time for one picture.
    """

    shape: Shape
    work: int
    batch_work: int
    values: int


def size(layer: Layer, shape: Shape) -> Size:
    """Returns the size of `layer` on an input of `shape`, without the batch axis. Its padding must be in numbers.

    Raises:
      ValueError: the kind of layer is unknown, the layer is malformed, or it does not fit the input.
    """
    if layer.kind not in SIZES:
        raise ValueError("this kind of layer is not supported")
    return SIZES[layer.kind](layer, shape)


def with_numeric_padding(layer: Layer, shape: Shape) -> Layer:
    """Returns the layer with its padding in numbers, as it is stored, in place of TensorFlow's "same" or "valid".

    Raises:
      ValueError: the padding is another string, or the layer does not fit the input.
    """
    padding = layer.config.get("padding")
    if layer.kind not in ("conv2d", "conv2d_transpose") or not isinstance(padding, str):
        return layer
    _require(padding in ("same", "valid"), f"padding is {padding!r}, it must be 'same', 'valid' or numbers")
    _validate_convolution(layer, shape)
    numbers = []
    for size, kernel, stride in zip(shape[:2], layer.weights[0].shape[:2], layer.config["strides"]):
        if layer.kind == "conv2d":
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0) if padding == "same" else 0
            numbers.append([total // 2, total - total // 2])
        else:
            full = (size - 1) * stride + kernel
            out = size * stride + (max(kernel - stride, 0) if padding == "valid" else 0)
            before = max(full - out, 0) // 2
            numbers.append([before, full - out - before])
    return Layer(layer.kind, {**layer.config, "padding": numbers}, layer.weights)


def _require(condition: Any, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _require_image(shape: Shape) -> None:
    _require(len(shape) == 3, f"the input is {list(shape)}, it must be [height, width, channels]")


def _is_ints(value: Any, count: int, low: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(type(number) is int and low <= number <= _MAX_OPTION for number in value)
    )


def _size(shape: Shape, work: int = 0, batch_work: int = 0, values: int = 0) -> Size:
    values = max(values, math.prod(shape))
    _require(all(length > 0 for length in shape), f"the output is an empty picture, {list(shape)}")
    _require(values <= MAX_VALUES, f"one picture takes {values:,} values, the limit is {MAX_VALUES:,}")
    return Size(shape, work + _WORK_PER_VALUE * math.prod(shape), batch_work, values)


def _dense(layer: Layer, shape: Shape) -> Size:
    _require(len(layer.weights) == 2, "it must have a kernel and a bias")
    kernel, bias = layer.weights
    _require(
        kernel.ndim == 2 and bias.shape == kernel.shape[1:],
        f"the kernel is {list(kernel.shape)} and the bias {list(bias.shape)}, they must be [in, out] and [out]",
    )
    _require(shape[-1] == kernel.shape[0], f"the kernel is {list(kernel.shape)} and the input {list(shape)}")
    return _size((*shape[:-1], kernel.shape[1]), math.prod(shape) * kernel.shape[1])


def _validate_convolution(layer: Layer, shape: Shape) -> None:
    _require(len(layer.weights) == 2, "it must have a kernel and a bias")
    kernel, bias = layer.weights
    _require(
        kernel.ndim == 4 and bias.shape == kernel.shape[3:],
        f"the kernel is {list(kernel.shape)} and the bias {list(bias.shape)}, they must be "
        "[height, width, in, out] and [out]",
    )
    _require_image(shape)
    _require(shape[2] == kernel.shape[2], f"the kernel is {list(kernel.shape)} and the input {list(shape)}")
    _require(_is_ints(layer.config.get("strides"), 2, 1), "strides must be two positive integers")


def _convolution(layer: Layer, shape: Shape) -> Size:
    _validate_convolution(layer, shape)
    kernel, strides = layer.weights[0], layer.config["strides"]
    padding: Any = layer.config.get("padding")
    transposed = layer.kind == "conv2d_transpose"
    low = -_MAX_OPTION if transposed else 0
    _require(
        isinstance(padding, list) and len(padding) == 2 and all(_is_ints(pair, 2, low) for pair in padding),
        "padding must be [[top, bottom], [left, right]]",
    )
    out, padded = [], []  # height and width of the output, and of the padded input or uncropped output
    for length, width, stride, (before, after) in zip(shape[:2], kernel.shape[:2], strides, padding):
        if transposed:
            padded.append((length - 1) * stride + width)
            out.append(padded[-1] - before - after)
        else:
            padded.append(length + before + after)
            out.append((padded[-1] - width) // stride + 1)
    pixels = math.prod(shape[:2]) if transposed else math.prod(out)
    channels = kernel.shape[3] if transposed else kernel.shape[2]
    positions = math.prod(kernel.shape[:2])
    return _size(
        (*out, kernel.shape[3]),
        pixels * (kernel.size + positions * _WORK_PER_CHANNEL * sum(kernel.shape[2:])),
        positions * _WORK_PER_POSITION,
        math.prod(padded) * channels,
    )


def _upsample(layer: Layer, shape: Shape) -> Size:
    factors: Any = layer.config.get("size")
    _require(_is_ints(factors, 2, 1) and not layer.weights, "size must be two positive integers")
    _require_image(shape)
    return _size((shape[0] * factors[0], shape[1] * factors[1], shape[2]))


def _reshape(layer: Layer, shape: Shape) -> Size:
    to: Any = [math.prod(shape)] if layer.kind == "flatten" else layer.config.get("shape")
    _require(codec.is_shape(to) and 1 <= len(to) <= 3 and not layer.weights, "shape must be one to three integers")
    _require(math.prod(to) == math.prod(shape), f"the input {list(shape)} cannot be reshaped to {to}")
    return _size(tuple(to))


def _permute(layer: Layer, shape: Shape) -> Size:
    axes: Any = layer.config.get("axes")
    _require(
        _is_ints(axes, len(shape), 0) and sorted(axes) == list(range(len(shape))) and not layer.weights,
        f"axes must be a permutation of the {len(shape)} axes, counted from 0",
    )
    return _size(tuple(shape[axis] for axis in axes))


def _scale(layer: Layer, shape: Shape) -> Size:
    _require(
        len(layer.weights) == 2 and all(w.shape in ((1,), shape[-1:]) for w in layer.weights),
        f"factor and offset must be numbers, or have one number for each of {shape[-1]} channels",
    )
    return _size(shape)


def _activation(layer: Layer, shape: Shape) -> Size:
    options = ACTIVATIONS[layer.kind]
    _require(
        layer.config.keys() == options.keys() and not layer.weights,
        f"its options must be {', '.join(options)}" if options else "it has no options",
    )
    _require(
        all(isinstance(value, (int, float)) and abs(value) < 1e6 for value in layer.config.values()),
        f"{', '.join(options)} must be a number below 1e6",
    )
    return _size(shape)


# How the size of each kind of layer is computed, from the layer and the shape of its input.
SIZES: dict[str, Callable[[Layer, Shape], Size]] = {
    "dense": _dense,
    "conv2d": _convolution,
    "conv2d_transpose": _convolution,
    "upsample": _upsample,
    "flatten": _reshape,
    "reshape": _reshape,
    "permute": _permute,
    "scale": _scale,
    **dict.fromkeys(ACTIVATIONS, _activation),
}
