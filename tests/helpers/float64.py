"""Two posts' networks and Adam in NumPy, exact but for float64's rounding: no TensorFlow in it."""

from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from legacy_ports.proof import recordings


class Network(NamedTuple):
    shapes: list[tuple[int, ...]]  # of the variables: kernel and bias, layer by layer
    tanh: list[bool]  # whether a layer has a tanh
    rate: float  # Adam's


def glorot_weights(shapes, seed):
    """Weights float32 that are uniform within Glorot's limit, and biases that are zero."""
    random = np.random.RandomState(seed)
    limits = [np.sqrt(6 / (np.prod(s[:-2]) * sum(s[-2:]))) if len(s) > 1 else 0 for s in shapes]
    return [random.uniform(-limit, limit, shape).astype(np.float32) for limit, shape in zip(limits, shapes)]


def network(sizes, tanh, rate):
    return Network([shape for a, b in zip(sizes, sizes[1:]) for shape in ((a, b), (b,))], tanh, rate)


VANDENBURG = network([784, 50, 50, 2, 50, 50, 784], [True, True, False, True, True, False], 1e-4)
KAJUVONEN = network([784, 500, 100, 500, 784], [False] * 4, 1e-3)


def loss_and_gradients(net, weights, x, relu=False):
    """The loss of a batch [N, 784], and its gradient by each of the variables; relu: over the read-out."""
    layers = [x]
    for tanh, w, b in zip(net.tanh, weights[::2], weights[1::2]):
        layers.append(layers[-1] @ w + b)
        if tanh:
            layers[-1] = np.tanh(layers[-1])
    out = np.maximum(layers[-1], 0) if relu else layers[-1]
    gradient = 2 * (out - x) / x.size
    if relu:
        gradient = gradient * (out > 0)
    gradients = []
    for k in reversed(range(len(net.tanh))):
        if net.tanh[k]:
            gradient = gradient * (1 - layers[k + 1] ** 2)
        gradients[:0] = [layers[k].T @ gradient, gradient.sum(axis=0)]
        gradient = gradient @ weights[2 * k].T
    return np.mean((x - out) ** 2), gradients


def replay(net: Network, run: recordings.Run, weights: list[np.ndarray], batches, steps: int) -> np.ndarray:
    """Replays a recorded run in float64, from its initial weights on its batches.

    Adam is as in TensorFlow 1.4's kernel (Kingma and Ba, end of section 2).
    """
    weights = [w.astype(np.float64) for w in weights]
    m, v = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    losses = np.empty(steps)
    with threadpool_limits(1):  # matrices this small are slower on many threads
        for i in range(steps):
            x = next(batches).astype(np.float64)
            losses[i], gradients = loss_and_gradients(net, weights, x, run.port.endswith("relu"))
            rate = net.rate * np.sqrt(1 - 0.999 ** (i + 1)) / (1 - 0.9 ** (i + 1))
            for k, g in enumerate(gradients):
                m[k] += (g - m[k]) * 0.1
                v[k] += (g**2 - v[k]) * 0.001
                weights[k] -= rate * m[k] / (np.sqrt(v[k]) + 1e-8)
    return losses
