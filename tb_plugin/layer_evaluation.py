"""The evaluation of layers in NumPy, on a batch of pictures. The browser's evaluator is static/decode."""

import math
from collections.abc import Callable

import numpy as np

from tb_plugin.layers import Layer


def evaluate(layer: Layer, x: np.ndarray) -> np.ndarray:
    """Returns the output float32 [N, ...] of `layer` for a batch x float32 [N, ...] that it fits."""
    return EVALUATORS[layer.kind](layer, x).astype(np.float32, copy=False)


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


def _upsample(layer: Layer, x: np.ndarray) -> np.ndarray:
    height, width = layer.config["size"]
    return x.repeat(height, 1).repeat(width, 2)


def _softmax(layer: Layer, x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _elu(layer: Layer, x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, layer.config["alpha"] * np.expm1(np.minimum(x, 0)))


def _gelu(layer: Layer, x: np.ndarray) -> np.ndarray:
    if layer.config["approximate"]:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + _erf(x / math.sqrt(2)))


def _erf(x: np.ndarray) -> np.ndarray:
    """Returns the error function, to 1e-6, as the browser does: Abramowitz and Stegun, 7.1.26."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.sign(x) * (1 - series * np.exp(-x * x))


# How each kind of layer is evaluated, from the layer and a batch that it fits.
EVALUATORS: dict[str, Callable[[Layer, np.ndarray], np.ndarray]] = {
    "dense": lambda layer, x: x @ layer.weights[0] + layer.weights[1],
    "conv2d": _conv2d,
    "conv2d_transpose": _conv2d_transpose,
    "upsample": _upsample,
    "flatten": lambda layer, x: x.reshape(len(x), -1),
    "reshape": lambda layer, x: x.reshape(len(x), *layer.config["shape"]),
    "permute": lambda layer, x: x.transpose(0, *(axis + 1 for axis in layer.config["axes"])),
    "scale": lambda layer, x: x * layer.weights[0] + layer.weights[1],
    "linear": lambda layer, x: x,
    "relu": lambda layer, x: np.maximum(x, 0),
    "tanh": lambda layer, x: np.tanh(x),
    "sigmoid": lambda layer, x: 0.5 * (1 + np.tanh(0.5 * x)),  # this form cannot overflow
    "softmax": _softmax,
    "leaky_relu": lambda layer, x: np.where(x > 0, x, layer.config["alpha"] * x),
    "elu": _elu,
    "gelu": _gelu,
}
