"""What TensorFlow's operations become in a decoder's graph: each has a line in OPERATIONS, by its type.

An operation gets its attributes and its inputs as TensorFlow has them. An input that depends on the codes is a
`Tensor`; all others are NumPy arrays.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert import products, tensorflow_images
from tb_plugin.convert.tensorflow_images import Attributes, text
from tb_plugin.convert.tensors import Tensor, Tensors


def _named(name: str) -> Callable[..., Tensor]:
    return lambda t, get, x: t.map(name, x)


def _binary(method: str) -> Callable[..., Tensor]:
    return lambda t, get, a, b: getattr(t, method)(a, b)


def _matmul(t: Tensors, get: Attributes, a: Any, b: Any) -> Tensor:
    return products.matmul(t, *(_turned(t, x) if get(f"transpose_{name}") else x for x, name in ((a, "a"), (b, "b"))))


def _batch_matmul(t: Tensors, get: Attributes, a: Any, b: Any) -> Tensor:
    return products.matmul(t, *(_turned(t, x) if get(f"adj_{name}") else x for x, name in ((a, "x"), (b, "y"))))


def _turned(t: Tensors, x: Any) -> Any:
    axes = [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2]
    return t.transpose(x, axes) if isinstance(x, Tensor) else x.transpose(axes)


def _reduction(make: Callable[..., Any]) -> Callable[..., Tensor]:
    return lambda t, get, x, axes: t.reduce(make, x, np.ravel(axes).tolist(), get("keep_dims"))


def _minimum_over(t: Tensors, get: Attributes, x: Tensor, axes: Any) -> Tensor:
    return t.affine(_reduction(layers.max)(t, get, t.affine(x, -1.0), axes), -1.0)


def _concat(t: Tensors, get: Attributes, *inputs: Any) -> Tensor:
    *parts, axis = inputs
    return t.concatenate(parts, int(axis))


def _unpack(t: Tensors, get: Attributes, x: Tensor) -> list[Tensor]:
    axis = get("axis") % x.ndim
    return [t.squeeze(t.slice(x, axis, place, place + 1), [axis]) for place in range(x.shape[axis])]


def _split(t: Tensors, x: Tensor, sizes: Sequence[int], axis: int) -> list[Tensor]:
    ends = np.cumsum([0, *sizes]).tolist()
    return [t.slice(x, axis, start, stop) for start, stop in zip(ends, ends[1:])]


def _equal_split(t: Tensors, get: Attributes, axis: Any, x: Tensor) -> list[Tensor]:
    count = get("num_split")
    return _split(t, x, [x.shape[int(axis)] // count] * count, int(axis))


def _sized_split(t: Tensors, get: Attributes, x: Tensor, sizes: Any, axis: Any) -> list[Tensor]:
    numbers = list(map(int, sizes))
    if -1 in numbers:
        numbers[numbers.index(-1)] = x.shape[int(axis)] - sum(numbers) - 1
    return _split(t, x, numbers, int(axis))


def _slice(t: Tensors, get: Attributes, x: Tensor, begin: Any, size: Any) -> Tensor:
    for axis, (start, length) in enumerate(zip(begin.tolist(), size.tolist())):
        x = t.slice(x, axis, start, None if length == -1 else start + length)
    return x


def _strided_slice(t: Tensors, get: Attributes, x: Tensor, begin: Any, end: Any, strides: Any) -> Tensor:
    def has(mask: str, number: int) -> bool:
        return bool(get(f"{mask}_mask") >> number & 1)

    count = len(begin)
    taken = sum(not has("new_axis", number) and not has("ellipsis", number) for number in range(count))
    axis, removed = 0, []
    for number in range(count):
        if has("ellipsis", number):
            axis += x.ndim - taken - sum(has("new_axis", earlier) for earlier in range(number))
        elif has("new_axis", number):
            x = t.expand(x, [axis])
            axis += 1
        elif has("shrink_axis", number):
            place = int(begin[number]) % x.shape[axis]
            x = t.slice(x, axis, place, place + 1)
            removed.append(axis)
            axis += 1
        else:
            start = None if has("begin", number) else int(begin[number])
            x = t.slice(x, axis, start, None if has("end", number) else int(end[number]), int(strides[number]))
            axis += 1
    return t.squeeze(x, removed) if removed else x


def _gather(t: Tensors, get: Attributes, x: Any, indices: Any, axis: Any) -> Tensor:
    if isinstance(indices, Tensor) or get("batch_dims"):
        raise ValueError("its indices depend on the codes")
    return t.pick(x, int(axis), indices)


def _pad(mode: str = "constant") -> Callable[..., Tensor]:
    def operation(t: Tensors, get: Attributes, x: Tensor, pairs: Any, value: Any = 0.0) -> Tensor:
        kind = mode or {"REFLECT": "reflect"}.get(text(get, "mode"))
        if kind is None:
            raise ValueError("symmetric padding is not supported")
        return t.pad(x, pairs.tolist(), kind, float(value))

    return operation


def _tile(t: Tensors, get: Attributes, x: Tensor, times: Any) -> Tensor:
    for axis, count in enumerate(times.tolist()):
        x = t.concatenate([x] * count, axis) if count > 1 else x
    return x


def _cast(t: Tensors, get: Attributes, x: Tensor) -> Tensor:
    name = get("DstT").name
    if name not in ("float32", "float64", "bool"):
        raise ValueError(f"it {'computes in' if 'float' in name else 'rounds to'} {name}; give a model in float32")
    return x


def _squared_difference(t: Tensors, get: Attributes, a: Any, b: Any) -> Tensor:
    return t.map("square", t.subtract(a, b))


def _log_softmax(t: Tensors, get: Attributes, x: Tensor) -> Tensor:
    return t.map("log", t.softmax(x, -1))


def _add_all(t: Tensors, get: Attributes, first: Any, *others: Any) -> Any:
    for other in others:
        first = t.add(first, other) if isinstance(first, Tensor) or isinstance(other, Tensor) else first + other
    return first


def _all(answer: bool) -> Callable[..., np.ndarray]:
    return lambda t, get, x: np.full(x.shape, answer)


def _first(t: Tensors, get: Attributes, *inputs: Any) -> Any:
    return inputs[0]


_NAMED = {
    name.title(): name
    for name in (
        *("relu", "tanh", "sigmoid", "selu", "softplus", "softsign", "exp", "log", "sqrt", "square", "abs", "sin"),
        *("cos", "erf", "reciprocal"),
    )
}

OPERATIONS: dict[str, Callable[..., Any]] = {
    **tensorflow_images.OPERATIONS,
    **{kind: _named(name) for kind, name in _NAMED.items()},
    "Inv": _named("reciprocal"),
    "Relu6": lambda t, get, x: t.map(layers.clamp(0, 6), x),
    "LeakyRelu": lambda t, get, x: t.map(layers.activation("leaky_relu", alpha=get("alpha")), x),
    "Elu": _named("elu"),
    "Softmax": lambda t, get, x: t.softmax(x, -1),
    "LogSoftmax": _log_softmax,
    "Neg": lambda t, get, x: t.affine(x, -1.0),
    "Log1p": lambda t, get, x: t.map("log", t.affine(x, 1.0, 1.0)),
    "Expm1": lambda t, get, x: t.affine(t.map("exp", x), 1.0, -1.0),
    "Erfc": lambda t, get, x: t.affine(t.map("erf", x), -1.0, 1.0),
    "Rsqrt": lambda t, get, x: t.power(x, -0.5),
    "Pow": _binary("power"),
    "Sign": lambda t, get, x: t.subtract(t.positive(x), t.positive(t.affine(x, -1.0))),
    **dict.fromkeys(("Add", "AddV2"), _binary("add")),
    "AddN": _add_all,
    "Sub": _binary("subtract"),
    "Mul": _binary("multiply"),
    **dict.fromkeys(("Div", "RealDiv", "DivNoNan"), _binary("divide")),
    "Maximum": _binary("maximum"),
    "Minimum": _binary("minimum"),
    "SquaredDifference": _squared_difference,
    "ClipByValue": lambda t, get, x, low, high: t.clamp(x, low, high),
    # Masks are 1 where they hold, else 0.
    "Greater": _binary("greater"),
    "Less": lambda t, get, a, b: t.greater(b, a),
    "GreaterEqual": lambda t, get, a, b: t.inverted(t.greater(b, a)),
    "LessEqual": lambda t, get, a, b: t.inverted(t.greater(a, b)),
    "LogicalAnd": _binary("multiply"),
    "LogicalOr": _binary("maximum"),
    "LogicalNot": lambda t, get, x: t.inverted(x),
    "IsFinite": _all(True),
    "IsNan": _all(False),
    **dict.fromkeys(("Select", "SelectV2"), lambda t, get, mask, a, b: t.where(mask, a, b)),
    "MatMul": _matmul,
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), _batch_matmul),
    "Einsum": lambda t, get, *operands: products.einsum(t, text(get, "equation"), *operands),
    "Mean": _reduction(layers.mean),
    "Sum": _reduction(layers.sum),
    "Max": _reduction(layers.max),
    "Min": _minimum_over,
    "Reshape": lambda t, get, x, shape: t.reshape(x, shape.tolist()),
    "Squeeze": lambda t, get, x: t.squeeze(
        x, get("squeeze_dims") or [axis for axis, length in enumerate(x.shape) if length == 1]
    ),
    "ExpandDims": lambda t, get, x, axis: t.expand(x, [int(axis)]),
    "Transpose": lambda t, get, x, axes: t.transpose(x, axes.tolist()),
    "ConcatV2": _concat,
    "Pack": lambda t, get, *parts: t.stack(parts, get("axis")),
    "Unpack": _unpack,
    "Split": _equal_split,
    "SplitV": _sized_split,
    "Slice": _slice,
    "StridedSlice": _strided_slice,
    "GatherV2": _gather,
    "ReverseV2": lambda t, get, x, axes: t.flip(x, axes.tolist()),
    **dict.fromkeys(("Pad", "PadV2"), _pad()),
    "MirrorPad": _pad(""),
    "Tile": _tile,
    "BroadcastTo": lambda t, get, x, shape: t.broadcast(x, shape.tolist()),
    "Cast": _cast,
    "Switch": lambda t, get, x, chosen: [x, x],
    "Merge": lambda t, get, x: [x, None],
    "IdentityN": lambda t, get, *inputs: list(inputs),
    **dict.fromkeys(
        (
            "Identity",
            "StopGradient",
            "Snapshot",
            "PreventGradient",
            "CheckNumerics",
            "EnsureShape",
            "PlaceholderWithDefault",
        ),
        _first,
    ),
}
