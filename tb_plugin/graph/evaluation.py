"""The evaluation of layers in NumPy, on a batch of pictures. The browser's evaluator is static/decode."""

from collections.abc import Callable

import numpy as np

from tb_plugin.graph import activations, window_evaluation
from tb_plugin.graph.layer import Layer


def evaluate(layer: Layer, *inputs: np.ndarray) -> np.ndarray:
    """Returns the output float32 [N, ...] of `layer` for batches float32 [N, ...] that it fits.

    A batch of one picture stands for N equal ones, so what depends on no code is computed once.
    """
    return EVALUATORS[layer.kind](layer, *inputs).astype(np.float32, copy=False)


def _axes(layer: Layer) -> tuple[int, ...]:
    return tuple(axis + 1 for axis in layer.config["axes"])


def _resample(layer: Layer, x: np.ndarray) -> np.ndarray:
    (rows, columns), (n, height, width, channels) = layer.weights, x.shape
    x = rows @ x.reshape(n, height, width * channels)
    return columns @ x.reshape(n, len(rows), width, channels)


def _pad(layer: Layer, x: np.ndarray) -> np.ndarray:
    padding = layer.config["padding"]
    x = x[(slice(None), *(slice(max(-before, 0), -max(-after, 0) or None) for before, after in padding))]
    sides = [(0, 0), *((max(before, 0), max(after, 0)) for before, after in padding)]
    sides += [(0, 0)] * (x.ndim - len(sides))
    value = {"constant_values": layer.config["value"]} if layer.config["mode"] == "constant" else {}
    return np.pad(x, sides, layer.config["mode"], **value)


def _slice(layer: Layer, x: np.ndarray) -> np.ndarray:
    axis, *ends = (layer.config[key] for key in ("axis", "start", "stop", "step"))
    return x[(slice(None),) * (axis + 1) + (slice(*ends),)]


def _concat(layer: Layer, *inputs: np.ndarray) -> np.ndarray:
    n = max(len(x) for x in inputs)
    return np.concatenate([np.broadcast_to(x, (n, *x.shape[1:])) for x in inputs], layer.config["axis"] + 1)


def _binary(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """Returns the evaluator of a function of two inputs, which broadcast without their batch axes."""

    def evaluate(layer: Layer, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        rank = max(a.ndim, b.ndim)
        return function(*(x.reshape(len(x), *(1,) * (rank - x.ndim), *x.shape[1:]) for x in (a, b)))

    return evaluate


def _normalize(layer: Layer, x: np.ndarray) -> np.ndarray:
    axes = _axes(layer)
    if layer.config["center"]:
        x = x - x.mean(axes, keepdims=True)
    return x / np.sqrt(np.square(x).mean(axes, keepdims=True) + np.float32(layer.config["epsilon"]))


# How each kind of layer is evaluated, from the layer and batches that it fits.
EVALUATORS: dict[str, Callable[..., np.ndarray]] = {
    "dense": lambda layer, x: x @ layer.weights[0] + layer.weights[1],
    "conv2d": window_evaluation.conv2d,
    "conv2d_transpose": window_evaluation.conv2d_transpose,
    "average_pool": window_evaluation.average_pool,
    "max_pool": window_evaluation.max_pool,
    "upsample": lambda layer, x: x.repeat(layer.config["size"][0], 1).repeat(layer.config["size"][1], 2),
    "resample": _resample,
    "flatten": lambda layer, x: x.reshape(len(x), -1),
    "reshape": lambda layer, x: x.reshape(len(x), *layer.config["shape"]),
    "permute": lambda layer, x: x.transpose(0, *_axes(layer)),
    "pad": _pad,
    "slice": _slice,
    "concat": _concat,
    "constant": lambda layer: layer.weights[0][None],
    "add": _binary(np.add),
    "subtract": _binary(np.subtract),
    "multiply": _binary(np.multiply),
    "divide": _binary(np.divide),
    "maximum": _binary(np.maximum),
    "matmul": _binary(np.matmul),
    "mean": lambda layer, x: x.mean(_axes(layer), keepdims=True),
    "sum": lambda layer, x: x.sum(_axes(layer), keepdims=True),
    "max": lambda layer, x: x.max(_axes(layer), keepdims=True),
    "normalize": _normalize,
    "scale": lambda layer, x: x * layer.weights[0] + layer.weights[1],
    "prelu": lambda layer, x: np.where(x > 0, x, layer.weights[0] * x),
    "clamp": lambda layer, x: np.clip(x, layer.config["low"], layer.config["high"]),
    **activations.EVALUATORS,
}
