"""Normalizations, as they are in eval() mode."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.aten.context import Aten
from tb_plugin.convert.builder import Value


def _along(t: Aten, value: Value, array: np.ndarray) -> np.ndarray:
    """Returns numbers of channels so that they broadcast to the value."""
    return array.reshape(-1, *(1,) * (len(value.shape) - 1 - t.channels))


def _affine(t: Aten, value: Value, weight: Any, bias: Any) -> Value:
    factor = 1.0 if weight is None else _along(t, value, t.array(weight, 9))
    offset = 0.0 if bias is None else _along(t, value, t.array(bias, 9))
    return value if weight is None and bias is None else t.graph.affine(value, factor, offset)


def _batch_norm(t: Aten, x: Value, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, momentum: float,
                epsilon: float, *rest: Any) -> Value:  # fmt: skip
    if training or mean is None or variance is None:
        raise ValueError("batch normalization is supported in eval() with running statistics: it mixes pictures else")
    mean, variance = t.array(mean, 9).astype(float), t.array(variance, 9).astype(float)
    factor = (1.0 if weight is None else t.array(weight, 9)) / np.sqrt(variance + epsilon)
    offset = (0.0 if bias is None else t.array(bias, 9)) - mean * factor
    return t.graph.affine(x, _along(t, x, factor), _along(t, x, offset))


def _instance_norm(t: Aten, x: Value, weight: Any, bias: Any, mean: Any, variance: Any, use_input: bool,
                   momentum: float, epsilon: float, *rest: Any) -> Value:  # fmt: skip
    if not use_input:
        return _batch_norm(t, x, weight, bias, mean, variance, False, momentum, epsilon)
    spatial = range(t.channels + 1, len(x.shape))
    normal = t.graph.on_axes(x, spatial, lambda axes: layers.normalize(axes, epsilon))
    return _affine(t, normal, weight, bias)


def _group_norm(t: Aten, x: Value, groups: int, weight: Any = None, bias: Any = None, epsilon: float = 1e-5,
                *rest: Any) -> Value:  # fmt: skip
    split = t.graph.split(x, t.channels, (groups, x.shape[t.channels] // groups))
    within = range(t.channels + 1, len(split.shape))
    normal = t.graph.on_axes(split, within, lambda axes: layers.normalize(axes, epsilon))
    return _affine(t, t.graph.merge(normal, t.channels), weight, bias)


def _layer_norm(t: Aten, x: Value, shape: Sequence[int], weight: Any = None, bias: Any = None, epsilon: float = 1e-5,
                *rest: Any) -> Value:  # fmt: skip
    last = range(len(x.shape) - len(shape), len(x.shape))
    normal = t.graph.on_axes(x, last, lambda axes: layers.normalize(axes, epsilon))
    if weight is not None:
        normal = t.graph.affine(normal, t.array(weight, 9), 0.0 if bias is None else t.array(bias, 9))
    return normal


def _rms_norm(t: Aten, x: Value, shape: Sequence[int], weight: Any = None, epsilon: float | None = None) -> Value:
    last = range(len(x.shape) - len(shape), len(x.shape))
    epsilon = float(np.finfo(np.float32).eps) if epsilon is None else epsilon
    normal = t.graph.on_axes(x, last, lambda axes: layers.normalize(axes, epsilon, center=False))
    return normal if weight is None else t.graph.multiply(normal, t.array(weight, 9))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "group_norm": _group_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
}  # fmt: skip
