"""The five networks as data, and how a peer's process is asked for its time. Runs on Python 3.6, too.

A layer is ("dense", units, activation), ("conv", filters, kernel size, activation), ("pool",), ("upsample",),
("flatten",) or ("reshape", height, width, channels). Images are [28, 28, 1] where there are convolutions, else [784].
"""

import sys
import time

import numpy as np

NETWORKS = {
    "vandenburg": [
        ("dense", 50, "tanh"),
        ("dense", 50, "tanh"),
        ("dense", 2, None),
        ("dense", 50, "tanh"),
        ("dense", 50, "tanh"),
        ("dense", 784, None),
    ],
    "kajuvonen": [("dense", 500, None), ("dense", 100, None), ("dense", 500, None), ("dense", 784, None)],
    "smith": [("dense", units, "relu") for units in (784, 256, 128, 128, 256, 784)],
    "mathybit_dense": [
        ("dense", 250, "relu"),
        ("dense", 16, "tanh"),
        ("dense", 320, "relu"),
        ("dense", 784, "sigmoid"),
    ],
    "mathybit_conv": [
        ("conv", 4, 5, "relu"),
        ("pool",),
        ("conv", 8, 5, "relu"),
        ("pool",),
        ("flatten",),
        ("dense", 150, "relu"),
        ("dense", 16, "tanh"),
        ("dense", 120, "relu"),
        ("dense", 320, "relu"),
        ("dense", 784, "relu"),
        ("reshape", 7, 7, 16),
        ("upsample",),
        ("conv", 8, 5, "relu"),
        ("upsample",),
        ("conv", 4, 6, "relu"),
        ("conv", 1, 7, "sigmoid"),
    ],
}
BATCH = {"vandenburg": 50, "kajuvonen": 100, "smith": 256, "mathybit_dense": 200, "mathybit_conv": 200}
# Adam's or RMSProp's learning rate and epsilon. The loss is the mean squared error.
OPTIMIZER = {
    "vandenburg": ("adam", 1e-4, 1e-8),
    "kajuvonen": ("adam", 1e-3, 1e-8),
    "smith": ("rmsprop", 1e-3, 1e-10),
    "mathybit_dense": ("adam", 1e-3, 1e-7),
    "mathybit_conv": ("adam", 1e-3, 1e-7),
}


def shape_of(port):
    """Returns the shape of an image."""
    return (28, 28, 1) if any(layer[0] == "conv" for layer in NETWORKS[port]) else (784,)


def serve(prepare):
    """Answers the benchmark: argv is PORT CANDIDATE THREADS BATCHES.npy; each line on stdin asks for a turn.

    Prints how long preparing took, with compiling, then the seconds of each turn.

    Args:
      prepare: takes the port, the candidate, the number of threads, and batches float32 [K, N, ...]. Returns a function
        that trains on all of them and returns the K losses as numbers.
    """
    port, candidate, threads, path = sys.argv[1:]
    batches = np.load(path)
    began = time.time()
    train = prepare(port, candidate, int(threads), batches)
    losses = np.asarray(train())
    assert losses.shape == (len(batches),)
    assert np.isfinite(losses).all()
    print(time.time() - began, flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        train()
        print(time.perf_counter() - began, flush=True)
