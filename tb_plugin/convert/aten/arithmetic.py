"""Operations on each number, matrix products and reductions."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.aten.context import Aten, without
from tb_plugin.convert.builder import Value
from tb_plugin.graph.layer import Layer

_HIDDEN = np.float32(1e9)  # is subtracted where a softmax should give 0


def _unary(make: Callable[..., Layer]) -> Callable[..., Value]:
    """Returns the operation of a layer that treats all numbers alike, made of the operation's other arguments."""
    return lambda t, x, *options: t.graph.layer(make(*options), x)


def _named(name: str) -> Callable[..., Value]:
    return lambda t, x: t.graph.layer(layers.activation(name), x)


def _binary(method: str) -> Callable[..., Value]:
    def operation(t: Aten, a: Any, b: Any, alpha: float = 1, rounding_mode: str | None = None) -> Value:
        if rounding_mode is not None:
            raise ValueError("it rounds")
        rank = t.rank(a, b)
        a, b = t.operand(a, rank), t.operand(b, rank)
        if alpha != 1:
            b = t.graph.affine(b, alpha) if isinstance(b, Value) else b * np.float32(alpha)
        return getattr(t.graph, method)(a, b)

    return operation


def _minimum(t: Aten, a: Any, b: Any) -> Value:
    rank = t.rank(a, b)
    negative = [
        t.graph.multiply(t.operand(x, rank), -1.0) if isinstance(x, Value) else -t.array(x, rank) for x in (a, b)
    ]
    return t.graph.affine(t.graph.maximum(*negative), -1.0)


