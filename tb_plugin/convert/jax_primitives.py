"""What JAX's primitives become in a decoder's graph: each has a line in PRIMITIVES.

A primitive gets its operands and its parameters as JAX has them. An operand that depends on the codes is a `Tensor`;
all others are NumPy arrays.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert import products
from tb_plugin.convert.tensors import Tensor, Tensors


def _binary(method: str) -> Callable[..., Tensor]:
    return lambda t, a, b, **options: getattr(t, method)(a, b)


def _named(name: str) -> Callable[..., Tensor]:
    return lambda t, x, **options: t.map(name, x)


def _dot_general(t: Tensors, a: Any, b: Any, dimension_numbers: Any, **options: Any) -> Tensor:
    return products.dot(t, a, b, *dimension_numbers)


def _convolution(t: Tensors, x: Any, kernel: Any, window_strides: Sequence[int], padding: Sequence[Sequence[int]],
                 lhs_dilation: Sequence[int], rhs_dilation: Sequence[int], dimension_numbers: Any,
                 feature_group_count: int = 1, batch_group_count: int = 1, **options: Any) -> Tensor:  # fmt: skip
    if isinstance(kernel, Tensor):
        raise ValueError("its kernel depends on the codes")
    numbers = dimension_numbers
    if len(numbers.lhs_spec) not in (3, 4) or batch_group_count != 1 or x.batch != numbers.lhs_spec[0]:
        raise ValueError("convolutions are supported in one and two dimensions, of each code's images")
    out, into, *spatial = numbers.rhs_spec
    kernel = np.asarray(kernel, np.float32).transpose([*spatial, into, out])
    batch, channels, *spatial = numbers.lhs_spec
    x = t.transpose(x, [batch, *spatial, channels])
    strides, rhs, lhs = map(list, (window_strides, rhs_dilation, lhs_dilation))
    pads = [[int(low), int(high)] for low, high in padding]
    if len(spatial) == 1:
        kernel, strides, rhs, lhs, pads = kernel[None], [1, *strides], [1, *rhs], [1, *lhs], [[0, 0], *pads]
    if set(lhs) == {1}:
        crops = [(min(low, 0), min(high, 0)) for low, high in pads][-len(spatial) :]
        x = t.pad(x, [(0, 0), *crops, (0, 0)])
        pads = [[max(low, 0), max(high, 0)] for low, high in pads]
        layer = layers.conv2d(kernel, None, strides, pads, feature_group_count, rhs)
    elif set(strides) == {1}:
        sizes = [(size - 1) * step for size, step in zip(kernel.shape, rhs)]
        cuts = [[size - low, size - high] for size, (low, high) in zip(sizes, pads)]
        layer = layers.conv2d_transpose(kernel[::-1, ::-1], None, lhs, cuts, feature_group_count, rhs)
    else:
        raise ValueError("a convolution with strides and with lhs_dilation is not supported")
    made = t.image(layer, x, x.ndim - 1)
    batch, channels, *spatial = numbers.out_spec
    place = {batch: 0, channels: made.ndim - 1, **{axis: number for number, axis in enumerate(spatial, 1)}}
    return t.transpose(made, [place[axis] for axis in range(made.ndim)])


def _window(kind: str) -> Callable[..., Tensor]:
    def primitive(t: Tensors, x: Tensor, window_dimensions: Sequence[int], window_strides: Sequence[int],
                  padding: Sequence[Sequence[int]], base_dilation: Sequence[int] = (1,),
                  window_dilation: Sequence[int] = (1,), **options: Any) -> Tensor:  # fmt: skip
        still = [axis for axis, size in enumerate(window_dimensions) if size == window_strides[axis] == 1]
        free = [axis for axis in still if axis != x.batch]
        if {*base_dilation, *window_dilation} != {1} or x.batch not in still or not free or x.ndim not in (3, 4):
            raise ValueError("pooling is supported in one and two dimensions, without dilation")
        axes = [axis for axis in range(x.ndim) if axis not in (x.batch, free[-1])]
        size, strides = ([window[axis] for axis in axes] for window in (window_dimensions, window_strides))
        pads = [[int(side) for side in padding[axis]] for axis in axes]
        if len(axes) == 1:
            size, strides, pads = [1, *size], [1, *strides], [[0, 0], *pads]
        if kind == "max":
            return t.image(layers.max_pool(size, strides, pads), x, free[-1])
        mean = t.image(layers.average_pool(size, strides, pads, count_padding=True), x, free[-1])
        return t.affine(mean, math.prod(size))

    return primitive


def _broadcast(t: Tensors, x: Tensor, *, shape: Sequence[int], broadcast_dimensions: Sequence[int],
               **options: Any) -> Tensor:  # fmt: skip
    wide = t.expand(x, [axis for axis in range(len(shape)) if axis not in broadcast_dimensions])
    return t.broadcast(wide, shape)


def _reshape(t: Tensors, x: Tensor, *, new_sizes: Sequence[int], dimensions: Any = None, **options: Any) -> Tensor:
    return t.reshape(x if dimensions is None else t.transpose(x, dimensions), new_sizes)


def _slice(t: Tensors, x: Tensor, *, start_indices: Sequence[int], limit_indices: Sequence[int],
           strides: Sequence[int] | None) -> Tensor:  # fmt: skip
    for axis, ends in enumerate(zip(start_indices, limit_indices, strides or (1,) * x.ndim)):
        x = t.slice(x, axis, *ends)
    return x


def _dynamic_slice(t: Tensors, x: Tensor, *starts: Any, slice_sizes: Sequence[int]) -> Tensor:
    if any(isinstance(start, Tensor) for start in starts):
        raise ValueError("its place depends on the codes")
    for axis, (start, size) in enumerate(zip(starts, slice_sizes)):
        first = min(max(int(start), 0), x.shape[axis] - size)
        x = t.slice(x, axis, first, first + size)
    return x


def _split(t: Tensors, x: Tensor, *, sizes: Sequence[int], axis: int) -> list[Tensor]:
    ends = np.cumsum([0, *sizes]).tolist()
    return [t.slice(x, axis, start, stop) for start, stop in zip(ends, ends[1:])]


def _pad(t: Tensors, x: Any, value: Any, *, padding_config: Sequence[Sequence[int]]) -> Tensor:
    if any(inner for _, _, inner in padding_config):
        raise ValueError("padding between the numbers is not supported")
    if not isinstance(x, Tensor) or isinstance(value, Tensor):
        raise ValueError("its value depends on the codes")
    return t.pad(x, [pair[:2] for pair in padding_config], "constant", float(value))


def _gather(t: Tensors, x: Any, indices: Any, **options: Any) -> Tensor:
    from jax import lax

    if isinstance(indices, Tensor):
        raise ValueError("its indices depend on the codes")
    options.pop("fill_value", None)
    return t.moved(x, lambda array: lax.gather_p.bind(array, np.asarray(indices), fill_value=None, **options))


def _reduction(make: Callable[..., Any]) -> Callable[..., Tensor]:
    return lambda t, x, *, axes, **options: t.reduce(make, x, axes)


def _select(t: Tensors, which: Any, *cases: Any) -> Any:
    if len(cases) != 2:
        raise ValueError(f"a choice of {len(cases)} is not supported")
    return t.where(which, cases[1], cases[0])


def _convert(t: Tensors, x: Tensor, *, new_dtype: Any, **options: Any) -> Tensor:
    name = np.dtype(new_dtype).name
    if name not in ("float32", "float64", "bool"):
        what = "computes in " if "float" in name else "rounds to "
        raise ValueError(f"it {what}{name}; give a function in float32")
    return x


def _clamp(t: Tensors, low: Any, x: Any, high: Any) -> Tensor:
    return t.clamp(x, low, high)


def _sign(t: Tensors, x: Tensor) -> Tensor:
    return t.subtract(t.positive(x), t.positive(t.affine(x, -1.0)))


def _same(t: Tensors, *operands: Any, **options: Any) -> Any:
    return operands[0]


_NAMED = ("exp", "log", "tanh", "erf", "sqrt", "square", "abs", "sin", "cos")

PRIMITIVES: dict[str, Callable[..., Any]] = {
    **{name: _named(name) for name in _NAMED},
    "logistic": _named("sigmoid"),
    "add": _binary("add"),
    "add_any": _binary("add"),
    "sub": _binary("subtract"),
    "mul": _binary("multiply"),
    "div": _binary("divide"),
    "max": _binary("maximum"),
    "min": _binary("minimum"),
    "neg": lambda t, x: t.affine(x, -1.0),
    "expm1": lambda t, x, **options: t.affine(t.map("exp", x), 1.0, -1.0),
    "log1p": lambda t, x, **options: t.map("log", t.affine(x, 1.0, 1.0)),
    "erfc": lambda t, x: t.affine(t.map("erf", x), -1.0, 1.0),
    "rsqrt": lambda t, x, **options: t.power(x, -0.5),
    "integer_pow": lambda t, x, *, y: t.power(x, y),
    "pow": lambda t, x, y: t.power(x, y),
    "sign": _sign,
    "clamp": _clamp,
    # Masks are 1 where they hold, else 0.
    "gt": lambda t, a, b: t.greater(a, b),
    "lt": lambda t, a, b: t.greater(b, a),
    "ge": lambda t, a, b: t.inverted(t.greater(b, a)),
    "le": lambda t, a, b: t.inverted(t.greater(a, b)),
    "and": _binary("multiply"),
    "or": _binary("maximum"),
    "not": lambda t, x: t.inverted(x),
    "is_finite": lambda t, x: np.ones(x.shape, bool),
    "select_n": _select,
    "dot_general": _dot_general,
    "conv_general_dilated": _convolution,
    "reduce_window_sum": _window("sum"),
    "reduce_window_max": _window("max"),
    "reduce_sum": _reduction(layers.sum),
    "reduce_max": _reduction(layers.max),
    "reduce_min": lambda t, x, *, axes, **options: t.affine(
        t.reduce(layers.max, t.affine(x, -1.0), axes), -1.0
    ),
    "broadcast_in_dim": _broadcast,
    "reshape": _reshape,
    "expand_dims": lambda t, x, *, dimensions: t.expand(x, dimensions),
    "squeeze": lambda t, x, *, dimensions: t.squeeze(x, dimensions),
    "transpose": lambda t, x, *, permutation: t.transpose(x, permutation),
    "concatenate": lambda t, *parts, dimension: t.concatenate(parts, dimension),
    "stack": lambda t, *parts, axis: t.stack(parts, axis),
    "slice": _slice,
    "dynamic_slice": _dynamic_slice,
    "split": _split,
    "pad": _pad,
    "rev": lambda t, x, *, dimensions: t.flip(x, dimensions),
    "gather": _gather,
    "convert_element_type": _convert,
    **dict.fromkeys(("stop_gradient", "copy", "copy_p", "optimization_barrier", "sharding_constraint"), _same),
}  # fmt: skip
