"""The layers that a decoder is made of: what describes them, whether they fit, their evaluation in NumPy.

Images are height, width, channels throughout, as in TensorFlow; kernels are [in, out] and
[height, width, in, out].

Layers: dense, conv2d, conv2d_transpose, upsample, flatten, reshape, permute, scale, and by their names the
activations linear, relu, tanh, sigmoid, softmax, leaky_relu, elu, gelu.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tb_plugin import codec

MAX_VALUES = 2**22  # of one picture between two layers

# Work is counted in multiplications of large matrices, some 0.3 ns each. Small ones cost more: for each number that a
# layer makes, for each that a place of a kernel takes and makes, and for each place whatever the batch.
_VALUE_WORK = 40
_PLACE_VALUE_WORK = 8
_PLACE_WORK = 20_000

Shape = tuple[int, ...]


class Size(NamedTuple):
    """What a layer makes of one picture, and what that takes."""

    shape: Shape  # of the output
    work: int  # for each picture
    batch_work: int  # for a batch of any size
    values: int  # the most that it holds at a time


@dataclass(frozen=True)
class Layer:
    """A layer: its kind, what JSON holds of it, and its weights."""

    kind: str
    config: dict[str, Any] = field(default_factory=dict)
    weights: tuple[np.ndarray, ...] = ()


def dense(kernel: Any, bias: Any = None) -> Layer:
    """x @ kernel + bias over the last axis: kernel [in, out], bias [out] (absent: zeros)."""
    return Layer("dense", {}, _weights(kernel, bias, out_axis=-1))


def conv2d(kernel: Any, bias: Any = None, strides: Any = 1, padding: Any = "same") -> Layer:
    """A convolution as TensorFlow's: kernel [height, width, in, out], bias [out].

    `padding` is "same", "valid" or [[top, bottom], [left, right]], zeros added to the input.
    """
    return Layer("conv2d", {"strides": _pair(strides), "padding": padding}, _weights(kernel, bias, out_axis=-1))


def conv2d_transpose(kernel: Any, bias: Any = None, strides: Any = 1, padding: Any = "same") -> Layer:
    """A transposed convolution: kernel [height, width, in, out] (not TensorFlow's order: out, in), bias [out].

    Input pixel i adds to the output pixels i * stride ... i * stride + size - 1. `padding` is what is cut off
    that output, [[top, bottom], [left, right]], zeros being added where it is negative; "same" gives stride times
    the input's size, "valid" at least that, cut as TensorFlow does.
    """
    return Layer(
        "conv2d_transpose", {"strides": _pair(strides), "padding": padding}, _weights(kernel, bias, out_axis=-1)
    )


def upsample(size: Any = 2) -> Layer:
    """Nearest upsampling: each pixel `size` (or (height, width)) times."""
    return Layer("upsample", {"size": _pair(size)})


def flatten() -> Layer:
    """To one axis."""
    return Layer("flatten")


def reshape(shape: Sequence[int]) -> Layer:
    """To `shape`, which leaves out the batch."""
    return Layer("reshape", {"shape": [int(size) for size in shape]})


def permute(axes: Sequence[int]) -> Layer:
    """Axis i of the output is axis axes[i] of the input, from 0, the batch left out."""
    return Layer("permute", {"axes": [int(axis) for axis in axes]})


def scale(factor: Any, offset: Any = 0.0) -> Layer:
    """x * factor + offset: numbers, or [channels] over the last axis (a batch normalisation at inference)."""
    factor, offset = np.broadcast_arrays(_array(factor).ravel(), _array(offset).ravel())
    return Layer("scale", {}, (factor, offset))


def activation(name: str, **config: float) -> Layer:
    """linear, relu, tanh, sigmoid, softmax (last axis), leaky_relu and elu (alpha), gelu (approximate).

    The defaults are alpha 0.2 and 1.0, approximate False, as in `tf.nn`.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"the activation {name!r} is not supported; these are: {', '.join(ACTIVATIONS)}")
    return Layer(name, {**ACTIVATIONS[name][1], **config})


# What the layers need: arrays in, checks of what may have come from a file.


def _array(value: Any) -> np.ndarray:
    array = np.asarray(value, np.float32)
    if not np.isfinite(array).all():
        raise ValueError("weights that are not finite")
    return array


def _weights(kernel: Any, bias: Any, out_axis: int) -> tuple[np.ndarray, np.ndarray]:
    kernel = _array(kernel)
    width = kernel.shape[out_axis] if kernel.ndim else 0
    return kernel, np.zeros(width, np.float32) if bias is None else _array(bias)


def _pair(value: Any) -> list[int]:
    pair = [value, value] if isinstance(value, (int, np.integer)) else list(value)
    return [int(size) for size in pair]