def _power(t: Aten, x: Any, exponent: Any) -> Value:
    if not isinstance(x, Value):
        return t.graph.layer(
            layers.activation("exp"), t.graph.multiply(exponent, np.log(t.operand(x, t.rank(exponent))))
        )
    if isinstance(exponent, Value):
        raise ValueError("its base and its exponent depend on the codes")
    power = float(exponent)
    if power < 0:
        return t.graph.layer(layers.activation("reciprocal"), _power(t, x, -power))
    if power == 0.5:
        return t.graph.layer(layers.activation("sqrt"), x)
    if power != int(power):  # of a negative number it is none
        return t.graph.layer(
            layers.activation("exp"), t.graph.affine(t.graph.layer(layers.activation("log"), x), power)
        )
    whole = int(power)
    half = _power(t, x, whole // 2) if whole > 1 else None
    squared = x if half is None else t.graph.layer(layers.activation("square"), half)
    return t.graph.multiply(squared, x) if whole > 1 and whole % 2 else squared


def _linear(t: Aten, x: Value, weight: Any, bias: Any = None) -> Value:
    if isinstance(weight, Value):
        raise ValueError("its weights depend on the codes")
    kernel = t.array(weight, 9).T
    layer = layers.dense(kernel, None if bias is None else t.array(bias, 9))
    return t.graph.on_last(layer, x, len(x.shape) - 1)


def _addmm(t: Aten, bias: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Value:
    product = t.graph.affine(_matmul(t, a, b), alpha)
    return t.graph.add(product, t.operand(bias, t.rank(product)) * np.float32(beta))


def _matmul(t: Aten, a: Any, b: Any) -> Value:
    if not isinstance(a, Value):
        if a.ndim != 2 or len(b.shape) < 2:
            return t.graph.matmul(t.array(a, t.rank(b)), b)
        return t.graph.on_last(layers.dense(t.array(a, 9).T), b, len(b.shape) - 2)
    if not isinstance(b, Value):
        return t.graph.matmul(a, t.array(b, t.rank(a) if t.rank(a) > 2 else 9))
    if len(a.shape) < 2 or len(b.shape) < 2:
        raise ValueError("it multiplies codes of a batch with each other")
    return t.graph.matmul(a, b)


def _attention(t: Aten, q: Any, k: Any, v: Any, mask: Any = None, dropout: float = 0.0, causal: bool = False,
               scale: float | None = None, enable_gqa: bool = False, *, is_causal: bool = False) -> Value:  # fmt: skip
    if enable_gqa or not (isinstance(q, Value) or isinstance(k, Value)):
        raise ValueError("attention is supported on queries or keys of the codes, without enable_gqa")
    rank, length = t.rank(*(x for x in (q, k, v) if isinstance(x, Value))), q.shape[-2]
    swapped = [*range(len(k.shape) - 2), len(k.shape) - 1, len(k.shape) - 2]
    keys = t.graph.permute(k, swapped) if isinstance(k, Value) else t.operand(k.transpose(-1, -2), rank)
    scores = t.graph.matmul(t.operand(q, rank), keys)
    scores = t.graph.affine(scores, 1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if mask is not None:
        added = t.operand(mask, rank)
        kept = str(mask.dtype) == "torch.bool"
        scores = t.graph.add(scores, (added - 1) * _HIDDEN if kept else np.maximum(added, -_HIDDEN))
    if causal or is_causal:
        scores = t.graph.add(scores, np.tri(length, k.shape[-2], dtype=np.float32) * _HIDDEN - _HIDDEN)
    return t.graph.matmul(_softmax(t, scores, -1), t.operand(v, rank))


def _reduction(make: Callable[[list[int]], Layer]) -> Callable[..., Value]:
    def operation(t: Aten, x: Value, dims: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
        axes = list(range(len(x.shape))) if dims in (None, []) else t.axes(dims, x)
        if dims in (None, []):
            raise ValueError("it reduces all pictures of a batch to one number")
        reduced = t.graph.on_axes(x, axes, make)
        return reduced if keepdim else t.graph.reshape(reduced, without(reduced.shape, axes))

    return operation


def _vector_norm(t: Aten, x: Value, order: float = 2, dims: Any = None, keepdim: bool = False, *, dtype: Any = None):
    if order != 2:
        raise ValueError(f"a norm of order {order} is not supported")
    squares = t.graph.layer(layers.activation("square"), x)
    return t.graph.layer(layers.activation("sqrt"), _reduction(layers.sum)(t, squares, dims, keepdim))


def _variance(t: Aten, x: Value, dims: Any = None, unbiased: bool = True, keepdim: bool = False, *,
              correction: float | None = None) -> Value:  # fmt: skip
    correction = float(unbiased) if correction is None else correction
    axes = t.axes(dims, x)
    count = math.prod(x.shape[axis] for axis in axes)
    off = t.graph.subtract(x, t.graph.on_axes(x, axes, layers.mean))
    squares = t.graph.layer(layers.activation("square"), off)
    mean = t.graph.affine(t.graph.on_axes(squares, axes, layers.mean), count / (count - correction))
    return mean if keepdim else t.graph.reshape(mean, without(mean.shape, axes))


def _softmax(t: Aten, x: Value, dim: int, *rest: Any) -> Value:
    return t.graph.on_last(layers.activation("softmax"), x, t.axis(dim, x))


def _log_softmax(t: Aten, x: Value, dim: int, *rest: Any) -> Value:
    return t.graph.layer(layers.activation("log"), _softmax(t, x, dim))


def _log_sum_exp(t: Aten, x: Value, dims: Any, keepdim: bool = False) -> Value:
    axes = t.axes(dims, x)
    most = t.graph.on_axes(x, axes, layers.max)  # so that no exponential overflows
    terms = t.graph.layer(layers.activation("exp"), t.graph.subtract(x, most))
    total = t.graph.layer(layers.activation("log"), t.graph.on_axes(terms, axes, layers.sum))
    found = t.graph.add(total, most)
    return found if keepdim else t.graph.reshape(found, without(found.shape, axes))


def _extreme(pair: Callable[..., Value], along: str) -> Callable[..., Any]:
    """Returns max or min: of two tensors, or along an axis, then without the indices."""

    def operation(t: Aten, x: Any, other: Any = None, keepdim: bool = False) -> Any:
        if isinstance(x, Value) and isinstance(other, int):
            return [OPERATIONS[along](t, x, other, keepdim), None]
        return pair(t, x, other)

    return operation


def _prelu(t: Aten, x: Value, weight: Any) -> Value:
    alpha = t.array(weight, 9).ravel()
    return (
        t.graph.layer(layers.prelu(alpha), x)
        if alpha.size == 1
        else t.graph.on_last(layers.prelu(alpha), x, t.channels)
    )


def _elu(t: Aten, x: Value, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Value:
    y = t.graph.layer(layers.activation("elu", alpha=alpha), t.graph.affine(x, input_scale) if input_scale != 1 else x)
    return t.graph.affine(y, scale) if scale != 1 else y


def _same(t: Aten, x: Value, *rest: Any, **options: Any) -> Value:
    return x


def _dropout(t: Aten, x: Value, p: float, training: bool = False) -> Value:
    if training and p:
        raise ValueError("it draws random numbers; give the model in eval()")
    return x


def _to(t: Aten, x: Value, *rest: Any, **options: Any) -> Value:
    given = [str(value) for value in (*rest, *options.values())]
    if any(name in text for text in given for name in ("torch.int", "torch.uint", "torch.bool", "torch.long")):
        raise ValueError("it rounds to integers")
    return x


_ACTIVATIONS = (
    *("relu", "tanh", "sigmoid", "silu", "mish", "softsign", "selu", "log_sigmoid"),
    *("exp", "log", "sqrt", "square", "reciprocal", "abs", "sin", "cos", "erf"),
)

OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: _named(name) for name in _ACTIVATIONS},
    "hardsigmoid": _named("hard_sigmoid"),
    "hardswish": _named("hard_swish"),
    "relu6": _unary(lambda: layers.clamp(0, 6)),
    "neg": lambda t, x: t.graph.affine(x, -1.0),
    "rsqrt": lambda t, x: _power(t, x, -0.5),
    "expm1": lambda t, x: t.graph.affine(_named("exp")(t, x), 1.0, -1.0),
    "log1p": lambda t, x: _named("log")(t, t.graph.affine(x, 1.0, 1.0)),
    "gelu": lambda t, x, approximate="none": t.graph.layer(
        layers.activation("gelu", approximate=approximate == "tanh"), x
    ),
    "leaky_relu": _unary(lambda slope=0.01: layers.activation("leaky_relu", alpha=float(slope))),
    "celu": _unary(lambda alpha=1.0: layers.activation("celu", alpha=float(alpha))),
    "elu": _elu,
    "softplus": _unary(
        lambda beta=1, limit=20: layers.activation("softplus", beta=float(beta), threshold=float(limit))
    ),
    "hardtanh": _unary(lambda low=-1.0, high=1.0: layers.clamp(low, high)),
    "clamp": lambda t, x, min=None, max=None: t.graph.layer(layers.clamp(min, max), x),
    "clamp_min": _unary(lambda low: layers.clamp(low, None)),
    "clamp_max": _unary(lambda high: layers.clamp(None, high)),
    "clip": lambda t, x, min=None, max=None: t.graph.layer(layers.clamp(min, max), x),
    "tanhshrink": lambda t, x: t.graph.subtract(x, _named("tanh")(t, x)),
    "softmin": lambda t, x, dim, *rest: _softmax(t, t.graph.affine(x, -1.0), dim),
    "softmax": _softmax,
    "_softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _log_sum_exp,
    "prelu": _prelu,
    "rrelu": lambda t, x, low=1 / 8, high=1 / 3, *rest: t.graph.layer(
        layers.activation("leaky_relu", alpha=(low + high) / 2), x
    ),
    "pow": _power,
    "add": _binary("add"),
    "sub": _binary("subtract"),
    "mul": _binary("multiply"),
    "multiply": _binary("multiply"),
    "div": _binary("divide"),
    "true_divide": _binary("divide"),
    "maximum": _binary("maximum"),
    "rsub": lambda t, a, b, alpha=1: _binary("subtract")(t, b, a, alpha),
    "minimum": _minimum,
    "max": _extreme(_binary("maximum"), "amax"),
    "min": _extreme(_minimum, "amin"),
    "masked_fill": lambda t, x, mask, number: t.graph.add(
        t.graph.multiply(x, 1 - t.operand(mask, t.rank(x))), t.operand(mask, t.rank(x)) * np.float32(number)
    ),
    "exp2": lambda t, x: _power(t, 2.0, x),
    "log2": lambda t, x: t.graph.affine(_named("log")(t, x), 1 / math.log(2)),
    "log10": lambda t, x: t.graph.affine(_named("log")(t, x), 1 / math.log(10)),
    "erfc": lambda t, x: t.graph.affine(_named("erf")(t, x), -1.0, 1.0),
    "lerp": lambda t, a, b, weight: _binary("add")(t, a, _binary("multiply")(t, _binary("subtract")(t, b, a), weight)),
    "linear": _linear,
    "addmm": _addmm,
    "mm": _matmul,
    "bmm": _matmul,
    "matmul": _matmul,
    "scaled_dot_product_attention": _attention,
    "mean": _reduction(layers.mean),
    "sum": _reduction(layers.sum),
    "amax": _reduction(layers.max),
    "amin": lambda t, x, *rest: t.graph.affine(_reduction(layers.max)(t, t.graph.affine(x, -1.0), *rest), -1.0),
    "linalg_vector_norm": _vector_norm,
    "norm": _vector_norm,
    "var": _variance,
    "std": lambda t, *args, **options: _power(t, _variance(t, *args, **options), 0.5),
    **dict.fromkeys(("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"), _dropout),
    **dict.fromkeys(("contiguous", "clone", "detach", "alias", "lift_fresh_copy", "requires_grad"), _same),
    **dict.fromkeys(("to", "_to_copy", "type_as", "float", "double"), _to),
}  # fmt: skip
