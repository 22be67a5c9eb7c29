"""The gradients of a network in float64, written out in NumPy: a second implementation, none of it TensorFlow's.

A network is a line of words, which stands in its port's PROOF: "dense relu dense" is two dense layers with a ReLU
between. "conv" is a convolution with stride 1 and padding "same", "pool" a max pooling of 2 x 2, "upsample" repeats
each pixel 2 x 2, and "7x7x16" gives each image that shape. The sizes are those of the weights, kernel and bias.
The loss is the mean squared error. None of this is read from the port's graph, so that a change there shows.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

# The largest relative error of a variable's first gradient. Float32 reaches 1e-6, and in a bias that sums 156,800
# pixels 2e-5 with AVX-512, 2e-4 with SSE4.1; of a changed activation, pooling or loss the least is 1.3e-2.
TOLERANCE = 1e-3
# An image closer than this to where a ReLU or a pooling takes another input is left out: float32 may take the other.
EDGE = 1e-6

# A layer returns its output, and a function from the gradient of that to (the gradient of its input, [of its weights]).
Layer = tuple[np.ndarray, Callable[[np.ndarray], tuple[np.ndarray, list[np.ndarray]]]]


def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> Layer:
    flat = x.reshape(len(x), -1)
    return flat @ w + b, lambda g: ((g @ w.T).reshape(x.shape), [flat.T @ g, g.sum(axis=0)])


def conv(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> Layer:
    k, (_, height, width, _) = len(w), x.shape
    pad = ((k - 1) // 2, k - 1 - (k - 1) // 2)
    padded = np.pad(x, ((0, 0), pad, pad, (0, 0)))
    spots = [(i, j, np.s_[:, i : i + height, j : j + width]) for i in range(k) for j in range(k)]

    def back(g: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        dw, dpadded = np.empty_like(w), np.zeros_like(padded)
        for i, j, at in spots:
            dw[i, j] = np.tensordot(padded[at], g, axes=([0, 1, 2], [0, 1, 2]))
            dpadded[at] += g @ w[i, j].T
        return dpadded[:, pad[0] : pad[0] + height, pad[0] : pad[0] + width], [dw, g.sum(axis=(0, 1, 2))]

    return sum(padded[at] @ w[i, j] for i, j, at in spots) + b, back


def relu(x: np.ndarray) -> Layer:
    return np.maximum(x, 0), lambda g: (g * (x > 0), [])


def tanh(x: np.ndarray) -> Layer:
    y = np.tanh(x)
    return y, lambda g: (g * (1 - y**2), [])


def sigmoid(x: np.ndarray) -> Layer:
    y = 1 / (1 + np.exp(-x))
    return y, lambda g: (g * y * (1 - y), [])


def pool(x: np.ndarray) -> Layer:
    first = np.eye(4)[_blocks(x).argmax(axis=-1)]
    return _blocks(x).max(axis=-1), lambda g: (_unblocks(g[..., None] * first), [])


def upsample(x: np.ndarray) -> Layer:
    return x.repeat(2, axis=1).repeat(2, axis=2), lambda g: (_blocks(g).sum(axis=-1), [])


LAYERS: dict[str, Callable[..., Layer]] = {
    layer.__name__: layer for layer in (dense, conv, relu, tanh, sigmoid, pool, upsample)
}
WITH_WEIGHTS = ("dense", "conv")


def loss_and_gradients(
    network: str, weights: list[np.ndarray], x: np.ndarray
) -> tuple[float, list[np.ndarray], np.ndarray]:
    """Computes in float64 the loss of an autoencoder on a batch, and its gradient by each variable.

    Args:
      network: its layers.
      weights: kernel and bias of each layer that has any.
      x: images [N, ...], which are also what the network should return.

    Returns:
      The loss, the gradients in the shapes of `weights`, and each image's distance [N] from the nearest edge.

    Raises:
      ValueError: `network` has other variables than `weights`, or of other shapes.
    """
    y, backs, distance = _forward(network, weights, x)
    off = y - x.reshape(y.shape)
    g: np.ndarray = 2 * off / off.size
    gradients: list[np.ndarray] = []
    for back in reversed(backs):
        g, own = back(g)
        gradients[:0] = own
    return float(np.mean(off**2)), gradients, distance


def errors(
    network: str, weights: list[np.ndarray], x: np.ndarray, theirs: Callable[[np.ndarray], list[np.ndarray]]
) -> list[float]:
    """Compares another implementation's gradients with those of `loss_and_gradients`.

    Args:
      theirs: computes the other gradients, one for each of `weights`, on the images that it is given.

    Returns:
      The relative error of each variable's gradient, by the Euclidean norm. All are infinite if `weights` are not those
      of the network, or if every image is at an edge.
    """
    try:
        x = x[_forward(network, weights, x)[2] > EDGE]
        if not len(x):
            raise ValueError("every image is at an edge")
        exact = loss_and_gradients(network, weights, x)[1]
    except ValueError:
        return [np.inf] * len(weights)
    return [_error(*pair) for pair in zip(theirs(x), exact)]


def _forward(network: str, weights: list[np.ndarray], x: np.ndarray) -> tuple[np.ndarray, list[Any], np.ndarray]:
    left, y, backs = iter([w.astype(float) for w in weights]), x.astype(float), []
    distance = np.full(len(x), np.inf)
    for word in network.split():
        distance = np.minimum(distance, _to_the_edge(word, y))
        y, back = _layer(word, y, left)
        backs.append(back)
    if next(left, None) is not None:
        raise ValueError(f"{len(weights)} variables are more than {network} has")
    return y, backs, distance


def _error(theirs: np.ndarray, exact: np.ndarray) -> float:
    off, size = np.linalg.norm(theirs - exact), np.linalg.norm(exact)
    return 0.0 if off == 0 else float(off / size) if np.isfinite(off) and size else np.inf


def _layer(word: str, x: np.ndarray, weights: Iterator[np.ndarray]) -> Layer:
    if word not in LAYERS:
        shape = [int(size) for size in word.split("x")]
        return x.reshape(len(x), *shape), lambda g: (g.reshape(x.shape), [])
    own: list[Any] = [next(weights, None) for _ in range(2 * (word in WITH_WEIGHTS))]
    if any(w is None for w in own):
        raise ValueError(f"there is no variable for {word}")
    return LAYERS[word](x, *own)


def _to_the_edge(word: str, x: np.ndarray) -> np.ndarray | float:
    """Returns how far each image is from where a layer would pass its gradient another way."""
    if word == "relu":
        distance = np.abs(x)
    elif word == "pool":
        top = np.sort(_blocks(x), axis=-1)
        distance = top[..., -1] - top[..., -2]
    else:
        return np.inf
    distance = np.where(distance == 0, np.inf, distance)  # 0: of black patches, exactly so in float32, too
    return distance.reshape(len(x), -1).min(axis=1)


def _blocks(x: np.ndarray) -> np.ndarray:
    """Returns [N, 2h, 2w, c] as [N, h, w, c, 4]."""
    n, height, width, c = x.shape
    split = x.reshape(n, height // 2, 2, width // 2, 2, c).transpose(0, 1, 3, 5, 2, 4)
    return split.reshape(n, height // 2, width // 2, c, 4)


def _unblocks(x: np.ndarray) -> np.ndarray:
    n, height, width, c, _ = x.shape
    return x.reshape(n, height, width, c, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(n, 2 * height, 2 * width, c)
