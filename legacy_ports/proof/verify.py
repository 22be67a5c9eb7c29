"""`verify`: replays recorded runs, and says in one table how far each replay is from its recording."""

import json
import math
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from legacy_ports import UserError, ports
from legacy_ports.data.mnist import Digits
from legacy_ports.proof.parity import WINDOWS, Parity, parity
from legacy_ports.proof.recordings import Recording, Run, shipped
from legacy_ports.run.manifest import PACKAGES, installed

DEFAULT_RUNS = 2  # of a recording, the first so many
HEADER = ("port", "data", "seed", "start", "gradient", "steps", *(f"first {n:,}" for n in WINDOWS), "all", "leaves at",
          "tolerance", "verdict", "seconds")  # fmt: skip
# The SIMD instructions that rounding may depend on, the widest first, as Linux names them.
SIMD = {"avx512f": "AVX-512", "avx2": "AVX2", "sse4_1": "SSE4.1", "asimd": "NEON"}
WIDTHS = (15, 8, 4, 7, 8, 6, 8, 9, 11, 7, 14, 24, 9, 7)


class Work(NamedTuple):
    """A recorded run to be replayed."""

    name: str  # of the port
    options: dict[str, Any]  # of the port's `build`
    run: Run


class Row(NamedTuple):
    """A recorded run, replayed."""

    name: str
    run: Run
    parity: Parity
    weights: int
    weights_expected: int
    device: str
    engine: str
    seconds: float

    @property
    def equal(self) -> bool:
        return self.parity.equal and self.weights == self.weights_expected

    def cells(self) -> tuple[str, ...]:
        """Returns the row of the table, as HEADER names its columns."""
        windows, n, beyond = self.parity.windows, len(self.parity.errors), self.parity.beyond
        limits = ", ".join(f"{limit:g} over {steps:,}" for steps, limit in self.parity.limits.items())
        return (
            self.run.port, self.run.data, str(self.run.seed), "equal" if self.parity.start else "differs",
            f"{self.parity.gradient.error:.0e}", f"{n:,}",
            *(f"{windows[w]:.1e}" if w in windows else "-" for w in WINDOWS), f"{windows[n]:.1e}",
            f"{beyond[0]:,} ({beyond[1]:.0e})" if beyond else "-", limits,
            "same run" if self.equal else "DIFFERENT", f"{self.seconds:.0f}",
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Returns the row as JSON holds it."""
        beyond, gradient = self.parity.beyond, self.parity.gradient
        return {
            "port": self.run.port, "data": self.run.data, "seed": self.run.seed, "recorded_with": self.run.tensorflow,
            "start": self.parity.start,
            "gradient": {"largest_error": _finite(gradient.error), "variable": gradient.variable},
            "steps": len(self.parity.errors),
            "largest_error": {str(steps): _finite(error) for steps, error in self.parity.windows.items()},
            "tolerance": {str(steps): limit for steps, limit in self.parity.limits.items()},
            "leaves_at": beyond and beyond[0],
            "diverges": [{**one._asdict(), "error": _finite(one.error)} for one in self.parity.leaves],
            "weights": self.weights, "same_run": self.equal, "device": self.device, "engine": self.engine,
            "seconds": round(self.seconds, 1),
        }  # fmt: skip


def plan(
    chosen: list[tuple[str, dict[str, Any]]], given: Recording | None, data: str, seeds: list[int] | None
) -> list[Work]:
    """Finds the runs to replay: of each chosen port with its options, from `given` or from the recording that ships.

    Args:
      chosen: ports' names and options.
      given: a recording from outside.
      data: the data source of the replay.
      seeds: whose runs are replayed; an empty list: all of them; None: the first DEFAULT_RUNS.

    Raises:
      UserError: there is no such recording or seed, `given` is of another port, variant or data, or the port's PROOF
        does not have the variant.
    """
    work = []
    for name, options in chosen:
        variant = ports.variant(name, options)
        recording = given or shipped(variant, data)
        if (recording.port, recording.data) != (variant, data):
            raise UserError(
                f"{recording.name} is of {recording.port} on {recording.data} MNIST; this would replay {variant} on "
                f"{data} MNIST"
            )
        if variant not in ports.facts(name).proof.networks:
            raise UserError(f"{recording.name} cannot be judged: PROOF in ports/{name}.py has no network for {variant}")
        missing = [seed for seed in seeds or [] if seed not in recording.seeds]
        if missing:
            there = ", ".join(map(str, recording.seeds))
            raise UserError(f"{recording.name} has no seed {missing[0]}; it has {there}")
        wanted = recording.seeds[:DEFAULT_RUNS] if seeds is None else seeds or recording.seeds
        build = {key: value for key, value in options.items() if key not in ports.COMMON + ports.RUN_ONLY}
        work += [Work(name, build, run) for run in recording.runs if run.seed in wanted]
    return work


def rows(
    work: list[Work],
    digits: Digits,
    steps: int | None,
    progress: Callable[[range], Any],
    engine_of: Callable[[str], str],
) -> Iterator[Row]:
    """Replays one recorded run after the other, each with the engine of its port. Imports TensorFlow."""
    from legacy_ports.proof.replay import replay
    from legacy_ports.tf1 import device_name

    for name, options, run in work:
        start = time.perf_counter()
        proof = ports.facts(name).proof
        engine = engine_of(name)
        replayed = replay(ports.load(name), name, run, digits, steps, progress, engine, **options)
        compared = parity(proof, run, replayed)
        seconds = time.perf_counter() - start
        yield Row(name, run, compared, replayed.weights, proof.weights, device_name(), engine, seconds)


def line(cells: tuple[str, ...]) -> str:
    """Returns one line of the table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS)).rstrip()


