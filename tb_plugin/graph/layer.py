"""The layer of a decoder as data, and the names of the activations."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

# The functions of each value (softmax: of each pixel), with their options and the options' defaults. The defaults are
# those of `tf.nn`, or of `torch.nn` if TensorFlow has no such function.
ACTIVATIONS: dict[str, dict[str, float]] = {
    "linear": {},
    "relu": {},
    "tanh": {},
    "sigmoid": {},
    "softmax": {},
    "leaky_relu": {"alpha": 0.2},
    "elu": {"alpha": 1.0},
    "gelu": {"approximate": False},
    "silu": {},
    "mish": {},
    "selu": {},
    "celu": {"alpha": 1.0},
    "softplus": {"beta": 1.0, "threshold": 20.0},
    "softsign": {},
    "log_sigmoid": {},
    "hard_sigmoid": {},
    "hard_swish": {},
    "exp": {},
    "log": {},
    "sqrt": {},
    "square": {},
    "reciprocal": {},
    "abs": {},
    "sin": {},
    "cos": {},
    "erf": {},
}


@dataclass(frozen=True)
class Layer:
    """A layer of a decoder.

    Attributes:
      kind: the name of its constructor, or of the activation.
      config: its options, which must be valid JSON.
      weights: its arrays, float32.
      inputs: the positions of the values that it reads: 0 is the codes, k the output of the decoder's k-th layer,
        counted from 1. None is the layer before.
    """

    kind: str
    config: dict[str, Any] = field(default_factory=dict)
    weights: tuple[np.ndarray, ...] = ()
    inputs: tuple[int, ...] | None = None

    def on(self, *inputs: int) -> "Layer":
        """Returns this layer with other `inputs`."""
        return replace(self, inputs=tuple(int(position) for position in inputs))