def _check(condition: Any, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _is_ints(value: Any, count: int, low: int, high: int = 2**12) -> bool:
    return isinstance(value, list) and len(value) == count and all(type(v) is int and low <= v <= high for v in value)


def _sized(shape: Shape, work: int = 0, batch_work: int = 0, values: int = 0) -> Size:
    """The size of a layer that gives `shape`, checked against MAX_VALUES."""
    values = max(values, math.prod(shape))
    _check(all(size > 0 for size in shape), f"gives an empty picture, {list(shape)}")
    _check(values <= MAX_VALUES, f"needs {values:,} values for one picture; {MAX_VALUES:,} are the most")
    return Size(shape, work + _VALUE_WORK * math.prod(shape), batch_work, values)


def explicit(layer: Layer, shape: Shape) -> Layer:
    """The layer with its padding in numbers, which are what is stored: TensorFlow's "same" and "valid"."""
    padding = layer.config.get("padding")
    if not isinstance(padding, str):
        return layer
    _check(padding in ("same", "valid"), f"padding {padding!r}; it can be same, valid or numbers")
    _check(len(shape) == 3 and layer.weights[0].ndim == 4, f"takes [height, width, channels], not {list(shape)}")
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


def _dense_shape(layer: Layer, shape: Shape) -> Size:
    _check(len(layer.weights) == 2, "needs kernel and bias")
    kernel, bias = layer.weights
    _check(
        kernel.ndim == 2 and bias.shape == kernel.shape[1:],
        f"kernel {list(kernel.shape)} and bias {list(bias.shape)}; they are [in, out] and [out]",
    )
    _check(shape[-1] == kernel.shape[0], f"kernel {list(kernel.shape)} on an input of {list(shape)}")
    return _sized((*shape[:-1], kernel.shape[1]), math.prod(shape) * kernel.shape[1])


def _conv_shape(layer: Layer, shape: Shape) -> Size:
    _check(len(layer.weights) == 2, "needs kernel and bias")
    kernel, bias = layer.weights
    _check(
        kernel.ndim == 4 and bias.shape == kernel.shape[3:],
        f"kernel {list(kernel.shape)} and bias {list(bias.shape)}; they are [height, width, in, out] and [out]",
    )
    _check(len(shape) == 3 and shape[2] == kernel.shape[2], f"kernel {list(kernel.shape)} on an input of {list(shape)}")
    strides: Any = layer.config.get("strides")
    padding: Any = layer.config.get("padding")
    _check(_is_ints(strides, 2, 1), "strides are two positive numbers")
    low = 0 if layer.kind == "conv2d" else -(2**12)
    _check(
        isinstance(padding, list) and len(padding) == 2 and all(_is_ints(pair, 2, low) for pair in padding),
        "padding is [[top, bottom], [left, right]]",
    )
    outs, work = [], []
    for size, width, stride, (before, after) in zip(shape[:2], kernel.shape[:2], strides, padding):
        if layer.kind == "conv2d":
            work.append(size + before + after)
            outs.append((work[-1] - width) // stride + 1)
        else:
            work.append((size - 1) * stride + width)
            outs.append(work[-1] - before - after)
    pixels = math.prod(outs) if layer.kind == "conv2d" else math.prod(shape[:2])
    channels = kernel.shape[2] if layer.kind == "conv2d" else kernel.shape[3]
    places = math.prod(kernel.shape[:2])
    return _sized(
        (*outs, kernel.shape[3]),
        pixels * (kernel.size + places * _PLACE_VALUE_WORK * sum(kernel.shape[2:])),
        places * _PLACE_WORK,
        math.prod(work) * channels,
    )


def _conv2d(layer: Layer, x: np.ndarray) -> np.ndarray:
    (kernel, bias), strides = layer.weights, layer.config["strides"]
    x = np.pad(x, ((0, 0), *layer.config["padding"], (0, 0)))
    height, width = ((size - k) // s + 1 for size, k, s in zip(x.shape[1:3], kernel.shape[:2], strides))
    out = np.zeros((len(x), height, width, kernel.shape[3]), np.float32)
    for i, j in np.ndindex(*kernel.shape[:2]):
        rows = slice(i, i + (height - 1) * strides[0] + 1, strides[0])
        columns = slice(j, j + (width - 1) * strides[1] + 1, strides[1])
        out += x[:, rows, columns] @ kernel[i, j]
    return out + bias


def _conv2d_transpose(layer: Layer, x: np.ndarray) -> np.ndarray:
    (kernel, bias), strides, padding = layer.weights, layer.config["strides"], layer.config["padding"]
    height, width = ((size - 1) * s + k for size, k, s in zip(x.shape[1:3], kernel.shape[:2], strides))
    out = np.zeros((len(x), height, width, kernel.shape[3]), np.float32)
    for i, j in np.ndindex(*kernel.shape[:2]):
        rows = slice(i, i + (x.shape[1] - 1) * strides[0] + 1, strides[0])
        columns = slice(j, j + (x.shape[2] - 1) * strides[1] + 1, strides[1])
        out[:, rows, columns] += x @ kernel[i, j]
    (top, bottom), (left, right) = padding
    out = np.pad(out, ((0, 0), (max(-top, 0), max(-bottom, 0)), (max(-left, 0), max(-right, 0)), (0, 0)))
    out = out[:, max(top, 0) : out.shape[1] - max(bottom, 0), max(left, 0) : out.shape[2] - max(right, 0)]
    return out + bias


def _upsample_shape(layer: Layer, shape: Shape) -> Size:
    size: Any = layer.config.get("size")
    _check(_is_ints(size, 2, 1) and not layer.weights, "size is two positive numbers")
    _check(len(shape) == 3, f"takes [height, width, channels], not {list(shape)}")
    return _sized((shape[0] * size[0], shape[1] * size[1], shape[2]))


def _reshape_shape(layer: Layer, shape: Shape) -> Size:
    to: Any = [math.prod(shape)] if layer.kind == "flatten" else layer.config.get("shape")
    _check(codec.is_shape(to) and 1 <= len(to) <= 3 and not layer.weights, "shape is one to three numbers")
    _check(math.prod(to) == math.prod(shape), f"{list(shape)} cannot take the shape {to}")
    return _sized(tuple(to))


def _permute_shape(layer: Layer, shape: Shape) -> Size:
    axes: Any = layer.config.get("axes")
    _check(
        _is_ints(axes, len(shape), 0) and sorted(axes) == list(range(len(shape))) and not layer.weights,
        f"axes is an order of the {len(shape)} axes, from 0",
    )
    return _sized(tuple(shape[axis] for axis in axes))


def _scale_shape(layer: Layer, shape: Shape) -> Size:
    _check(
        len(layer.weights) == 2 and all(w.shape in ((1,), shape[-1:]) for w in layer.weights),
        f"factor and offset are numbers, or one for each of {shape[-1]} channels",
    )
    return _sized(shape)


def _activation_shape(layer: Layer, shape: Shape) -> Size:
    wanted = ACTIVATIONS[layer.kind][1]
    _check(layer.config.keys() == wanted.keys() and not layer.weights, f"takes {', '.join(wanted) or 'nothing'}")
    _check(
        all(isinstance(value, (int, float)) and abs(value) < 1e6 for value in layer.config.values()), "takes a number"
    )
    return _sized(shape)


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _gelu(x: np.ndarray, approximate: bool) -> np.ndarray:
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + _erf(x / math.sqrt(2)))


def _erf(x: np.ndarray) -> np.ndarray:
    """Returns the error function, to 1e-6, as the browser does: Abramowitz and Stegun, 7.1.26."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.sign(x) * (1 - series * np.exp(-x * x))


ACTIVATIONS: dict[str, tuple[Callable, dict[str, float]]] = {
    "linear": (lambda x: x, {}),
    "relu": (lambda x: np.maximum(x, 0), {}),
    "tanh": (np.tanh, {}),
    "sigmoid": (lambda x: 0.5 * (1 + np.tanh(0.5 * x)), {}),  # this form cannot overflow
    "softmax": (_softmax, {}),
    "leaky_relu": (lambda x, alpha: np.where(x > 0, x, alpha * x), {"alpha": 0.2}),
    "elu": (lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))), {"alpha": 1.0}),
    "gelu": (_gelu, {"approximate": False}),
}

# kind: (what it makes of one picture; the evaluation of a batch)
KINDS: dict[str, tuple[Callable, Callable]] = {
    "dense": (_dense_shape, lambda layer, x: x @ layer.weights[0] + layer.weights[1]),
    "conv2d": (_conv_shape, _conv2d),
    "conv2d_transpose": (_conv_shape, _conv2d_transpose),
    "upsample": (
        _upsample_shape,
        lambda layer, x: x.repeat(layer.config["size"][0], 1).repeat(layer.config["size"][1], 2),
    ),
    "flatten": (_reshape_shape, lambda layer, x: x.reshape(len(x), -1)),
    "reshape": (_reshape_shape, lambda layer, x: x.reshape(len(x), *layer.config["shape"])),
    "permute": (_permute_shape, lambda layer, x: x.transpose(0, *(axis + 1 for axis in layer.config["axes"]))),
    "scale": (_scale_shape, lambda layer, x: x * layer.weights[0] + layer.weights[1]),
} | {name: (_activation_shape, lambda layer, x, f=f: f(x, **layer.config)) for name, (f, _) in ACTIVATIONS.items()}
