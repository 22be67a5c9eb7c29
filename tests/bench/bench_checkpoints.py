"""What checkpoints cost a training loop: `tox -e bench`, a figure and no verdict."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from threading import Semaphore

import numpy as np
import pytest

from legacy_ports import ports
from legacy_ports.run.engine import Run
from legacy_ports.tf1 import tf

ROUNDS = 3
EVERY = 500  # steps from checkpoint to checkpoint, by default
TURN = 50  # steps of one run, then as many of the other


class InTurns(Run):
    """A run that takes turns with another one, so that other work on the machine slows both alike."""

    def steps(self, numbers, keep=None):
        self.seconds = []  # of each turn
        began = time.perf_counter()
        for i in super().steps(numbers, keep):
            if i and i % TURN == 0:
                self.seconds.append(time.perf_counter() - began)
                self.other.release()
                self.mine.acquire()
                began = time.perf_counter()
            yield i
        self.seconds.append(time.perf_counter() - began)


def train(run, mine, other):
    run.mine, run.other = mine, other
    mine.acquire()
    with tf.Graph().as_default(), run:
        ports.load(run.port).main(run, **run.manifest["options"])
    other.release()
    return sum(run.seconds), np.reshape(run.seconds, [-1, EVERY // TURN]).sum(axis=1)


@pytest.mark.timeout(1800)
def test_checkpoints(bundled, tmp_path, capsys):
    """The default of vandenburg, a checkpoint every 500 steps, against a single one after the last."""
    facts = ports.facts("vandenburg")
    options = {"seed": 0, **{key: ports.post_value(value) for key, value in facts.options.items()}}
    totals, parts = [], []
    for number in range(ROUNDS):
        one, default = (
            InTurns(
                "vandenburg",
                facts.docstring,
                options,
                bundled,
                tmp_path,
                f"{name}-{number}",
                quiet=True,
                save_every=every,
            )
            for name, every in (("one", 10**9), ("default", None))
        )
        first, second = Semaphore(1), Semaphore(0)
        with redirect_stdout(StringIO()), ThreadPoolExecutor() as pool:
            (seconds_one, parts_one), (seconds, parts_default) = pool.map(
                train, [one, default], [first, second], [second, first]
            )
        totals.append(seconds / seconds_one)
        parts.append(parts_default - parts_one)
        with capsys.disabled():
            print(
                f"\n{len(parts_one)} checkpoints: the loop takes {seconds:.2f} s; with one: {seconds_one:.2f} s; "
                f"{totals[-1]:.4f} times as long"
            )
    with capsys.disabled():
        print(
            f"the median of {ROUNDS}: {np.median(totals):.4f}; of {EVERY} steps with a checkpoint: "
            f"{1e3 * np.median(parts):.0f} ms more"
        )
