"""`verify`: replays recorded runs, and says in one table how far each replay is from its recording."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from legacy_ports import UserError, ports
from legacy_ports.data.mnist import Digits
from legacy_ports.proof.parity import WINDOWS, Parity, parity
from legacy_ports.proof.recordings import Recording, Run, shipped
from legacy_ports.run.manifest import PACKAGES, installed

DEFAULT_RUNS = 2  # of a recording, the first so many
HEADER = ("port", "data", "seed", "start", "steps", *(f"first {n:,}" for n in WINDOWS), "all", "leaves at", "tolerance",
          "verdict", "seconds")  # fmt: skip
WIDTHS = (15, 8, 4, 7, 6, 8, 9, 11, 7, 14, 24, 9, 7)


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
    seconds: float

    @property
    def equal(self) -> bool:
        return self.parity.equal and self.weights == self.weights_expected

    def cells(self) -> tuple[str, ...]:
        """Returns the row of the table, as HEADER names its columns."""
        windows, n, beyond = self.parity.windows, len(self.parity.errors), self.parity.beyond
        limits = ", ".join(f"{limit:g} over {steps:,}" for steps, limit in self.parity.limits.items())
        return (
            self.run.port, self.run.data, str(self.run.seed), "equal" if self.parity.start else "differs", f"{n:,}",
            *(f"{windows[w]:.1e}" if w in windows else "-" for w in WINDOWS), f"{windows[n]:.1e}",
            f"{beyond[0]:,} ({beyond[1]:.0e})" if beyond else "-", limits,
            "same run" if self.equal else "DIFFERENT", f"{self.seconds:.0f}",
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Returns the row as JSON holds it."""
        beyond = self.parity.beyond
        return {
            "port": self.run.port, "data": self.run.data, "seed": self.run.seed, "recorded_with": self.run.tensorflow,
            "start": self.parity.start, "steps": len(self.parity.errors),
            "largest_error": {str(steps): error for steps, error in self.parity.windows.items()},
            "tolerance": {str(steps): limit for steps, limit in self.parity.limits.items()},
            "leaves_at": beyond and beyond[0],
            "diverges": [divergence._asdict() for divergence in self.parity.leaves],
            "weights": self.weights, "same_run": self.equal, "device": self.device, "seconds": round(self.seconds, 1),
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
      UserError: there is no such recording or seed, or `given` is of another port, variant or data.
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
        missing = [seed for seed in seeds or [] if seed not in recording.seeds]
        if missing:
            there = ", ".join(map(str, recording.seeds))
            raise UserError(f"{recording.name} has no seed {missing[0]}; it has {there}")
        wanted = recording.seeds[:DEFAULT_RUNS] if seeds is None else seeds or recording.seeds
        build = {key: value for key, value in options.items() if key not in ports.COMMON + ports.RUN_ONLY}
        work += [Work(name, build, run) for run in recording.runs if run.seed in wanted]
    return work


def rows(work: list[Work], digits: Digits, steps: int | None, progress: Callable[[range], Any]) -> Iterator[Row]:
    """Replays one recorded run after the other. Imports TensorFlow."""
    from legacy_ports.proof.replay import replay
    from legacy_ports.tf1 import device_name

    for name, options, run in work:
        start = time.perf_counter()
        proof = ports.facts(name).proof
        replayed = replay(ports.load(name), name, run, digits, steps, progress, **options)
        compared = parity(proof, run, replayed)
        seconds = time.perf_counter() - start
        yield Row(name, run, compared, replayed.weights, proof.weights, device_name(), seconds)


def line(cells: tuple[str, ...]) -> str:
    """Returns one line of the table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS)).rstrip()


def remarks(row: Row) -> list[str]:
    """Returns the lines that go below a row: where the replay leaves the recorded run, and in which variable."""
    said = [
        {
            "start": f"the initial {one.variable or 'weights'} differs first of the variables"
            + (f", its norm by {one.error:.1e}" if one.error < float("inf") else ""),
            "norm": f"after {one.step:,} steps the norm of {one.variable} is off by {one.error:.1e}, the first and "
            "farthest of the variables",
            "loss": f"the loss of step {one.step:,} is the first beyond its tolerance, by {one.error:.1e}",
        }[one.what]
        for one in row.parity.leaves
    ]
    if row.weights != row.weights_expected:
        said.append(f"{row.weights:,} weights; the post's network has {row.weights_expected:,}")
    return [f"    {row.run.recording}, seed {row.run.seed}: {text}" for text in said]


def as_json(rows: list[Row], digits: Digits) -> str:
    """Returns the table for other programs."""
    content = {
        "versions": installed(PACKAGES),
        "data": {"source": digits.source, "sha256": digits.sha256},
        "rows": [row.as_json() for row in rows],
    }
    return json.dumps(content, indent=1)
