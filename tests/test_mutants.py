"""Checks that pass everything prove nothing: every mutant of a port must be caught, and docs/proof.md says by what.

Where a mutant leaves the recorded run: "start" by the initial weights, "norm" by a variable's norm after so many steps,
"loss" by the loss of that step, counted from 0. Whether the first step's gradients are off from NumPy's, which tells a
changed layer or loss from everything else. The table in docs/proof.md is what the tests expect.
"""

import re
import types
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from helpers import mutants

from legacy_ports import ports
from legacy_ports.data import batches
from legacy_ports.proof import recordings
from legacy_ports.proof.parity import parity
from legacy_ports.proof.replay import replay

PAGE = (Path(__file__).parents[1] / "docs/proof.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.+) \| (start|norm|loss) \| ([\d,]+) \| (off|right) \|$", re.MULTILINE)
EXPECTED = {
    (variant, change): (by, int(step.replace(",", "")), gradient)
    for variant, change, by, step, gradient in ROW.findall(PAGE)
}
# smith's mean squares start at 1: an epsilon shows only after 100 steps.
STEPS = {
    "vandenburg": 10,
    "vandenburg_relu": 10,
    "kajuvonen": 10,
    "smith": 101,
    "mathybit_dense": 21,
    "mathybit_conv": 35,
}


def no_carry_over(data, batch_size, shuffle=True):
    """Stands for a `next_batch` that drops what is left of an epoch."""
    if data._index_in_epoch + batch_size > data.num_examples or not (data._index_in_epoch or data.epochs_completed):
        data.epochs_completed += bool(data._index_in_epoch)
        data._index_in_epoch = 0
        data._shuffle()
    batch = data._indices(data._index_in_epoch, data._index_in_epoch + batch_size)
    data._index_in_epoch += batch_size
    return data._pixels(data._images[batch]), data._labels[batch]


def shuffled_from_arange(digits, batch_size, seed):
    """Stands for `keras_batches` as tf-keras's `fit` would have it: each epoch shuffles a new `arange`."""

    def shuffled():
        images = digits.arrays.train_images
        while True:
            order = np.random.permutation(len(images))
            for start in range(0, len(images), batch_size):
                yield batches.keras_pixels(images[order[start : start + batch_size]])

    np.random.seed(seed)
    return batches.Feed(shuffled(), batches.keras_pixels(digits.arrays.test_images))


class Mutant(NamedTuple):
    """A change that the source alone does not give: options of `build`, another feed, other data."""

    options: dict[str, Any] = {}
    feed: Any = None
    patch: tuple[Any, str, Any] | None = None
    data: str = "bundled"


every_image = Mutant(patch=(batches, "held_back", lambda digits: 0), data="full")
WRITTEN = {
    "vandenburg": {"ReLU read-out": Mutant({"readout": "relu"}), "60,000 training images": every_image},
    "vandenburg_relu": {"linear read-out": Mutant({"readout": "linear"})},
    "kajuvonen": {"60,000 training images": every_image},
    "smith": {
        "60,000 training images": every_image,
        "batches without carry-over": Mutant(patch=(batches.DataSet, "next_batch", no_carry_over)),
    },
    "mathybit_dense": {
        "linear codings": Mutant({"codings": "linear"}),
        "ReLU codings": Mutant({"codings": "relu"}),
        "shuffled from arange": Mutant(feed=shuffled_from_arange),
    },
    "mathybit_conv": {
        "average pooling": Mutant({"pooling": "average"}),
        "transposed convolutions": Mutant({"upsampling": "transpose"}),
        "shuffled from arange": Mutant(feed=shuffled_from_arange),
    },
}


def caught(request, variant: str, module: types.ModuleType, mutant: Mutant, monkeypatch) -> tuple[str, int, str] | None:
    """Returns what catches a mutant first, at which step, and if its first gradients are off; None: nothing does."""
    digits = request.getfixturevalue(mutant.data)
    name = variant.removesuffix("_relu")
    proof = ports.facts(name).proof
    run = recordings.shipped(variant, digits.source).runs[0]
    if mutant.patch:
        monkeypatch.setattr(*mutant.patch)
    if mutant.feed:
        monkeypatch.setattr(module, "feed", mutant.feed)
    options = {**proof.variants.get(variant, {}), **mutant.options}
    replayed = replay(module, name, run, digits, STEPS[variant], **options)
    leaves = {one.what: one for one in parity(proof, run, replayed).leaves}
    gradient = "off" if leaves.pop("gradient", None) else "right"
    first = min(leaves.values(), key=lambda one: (one.step, one.what != "start", one.what), default=None)
    return None if first is None else (first.what, first.step, gradient)


SLOW = ("mathybit_conv", "smith")


@pytest.mark.slow
@pytest.mark.parametrize("name", ports.NAMES)
def test_every_generated_mutant_is_caught(request, monkeypatch, name):
    found = {change: caught(request, name, module, Mutant(), monkeypatch) for change, module in mutants.generated(name)}
    written = WRITTEN[name]
    assert found == {
        change: where for (variant, change), where in EXPECTED.items() if variant == name and change not in written
    }


@pytest.mark.parametrize(
    ("variant", "change"),
    [
        pytest.param(variant, change, marks=[pytest.mark.slow] if variant in SLOW else [])
        for variant, changes in WRITTEN.items()
        for change in changes
    ],
)
def test_every_written_mutant_is_caught(request, monkeypatch, variant, change):
    module = ports.load(variant.removesuffix("_relu"))
    by, step, gradient = caught(request, variant, module, WRITTEN[variant][change], monkeypatch)
    expected = EXPECTED[variant, change]
    # The error of another order of batches grows from step to step. A processor's rounding says where it is too large.
    near = 1 if (variant, change) == ("mathybit_conv", "shuffled from arange") else 0
    assert (by, gradient) == (expected[0], expected[2])
    assert abs(step - expected[1]) <= near


@pytest.mark.parametrize("variant", STEPS)
def test_the_port_itself_is_not_caught(request, monkeypatch, variant):
    assert caught(request, variant, ports.load(variant.removesuffix("_relu")), Mutant(), monkeypatch) is None


def test_there_are_many():
    assert len(EXPECTED) >= 50
    assert {variant for variant, _ in EXPECTED} == set(STEPS)
