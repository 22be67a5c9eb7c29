"""What ONNX's operations become in a decoder's graph: each has a line in OPERATIONS.

An operation gets its attributes, with the version of the operations as "opset", and its inputs. An input that depends
on the codes is a `Tensor`, one that is left out None, and all others are NumPy arrays.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert import onnx_images, products
from tb_plugin.convert.tensors import Tensor, Tensors

Attributes = dict[str, Any]


def _named(name: str) -> Callable[..., Tensor]:
    return lambda t, a, x: t.map(name, x)


def _binary(method: str) -> Callable[..., Tensor]:
    return lambda t, a, x, y: getattr(t, method)(x, y)


def _of_several(method: str) -> Callable[..., Any]:
    def operation(t: Tensors, a: Attributes, first: Any, *others: Any) -> Any:
        for other in sorted(others, key=lambda x: isinstance(x, Tensor), reverse=True):
            first = getattr(t, method)(first, other)
        return first

    return operation


def _leaky(name: str, alpha: float) -> Callable[..., Tensor]:
    return lambda t, a, x: t.map(layers.activation(name, alpha=a.get("alpha", alpha)), x)


def _along(array: Any, x: Tensor, axis: int = 1) -> np.ndarray:
    """Returns numbers of an axis so that they broadcast to x."""
    return np.asarray(array, np.float32).reshape([-1 if place == axis else 1 for place in range(x.ndim)])


def _scaled(t: Tensors, x: Tensor, scale: Any, bias: Any, axis: int = 1) -> Tensor:
    return t.add(t.multiply(x, _along(scale, x, axis)), _along(bias, x, axis))


def _gemm(t: Tensors, a: Attributes, x: Any, y: Any, bias: Any = None) -> Tensor:
    x, y = (
        each if not a.get(key) else t.transpose(each, (1, 0)) if isinstance(each, Tensor) else each.T
        for each, key in ((x, "transA"), (y, "transB"))
    )
    product = (
        t.affine(products.matmul(t, x, y), a.get("alpha", 1.0))
        if a.get("alpha", 1.0) != 1
        else products.matmul(t, x, y)
    )
    return product if bias is None else t.add(product, bias * np.float32(a.get("beta", 1.0)))


def _batch_norm(t: Tensors, a: Attributes, x: Tensor, scale: Any, bias: Any, mean: Any, variance: Any) -> list[Any]:
    if a.get("training_mode"):
        raise ValueError("it mixes pictures; export the model in eval()")
    factor = scale / np.sqrt(np.asarray(variance, np.float64) + a.get("epsilon", 1e-5))
    return [_scaled(t, x, factor, bias - mean * factor), *[None] * 4]


def _instance_norm(t: Tensors, a: Attributes, x: Tensor, scale: Any, bias: Any) -> Tensor:
    return _scaled(t, t.normalize(x, range(2, x.ndim), a.get("epsilon", 1e-5)), scale, bias)


def _layer_norm(t: Tensors, a: Attributes, x: Tensor, scale: Any, bias: Any = None) -> list[Any]:
    axes = range(a.get("axis", -1) % x.ndim, x.ndim)
    made = t.multiply(t.normalize(x, axes, a.get("epsilon", 1e-5)), scale)
    return [made if bias is None else t.add(made, bias), None, None]


def _group_norm(t: Tensors, a: Attributes, x: Tensor, scale: Any, bias: Any) -> Tensor:
    groups, (batch, channels, *rest) = a["num_groups"], x.shape
    split = t.reshape(x, (batch, groups, channels // groups, *rest))
    made = t.reshape(t.normalize(split, range(2, split.ndim), a.get("epsilon", 1e-5)), x.shape)
    factor, offset = (np.repeat(each, channels // groups) if len(each) == groups else each for each in (scale, bias))
    return _scaled(t, made, factor, offset)


def _axes(a: Attributes, axes: Any) -> list[int] | None:
    axes = a.get("axes") if axes is None else np.ravel(axes).tolist()
    return axes or None


def _reduction(make: Callable[..., Any]) -> Callable[..., Tensor]:
    def operation(t: Tensors, a: Attributes, x: Tensor, axes: Any = None) -> Tensor:
        chosen = _axes(a, axes)
        if chosen is None:
            if a.get("noop_with_empty_axes"):
                return x
            raise ValueError("it reduces all pictures of a batch to one number")
        return t.reduce(make, x, chosen, bool(a.get("keepdims", 1)))

    return operation


def _norm(t: Tensors, a: Attributes, x: Tensor, axes: Any = None) -> Tensor:
    return t.map("sqrt", _reduction(layers.sum)(t, a, t.map("square", x), axes))


def _minimum_over(t: Tensors, a: Attributes, x: Tensor, axes: Any = None) -> Tensor:
    return t.affine(_reduction(layers.max)(t, a, t.affine(x, -1.0), axes), -1.0)


def _softmax(t: Tensors, a: Attributes, x: Tensor) -> Tensor:
    axis = a.get("axis", -1 if a["opset"] >= 13 else 1)
    if a["opset"] < 13 and axis % x.ndim != x.ndim - 1:
        raise ValueError("a softmax over several axes is not supported")
    return t.softmax(x, axis)


def _reshape(t: Tensors, a: Attributes, x: Tensor, shape: Any = None) -> Tensor:
    numbers = [int(length) for length in (a["shape"] if shape is None else shape)]
    if not a.get("allowzero"):
        numbers = [x.shape[axis] if length == 0 else length for axis, length in enumerate(numbers)]
    return t.reshape(x, numbers)


def _flatten(t: Tensors, a: Attributes, x: Tensor) -> Tensor:
    axis = a.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return t.reshape(x, [math.prod(x.shape[:axis]), math.prod(x.shape[axis:])])


def _squeeze(t: Tensors, a: Attributes, x: Tensor, axes: Any = None) -> Tensor:
    chosen = _axes(a, axes)
    return t.squeeze(x, [axis for axis, length in enumerate(x.shape) if length == 1] if chosen is None else chosen)


def _split(t: Tensors, a: Attributes, x: Tensor, sizes: Any = None) -> list[Tensor]:
    axis = a.get("axis", 0)
    sizes = a.get("split") if sizes is None else sizes.tolist()
    if sizes is None:
        if "num_outputs" not in a:
            raise ValueError("a split into equal parts is supported from version 18 on, or with their sizes")
        length = -(-x.shape[axis] // a["num_outputs"])
        sizes = [min(length, x.shape[axis] - start) for start in range(0, x.shape[axis], length)]
    ends = np.cumsum([0, *sizes]).tolist()
    return [t.slice(x, axis, start, stop) for start, stop in zip(ends, ends[1:])]


def _slice(t: Tensors, a: Attributes, x: Tensor, starts: Any = None, ends: Any = None, axes: Any = None,
           steps: Any = None) -> Tensor:  # fmt: skip
    starts, ends, axes = (
        a.get(name) if given is None else given for name, given in (("starts", starts), ("ends", ends), ("axes", axes))
    )
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    for axis, start, stop, step in zip(axes, starts, ends, steps):
        end = None if step < 0 and stop < -x.shape[axis] else int(stop)
        x = t.slice(x, int(axis), int(start), end, int(step))
    return x


def _gather(t: Tensors, a: Attributes, x: Any, indices: Any) -> Tensor:
    if isinstance(indices, Tensor):
        raise ValueError("its indices depend on the codes")
    return t.pick(x, a.get("axis", 0), indices)


def _gather_nd(t: Tensors, a: Attributes, x: Any, indices: Any) -> Tensor:
    if isinstance(indices, Tensor) or a.get("batch_dims"):
        raise ValueError("its indices depend on the codes")
    return t.moved(x, lambda array: array[tuple(np.moveaxis(indices, -1, 0))])


def _pad(t: Tensors, a: Attributes, x: Tensor, pads: Any = None, value: Any = None, axes: Any = None) -> Tensor:
    numbers = list(map(int, a["pads"] if pads is None else pads))
    chosen = range(x.ndim) if axes is None else [int(axis) % x.ndim for axis in axes]
    half = len(numbers) // 2
    sides = dict(zip(chosen, zip(numbers[:half], numbers[half:])))
    number = a.get("value", 0.0) if value is None or not np.size(value) else float(np.ravel(value)[0])
    return t.pad(x, [sides.get(axis, (0, 0)) for axis in range(x.ndim)], a.get("mode", "constant"), number)


def _expand(t: Tensors, a: Attributes, x: Tensor, shape: Any) -> Tensor:
    return t.broadcast(x, np.broadcast_shapes(x.shape, tuple(map(int, shape))))


def _tile(t: Tensors, a: Attributes, x: Tensor, times: Any) -> Tensor:
    for axis, count in enumerate(times.tolist()):
        x = t.concatenate([x] * count, axis) if count > 1 else x
    return x


def _clip(t: Tensors, a: Attributes, x: Tensor, low: Any = None, high: Any = None) -> Tensor:
    low, high = a.get("min", low), a.get("max", high)
    x = x if low is None else t.maximum(x, low)
    return x if high is None else t.minimum(x, high)


def _prelu(t: Tensors, a: Attributes, x: Tensor, slope: Any) -> Tensor:
    if np.size(slope) == 1:
        return t.map(layers.prelu(np.ravel(slope)), x)
    negative = t.minimum(x, np.zeros((), np.float32))
    return t.add(t.map("relu", x), t.multiply(negative, slope))


def _cast(t: Tensors, a: Attributes, x: Tensor) -> Tensor:
    if a["to"] not in (1, 11, 9):  # float, double, bool
        raise ValueError("it rounds, or computes in half precision; export the model in float32")
    return x


def _gelu(t: Tensors, a: Attributes, x: Tensor) -> Tensor:
    return t.map(layers.activation("gelu", approximate=a.get("approximate") == "tanh"), x)


def _hard_sigmoid(t: Tensors, a: Attributes, x: Tensor) -> Tensor:
    return t.map(layers.clamp(0, 1), t.affine(x, a.get("alpha", 0.2), a.get("beta", 0.5)))


def _sign(t: Tensors, a: Attributes, x: Tensor) -> Tensor:
    return t.subtract(t.positive(x), t.positive(t.affine(x, -1.0)))


_NAMED = ("relu", "tanh", "sigmoid", "softplus", "softsign", "mish", "exp", "log", "sqrt", "reciprocal", "abs", "sin",
          "cos", "erf")  # fmt: skip

OPERATIONS: dict[str, Callable[..., Any]] = {
    **onnx_images.OPERATIONS,
    **{name.title(): _named(name) for name in _NAMED},
    "HardSwish": _named("hard_swish"),
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky("leaky_relu", 0.01),
    "Elu": _leaky("elu", 1.0),
    "Celu": _leaky("celu", 1.0),
    "Selu": _named("selu"),
    "Gelu": _gelu,
    "Swish": lambda t, a, x: t.multiply(x, t.map("sigmoid", t.affine(x, a.get("alpha", 1.0)))),
    "PRelu": _prelu,
    "Clip": _clip,
    "Softmax": _softmax,
    "LogSoftmax": lambda t, a, x: t.map("log", _softmax(t, a, x)),
    "Neg": lambda t, a, x: t.affine(x, -1.0),
    "Sign": _sign,
    "Add": _binary("add"),
    "Sub": _binary("subtract"),
    "Mul": _binary("multiply"),
    "Div": _binary("divide"),
    "Pow": _binary("power"),
    "Sum": _of_several("add"),
    "Max": _of_several("maximum"),
    "Min": _of_several("minimum"),
    # Masks are 1 where they hold, else 0.
    "Greater": _binary("greater"),
    "Less": lambda t, a, x, y: t.greater(y, x),
    "GreaterOrEqual": lambda t, a, x, y: t.inverted(t.greater(y, x)),
    "LessOrEqual": lambda t, a, x, y: t.inverted(t.greater(x, y)),
    "And": _binary("multiply"),
    "Or": _binary("maximum"),
    "Not": lambda t, a, x: t.inverted(x),
    "IsNaN": lambda t, a, x: np.zeros(x.shape, bool),
    "Where": lambda t, a, mask, x, y: t.where(mask, x, y),
    "Gemm": _gemm,
    "MatMul": lambda t, a, x, y: products.matmul(t, x, y),
    "Einsum": lambda t, a, *operands: products.einsum(t, a["equation"], *operands),
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "GroupNormalization": _group_norm,
    "ReduceMean": _reduction(layers.mean),
    "ReduceSum": _reduction(layers.sum),
    "ReduceMax": _reduction(layers.max),
    "ReduceMin": _minimum_over,
    "ReduceL2": _norm,
    "ReduceSumSquare": lambda t, a, x, axes=None: _reduction(layers.sum)(t, a, t.map("square", x), axes),
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": lambda t, a, x, axes=None: t.expand(x, _axes(a, axes) or []),
    "Transpose": lambda t, a, x: t.transpose(x, a.get("perm") or range(x.ndim)[::-1]),
    "Concat": lambda t, a, *parts: t.concatenate(parts, a["axis"]),
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "GatherND": _gather_nd,
    "Pad": _pad,
    "Expand": _expand,
    "Tile": _tile,
    "Cast": _cast,
    "CastLike": lambda t, a, x, like: x,
    "Identity": lambda t, a, x: x,
    "Dropout": lambda t, a, x, *rest: [x, None],
}  # fmt: skip
