"""Checks that pass everything prove nothing: each named change to a port must be caught, and the table says how.

"arithmetic": a replay with pinned weights and batches leaves its recording at this step. "distribution": a
run with its own random start lies outside the recorded runs at the checkpoint that ends at this step.
What pins the weights cannot see how they are drawn: such a change only the distribution can catch.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from legacy_ports import ports
from legacy_ports.data import mnist
from legacy_ports.ports import vandenburg
from legacy_ports.proof import distribution, recordings, replay
from legacy_ports.tf1 import keras, tf

DENSE, CONV = ports.load("mathybit_dense"), ports.load("mathybit_conv")


def with_other(owner, name, **changes):
    """A change: what `owner.name` is called with, in part."""

    def change(monkeypatch):
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *args, **kwargs: original(*args, **{**kwargs, **changes}))

    return change


def instead(owner, name, other):
    return lambda monkeypatch: monkeypatch.setattr(owner, name, other)


def lost_keras_activation(lost):
    activation = keras.layers.Activation
    return instead(
        keras.layers, "Activation", lambda kind, **more: activation("linear" if kind == lost else kind, **more)
    )


def no_carry_over(data, batch_size, shuffle=True):
    """`next_batch` that drops what is left of an epoch."""
    if data._index_in_epoch + batch_size > data.num_examples or not (data._index_in_epoch or data.epochs_completed):
        data.epochs_completed += bool(data._index_in_epoch)
        data._index_in_epoch = 0
        data._shuffle()
    batch = data._indices(data._index_in_epoch, data._index_in_epoch + batch_size)
    data._index_in_epoch += batch_size
    return data._images[batch], data._labels[batch]


def shuffled_from_arange(digits, batch_size, seed):
    """`keras_batches` as tf-keras's `fit` would have it: each epoch shuffles a new `arange`."""

    def batches():
        random, images = np.random.RandomState(seed), digits.arrays.train_images
        while True:
            order = random.permutation(len(images))
            for start in range(0, len(images), batch_size):
                yield mnist.keras_pixels(images[order[start : start + batch_size]])

    return mnist.Feed(batches(), mnist.keras_pixels(digits.arrays.test_images))


def initial(value):
    return lambda shape: tf.Variable(tf.constant(value, shape=shape))


class Mutant(NamedTuple):
    step: int  # where it is caught: the replay's step, counted from 0; the end of the run's window
    by: str = "arithmetic"
    change: Any = None
    options: dict = {}  # of `build`
    data: str = "bundled"
    runs: int = 1  # how many the distribution needs to see it


def other_adam(**changes):
    return with_other(tf.train, "AdamOptimizer", **changes)


def other_rmsprop(**changes):
    return with_other(tf.train, "RMSPropOptimizer", **changes)


def other_keras_adam(**changes):
    return with_other(keras.optimizers.legacy, "Adam", **changes)


every_image = instead(mnist.Digits, "held_back", 0)
dropping_the_rest = instead(mnist.DataSet, "next_batch", no_carry_over)

MUTANTS = {
    "vandenburg": {
        "learning rate x 2": Mutant(1, options={"learning_rate": 2e-4}),
        "Adam epsilon 1e-3": Mutant(1, change=other_adam(epsilon=1e-3)),
        "tanh lost": Mutant(0, change=instead(tf.nn, "tanh", tf.identity)),
        "ReLU read-out": Mutant(0, options={"readout": "relu"}),
        "sum instead of mean": Mutant(0, change=instead(tf, "reduce_mean", tf.reduce_sum)),
        "60,000 training images": Mutant(0, change=every_image, data="full"),
        "stddev 0.1 -> 0.05": Mutant(500, "distribution", with_other(tf, "truncated_normal", stddev=0.05), runs=8),
        "biases 0.1 -> 0": Mutant(500, "distribution", instead(vandenburg, "bias_variable", initial(0.0)), runs=8),
    },
    "vandenburg_relu": {
        "linear read-out": Mutant(0, options={"readout": "linear"}),
    },
    "kajuvonen": {
        "learning rate x 2": Mutant(1, options={"learning_rate": 0.002}),
        "Adam epsilon 1e-3": Mutant(1, change=other_adam(epsilon=1e-3)),
        "an activation": Mutant(0, change=with_other(tf.layers, "dense", activation=tf.nn.relu)),
        "60,000 training images": Mutant(0, change=every_image, data="full"),
    },
    "smith": {
        "learning rate x 2": Mutant(14, options={"learning_rate": 0.002}),
        "Keras's epsilon 1e-7": Mutant(119, change=other_rmsprop(epsilon=1e-7)),
        "decay 0.99": Mutant(20, change=other_rmsprop(decay=0.99)),
        "ReLU lost": Mutant(0, change=instead(tf.nn, "relu", tf.identity)),
        "batches without carry-over": Mutant(15, change=dropping_the_rest),
        "60,000 training images": Mutant(0, change=every_image, data="full"),
    },
    "mathybit_dense": {
        "learning rate x 2": Mutant(1, options={"learning_rate": 0.002}),
        "Adam epsilon 1e-3": Mutant(1, change=other_keras_adam(epsilon=1e-3)),
        "linear codings": Mutant(2, options={"codings": "linear"}),
        "ReLU lost": Mutant(0, change=lost_keras_activation("relu")),
        "sigmoid lost": Mutant(0, change=lost_keras_activation("sigmoid")),
        "shuffled from arange": Mutant(20, change=instead(DENSE, "feed", shuffled_from_arange)),
        "read-out bias 0 -> -2": Mutant(20, "distribution", options={"readout_bias": -2.0}),
    },
    "mathybit_conv": {
        "learning rate x 2": Mutant(1, options={"learning_rate": 0.002}),
        "Adam epsilon 1e-3": Mutant(1, change=other_keras_adam(epsilon=1e-3)),
        "ReLU lost": Mutant(0, change=lost_keras_activation("relu")),
        "sigmoid lost": Mutant(0, change=lost_keras_activation("sigmoid")),
        "average pooling": Mutant(0, options={"pooling": "average"}),
        "shuffled from arange": Mutant(20, change=instead(CONV, "feed", shuffled_from_arange)),
    },
}
ALL = {f"{port}: {name}": (port, mutant) for port, mutants in MUTANTS.items() for name, mutant in mutants.items()}