def remarks(row: Row) -> list[str]:
    """Returns the lines that go below a row: where the replay leaves the recorded run, and in which variable."""
    said = [
        {
            "start": f"the initial {one.variable or 'weights'} differs first of the variables"
            + (f", its norm by {one.error:.1e}" if one.error < float("inf") else ""),
            "gradient": f"the first step's gradient by {one.variable or 'some variable'} is off by {one.error:.1e} "
            "from NumPy's in float64, the farthest of the variables: the network or its loss is not the post's",
            "norm": f"after {one.step:,} steps the norm of {one.variable} is off by {one.error:.1e}, the first and "
            "farthest of the variables",
            "loss": f"the loss of step {one.step:,} is the first beyond its tolerance, by {one.error:.1e}",
        }[one.what]
        for one in row.parity.leaves
    ]
    gradient = row.parity.gradient
    if said and gradient not in row.parity.leaves:
        said.append(
            f"the first step's gradients are NumPy's in float64, {gradient.variable or 'one'} the farthest off, by "
            f"{gradient.error:.1e}: look at the start, the batches and the optimizer, not at the layers or the loss"
        )
    if row.weights != row.weights_expected:
        said.append(f"{row.weights:,} weights; the post's network has {row.weights_expected:,}")
    return [f"    {row.run.recording}, seed {row.run.seed}: {text}" for text in said]


def as_json(rows: list[Row], digits: Digits) -> str:
    """Returns the table for other programs."""
    content = {
        "versions": {"python": platform.python_version(), **installed(PACKAGES)},
        "machine": machine(),
        "data": {"source": digits.source, "sha256": digits.sha256},
        "rows": [row.as_json() for row in rows],
    }
    return json.dumps(content, indent=1, allow_nan=False)


def machine() -> str:
    """Returns the processor's architecture and, on Linux, its widest SIMD instructions, e.g. "x86_64, AVX-512"."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        flags = []
    return ", ".join([platform.machine(), *[name for flag, name in SIMD.items() if flag in flags][:1]])


def _finite(error: float) -> float | None:
    """Returns an error as JSON can hold it: it has no infinity."""
    return error if math.isfinite(error) else None
