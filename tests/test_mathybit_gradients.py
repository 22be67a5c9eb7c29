"""The gradients of step 0 and the optimizer of the mathybit ports, against NumPy."""

import math

import numpy as np
import pytest

from legacy_ports import ports
from legacy_ports.data.batches import keras_batches
from legacy_ports.proof import recordings
from legacy_ports.tf1 import keras, new_graph, tf

DENSE, CONV = "mathybit_dense", "mathybit_conv"


@pytest.fixture
def graph():
    with new_graph():
        yield


# A layer: its output, and a function from the gradient of that to (the gradient of its input, [of its weights]).


def dense(x, w, b):
    return x @ w + b, lambda g: (g @ w.T, [x.T @ g, g.sum(axis=0)])


def relu(x):
    return np.maximum(x, 0), lambda g: (g * (x > 0), [])


def tanh(x):
    return np.tanh(x), lambda g: (g * (1 - np.tanh(x) ** 2), [])


def sigmoid(x):
    y = 1 / (1 + np.exp(-x))
    return y, lambda g: (g * y * (1 - y), [])


def reshape(x, *shape):
    return x.reshape(len(x), *shape), lambda g: (g.reshape(x.shape), [])


def conv(x, w, b):
    k, (_, height, width, _) = len(w), x.shape
    pad = ((k - 1) // 2, k - 1 - (k - 1) // 2)
    padded = np.pad(x, ((0, 0), pad, pad, (0, 0)))
    spots = [(i, j, np.s_[:, i : i + height, j : j + width]) for i in range(k) for j in range(k)]

    def back(g):
        dw, dpadded = np.empty_like(w), np.zeros_like(padded)
        for i, j, at in spots:
            dw[i, j] = np.tensordot(padded[at], g, axes=([0, 1, 2], [0, 1, 2]))
            dpadded[at] += g @ w[i, j].T
        return dpadded[:, pad[0] : pad[0] + height, pad[0] : pad[0] + width], [dw, g.sum(axis=(0, 1, 2))]

    return sum(padded[at] @ w[i, j] for i, j, at in spots) + b, back


def blocks(x):
    """[n, 2h, 2w, c] as [n, h, w, c, 4]"""
    n, height, width, c = x.shape
    return (
        x.reshape(n, height // 2, 2, width // 2, 2, c)
        .transpose(0, 1, 3, 5, 2, 4)
        .reshape(n, height // 2, width // 2, c, 4)
    )


def unblocks(x):
    n, height, width, c, _ = x.shape
    return x.reshape(n, height, width, c, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(n, 2 * height, 2 * width, c)


def max_pool(x):
    first = np.eye(4)[blocks(x).argmax(axis=-1)]
    return blocks(x).max(axis=-1), lambda g: (unblocks(g[..., None] * first), [])


def to_the_edge(layer, x):
    """How far each image is from where `layer` would pass its gradient another way: float32 may take that way."""
    if layer is relu:
        distance = np.where(x == 0, np.inf, np.abs(x))  # 0: of a black patch, exactly so
    elif layer is max_pool:
        top = np.sort(blocks(x), axis=-1)
        distance = np.where(top[..., -1] == 0, np.inf, top[..., -1] - top[..., -2])  # of 0s: a ReLU stops it anyway
    else:
        return np.inf
    return distance.reshape(len(x), -1).min(axis=1)


def upsample(x):
    return x.repeat(2, axis=1).repeat(2, axis=2), lambda g: (blocks(g).sum(axis=-1), [])


NETWORKS = {
    DENSE: [(reshape, 784), dense, relu, dense, tanh, dense, relu, dense, sigmoid, (reshape, 28, 28, 1)],
    CONV: [
        conv,
        relu,
        max_pool,
        conv,
        relu,
        max_pool,
        (reshape, 392),
        dense,
        relu,
        dense,
        tanh,
        dense,
        relu,
        dense,
        relu,
        dense,
        relu,
        (reshape, 7, 7, 16),
        upsample,
        conv,
        relu,
        upsample,
        conv,
        relu,
        conv,
        sigmoid,
    ],
}


def loss_and_gradients(name, weights, x):
    """In float64, of the mean squared error; and each image's distance to an edge."""
    weights, y, backs, distance = [w.astype(float) for w in weights], x.astype(float), [], np.inf
    for layer in NETWORKS[name]:
        distance = np.minimum(distance, to_the_edge(layer, y))
        if isinstance(layer, tuple):
            y, back = layer[0](y, *layer[1:])
        else:
            y, back = layer(y, *(weights.pop(0) for _ in range(2 * (layer in (dense, conv)))))
        backs.append(back)
    g, gradients = 2 * (y - x) / y.size, []
    for back in reversed(backs):
        g, own = back(g)
        gradients = own + gradients
    return np.mean((y - x) ** 2), gradients, distance


@pytest.mark.parametrize(("name", "seed"), [(DENSE, 1), (DENSE, 2), (CONV, 1), (CONV, 2)])
def test_loss_and_gradients_of_step_0_equal_numpys(graph, bundled, name, seed):
    run = recordings.shipped(name, "bundled").run(seed)
    batches = keras_batches(bundled, 200, seed)[0]
    tf.set_random_seed(seed)
    model = ports.load(name).build()
    batch = next(batches)
    variables = tf.trainable_variables()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        weights = sess.run(variables)
    expected_loss, _, distance = loss_and_gradients(name, weights, batch)
    assert expected_loss == pytest.approx(run.losses[0], rel=1e-6)
    batch = batch[distance > 1e-6]
    assert len(batch) > 30
    expected_loss, expected, _ = loss_and_gradients(name, weights, batch)
    with tf.Session() as sess:
        for variable, value in zip(variables, weights):
            variable.load(value, sess)
        loss, *gradients = sess.run([model.loss, *tf.gradients(model.loss, variables)], {model.x: batch})
    assert loss == pytest.approx(expected_loss, rel=1e-6)
    for variable, gradient, exact in zip(variables, gradients, expected):
        assert gradient.shape == exact.shape
        error = np.linalg.norm(gradient - exact) / np.linalg.norm(exact)
        assert error < 1e-5, (variable.name, error)


def test_the_adam_is_that_of_keras_2_2_2(graph):
    """p -= lr_t * m / (sqrt(v) + epsilon), written out; where the gradient is small, epsilon shows."""
    gradients = np.array([1e-8, -1e-6, 1e-3, 2.0])
    p = tf.Variable(np.zeros(4), dtype=tf.float32, use_resource=True)
    optimizer = keras.optimizers.legacy.Adam(0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    (step,) = optimizer.get_updates(tf.reduce_sum(p * gradients.astype(np.float32)), [p])
    expected, m, v = np.zeros(4), np.zeros(4), np.zeros(4)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for t in range(1, 6):
            sess.run(step)
            m, v = 0.9 * m + 0.1 * gradients, 0.999 * v + 0.001 * gradients**2
            lr_t = 0.001 * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            expected -= lr_t * m / (np.sqrt(v) + 1e-7)
            np.testing.assert_allclose(sess.run(p), expected, rtol=2e-4)