def port_of(variant):
    return ports.load(variant.removesuffix("_relu"))


def replayed(variant, digits, steps, options):
    recording = recordings.pinned(variant, digits.source)[0]
    options = {**({"readout": "relu"} if variant.endswith("_relu") else {}), **options}
    losses = replay.replay(port_of(variant), recording, digits, steps, **options).losses
    return recordings.parity(losses, recording)


def free_windows(port, digits, steps, options, seed=0):
    """The mean losses of a run with its own random start, over the recorded windows."""
    defaults = {key: ports.post_value(value) for key, value in ports.facts(port).options.items()}
    batches, _ = ports.load(port).feed(digits, defaults["batch_size"], seed)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(seed)
        model = ports.load(port).build(**options)
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([model.loss, model.train_step], {model.x: next(batches)})[0] for _ in range(steps)]
    return distribution.windows(
        distribution.recorded(port, digits.source).steps, 10, np.reshape(losses, (-1, 10)).mean(axis=1)
    )


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.slow] if mutant.runs > 1 or port == "mathybit_conv" else [])
        for case, (port, mutant) in ALL.items()
    ],
)
def test_a_mutant_is_caught(request, monkeypatch, case):
    port, mutant = ALL[case]
    digits = request.getfixturevalue(mutant.data)
    if mutant.change:
        mutant.change(monkeypatch)
    if mutant.by == "arithmetic":
        assert replayed(port, digits, mutant.step + 1, mutant.options).first_off == mutant.step
        return
    runs = distribution.recorded(port, mutant.data)
    windows = [free_windows(port, digits, mutant.step, mutant.options, seed) for seed in range(mutant.runs)]
    checks = (
        distribution.judge(runs, windows[0], None)
        if mutant.runs == 1
        else distribution.judge_mean(runs, np.array(windows))
    )
    assert [check.step for check in checks if not check.inside][-1] == mutant.step


def test_what_no_curve_shows(bundled, monkeypatch):
    """smith's biases at 0 in place of Xavier's: a finding. Only the test of the initialiser itself sees it."""
    with_other(tf.layers, "dense", bias_initializer=tf.zeros_initializer())(monkeypatch)
    assert replayed("smith", bundled, 20, {}).equal
    checks = distribution.judge(
        distribution.recorded("smith", "bundled"), free_windows("smith", bundled, 100, {}), None
    )
    assert all(check.inside for check in checks)


@pytest.mark.parametrize(
    ("port", "steps"),
    [
        ("vandenburg", 100),
        ("vandenburg_relu", 100),
        ("kajuvonen", 200),
        ("smith", 150),
        ("mathybit_dense", 40),
        pytest.param("mathybit_conv", 21, marks=pytest.mark.slow),
    ],
)
def test_the_port_itself_is_not_caught_by_the_arithmetic(bundled, port, steps):
    parity = replayed(port, bundled, steps, {})
    assert parity.equal, parity.windows


@pytest.mark.parametrize(
    ("port", "steps", "seeds"),
    [pytest.param("vandenburg", 500, 8, marks=pytest.mark.slow), ("smith", 100, 1), ("mathybit_dense", 40, 1)],
)
def test_the_port_itself_is_not_caught_by_the_distribution(bundled, port, steps, seeds):
    runs = distribution.recorded(port, "bundled")
    windows = [free_windows(port, bundled, steps, {}, seed) for seed in range(seeds)]
    checks = [check for window in windows for check in distribution.judge(runs, window, None)]
    checks += distribution.judge_mean(runs, np.array(windows)) if seeds > 1 else []
    assert checks
    assert all(check.inside for check in checks)


def test_the_page_on_the_proof_has_the_same_table():
    page = (Path(__file__).parents[1] / "docs/proof.md").read_text()
    rows = [
        f"| `{port}` | {name} | {mutant.by}{f', {mutant.runs} runs' if mutant.runs > 1 else ''} | {mutant.step:,} |"
        for port, mutants in MUTANTS.items()
        for name, mutant in mutants.items()
    ]
    assert "\n".join(rows) in page
