"""The evaluation of the activations in NumPy."""

import math
from collections.abc import Callable

import numpy as np

from tb_plugin.graph.layer import Layer


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))  # this form cannot overflow


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(x, 0)


def _softmax(layer: Layer, x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _elu(x: np.ndarray, alpha: float, scale: float = 1) -> np.ndarray:
    """Returns x if x > 0, else alpha * (exp(x / scale) - 1)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / scale))


def _selu(layer: Layer, x: np.ndarray) -> np.ndarray:
    return 1.0507009873554804934193349852946 * _elu(x, 1.6732632423543772848170429916717)


def _softplus_layer(layer: Layer, x: np.ndarray) -> np.ndarray:
    beta, threshold = layer.config["beta"], layer.config["threshold"]
    return np.where(x * beta > threshold, x, _softplus(x * beta) / beta)


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf  # here: few decoders need it, and TensorBoard's start should not wait for it

    return erf(x)


def _gelu(layer: Layer, x: np.ndarray) -> np.ndarray:
    if layer.config["approximate"]:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + _erf(x / math.sqrt(2)))


EVALUATORS: dict[str, Callable[[Layer, np.ndarray], np.ndarray]] = {
    "linear": lambda layer, x: x,
    "relu": lambda layer, x: np.maximum(x, 0),
    "tanh": lambda layer, x: np.tanh(x),
    "sigmoid": lambda layer, x: _sigmoid(x),
    "softmax": _softmax,
    "leaky_relu": lambda layer, x: np.where(x > 0, x, layer.config["alpha"] * x),
    "elu": lambda layer, x: _elu(x, layer.config["alpha"]),
    "gelu": _gelu,
    "silu": lambda layer, x: x * _sigmoid(x),
    "mish": lambda layer, x: x * np.tanh(_softplus(x)),
    "selu": _selu,
    "celu": lambda layer, x: _elu(x, layer.config["alpha"], layer.config["alpha"]),
    "softplus": _softplus_layer,
    "softsign": lambda layer, x: x / (1 + np.abs(x)),
    "log_sigmoid": lambda layer, x: -_softplus(-x),
    "hard_sigmoid": lambda layer, x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_swish": lambda layer, x: x * np.clip(x / 6 + 0.5, 0, 1),
    "exp": lambda layer, x: np.exp(x),
    "log": lambda layer, x: np.log(x),
    "sqrt": lambda layer, x: np.sqrt(x),
    "square": lambda layer, x: np.square(x),
    "reciprocal": lambda layer, x: np.reciprocal(x),
    "abs": lambda layer, x: np.abs(x),
    "sin": lambda layer, x: np.sin(x),
    "cos": lambda layer, x: np.cos(x),
    "erf": lambda layer, x: _erf(x),
}
