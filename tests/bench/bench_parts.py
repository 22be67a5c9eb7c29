"""Where the seconds of a run go.

    python tests/bench/bench_parts.py PORT [options of `legacy-ports run`]

Runs the port in this process with a clock around some calls of the main thread. A second counts for the innermost of
them. In the session, `train` is a step. Fused, it is the wait for 100 of them and the copying of their batches, and
`train, first` is XLA's compiling.

The time of fused steps is that of the thread that computes them. What the main thread does meanwhile, which is to draw
the next batches, does not count as beside the steps.
"""

import sys
import tempfile
import time
from collections import Counter
from functools import wraps

seconds: Counter = Counter()
calls: Counter = Counter()
computed: list[float] = []  # seconds of each XLA computation
open_clocks: list[str] = []
last = time.perf_counter()


def switch():
    """Counts the time since the last switch for the innermost open clock."""
    global last
    now = time.perf_counter()
    seconds[open_clocks[-1] if open_clocks else "the rest"] += now - last
    last = now


def clocked(part, function):
    """Returns the function with a clock around each call."""

    @wraps(function)
    def call(*args, **kwargs):
        switch()
        open_clocks.append("train, first" if part == "train" and not calls[part] else part)
        calls[part] += 1
        try:
            return function(*args, **kwargs)
        finally:
            switch()
            open_clocks.pop()

    return call


def clock(part, owner, *names):
    """Puts a clock around functions of a module or a class."""
    for name in names:
        setattr(owner, name, clocked(part, getattr(owner, name)))


def timed(loop):
    """Returns the fused engine's loop, which runs in a thread of its own, with its seconds noted in `computed`."""

    def call(batches, count):
        began = time.perf_counter()
        losses = loop(batches, count)
        if count:  # without steps it compiles
            computed.append(time.perf_counter() - began)
        return losses

    return call


def main():
    port, *options = sys.argv[1:]
    clocked("import TensorFlow", __import__)("legacy_ports.tf1")
    from legacy_ports import cli, ports
    from legacy_ports.data import batches
    from legacy_ports.run import engine, training
    from tb_plugin.events.event_file import EventFile

    module = clocked("import the port, with Matplotlib", ports.load)(port)
    from legacy_ports.plots import figures

    make_loop = training._loop
    training._loop = lambda sess, model: timed(make_loop(sess, model))
    clock("train", engine.Run, "train")
    clock("draw batches", batches.DataSet, "next_batch")
    clock("draw batches", batches._KerasBatches, "__next__")
    clock("write events", EventFile, "add_event", "add_summary")
    clock("log codes", engine.Run, "_log_latent")
    clock("save checkpoints", engine.Run, "_save")
    clock("build", module, "build")
    clock("draw figures", figures, "new_figure", "png", "animation", "scatter_digits")
    drawn = ("gif", "network_diagram", "kernel_pca", "histograms")
    clock("draw figures", module, *(name for name in drawn if hasattr(module, name)))
    with tempfile.TemporaryDirectory() as folder:
        code = cli.main(["run", port, "--data", "bundled", "--quiet", "--logdir", folder, *options])
        switch()
    steps = sum(computed) or seconds["train"]
    beside = sum(seconds.values()) - seconds["import TensorFlow"] - steps
    print(f"{port}, exit code {code}: {beside:.2f} s beside {steps:.2f} s of steps and TensorFlow's import")
    for part, spent in seconds.most_common():
        number = calls[part] or 1
        print(f"{spent:9.2f} s  {number:7,} x {1000 * spent / number:10.3f} ms  {part}")


if __name__ == "__main__":
    main()
