"""Recognizes an activation by its values, where a framework computes it by several operations."""

import numpy as np

from tb_plugin import layers
from tb_plugin.graph.evaluation import evaluate
from tb_plugin.graph.layer import Layer

NUMBERS = np.array([-30, 30, 0, *np.linspace(-6, 6, 47)], np.float32)  # the first two are ends


def recognized(values: np.ndarray) -> Layer | None:
    """Returns the activation whose values at NUMBERS are `values`, or None."""
    values = np.asarray(values, np.float32)
    if not np.isfinite(values).all():
        return None
    low, high = map(float, values[:2])
    candidates = [
        *(layers.activation(name) for name in ("relu", "silu", "gelu", "softplus", "selu", "mish", "softsign")),
        *(layers.activation(name) for name in ("log_sigmoid", "hard_sigmoid", "hard_swish", "tanh", "sigmoid")),
        layers.activation("gelu", approximate=True),
        layers.activation("leaky_relu", alpha=round(low / -30, 7)),
        layers.activation("elu", alpha=round(-low, 6)),
        *([layers.activation("celu", alpha=round(-low, 6))] if low < 0 else []),
        *([layers.clamp(low, high)] if -30 < low < high < 30 else []),
    ]
    for layer in candidates:
        with np.errstate(over="ignore", under="ignore"):
            if np.allclose(evaluate(layer, NUMBERS[:, None])[:, 0], values, rtol=2e-6, atol=2e-6):
                return layer
    return None
