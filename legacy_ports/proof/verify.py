"""`verify`: replays recordings, and says in one table how far each replay is from its recording."""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from legacy_ports import UserError, ports
from legacy_ports.data.mnist import Digits
from legacy_ports.proof import recordings

HEADER = (
    "port",
    "data",
    "seed",
    "steps",
    *(f"first {n:,}" for n in recordings.WINDOWS),
    "all",
    "tolerance",
    "verdict",
    "seconds",
)
WIDTHS = (15, 8, 4, 6, 8, 9, 11, 7, 34, 9, 7)


class Row(NamedTuple):
    """One recording, replayed."""

    port: str
    recording: recordings.Recording
    parity: recordings.Parity
    weights: int
    weights_expected: int
    seconds: float

    @property
    def equal(self) -> bool:
        return self.parity.equal and self.weights == self.weights_expected

    def cells(self) -> tuple[str, ...]:
        """The row of the table, as HEADER names its columns."""
        windows = self.parity.windows
        n = len(self.parity.errors)
        limits = ", ".join(f"{limit:g} over {steps:,}" for steps, limit in self.parity.limits.items())
        return (
            self.recording.port,
            self.recording.data,
            str(self.recording.seed),
            f"{n:,}",
            *(f"{windows[w]:.1e}" if w in windows else "-" for w in recordings.WINDOWS),
            f"{windows[n]:.1e}",
            limits,
            "equal" if self.equal else "DIFFERENT",
            f"{self.seconds:.0f}",
        )


Work = list[tuple[str, dict[str, Any], recordings.Recording]]


def plan(chosen: list[tuple[str, dict[str, Any]]], given: recordings.Recording | None, digits: Digits) -> Work:
    """The recordings to replay: of each chosen port with its options, `given` or those that ship.

    Raises:
      UserError: there is none, or `given` is of another port, variant or data.
    """
    work = []
    for name, options in chosen:
        variant = recordings.variant(name, options)
        found = [given] if given else recordings.pinned(variant, digits.source)
        if not found:
            raise UserError(f"there is no recording of {variant} on {digits.source} MNIST")
        for recording in found:
            if (recording.port, recording.data) != (variant, digits.source):
                raise UserError(
                    f"{recording.name} is of {recording.port} on {recording.data} MNIST; "
                    f"this would replay {variant} on {digits.source} MNIST"
                )
            own = {key: value for key, value in options.items() if key not in ports.COMMON + ports.RUN_ONLY}
            work.append((name, own, recording))
    return work


def rows(work: Work, digits: Digits, steps: int | None, progress: Callable[[range], Any]) -> Iterator[Row]:
    """Replays one recording after the other; imports TensorFlow."""
    # TensorFlow 1's wheels were built for SSE, without AVX or FMA. Held to SSE too, oneDNN also rounds
    # the same on every x86 processor, and so the verdict is the same.
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "SSE41")
    from legacy_ports.proof import replay

    for name, own, recording in work:
        start = time.perf_counter()
        replayed = replay.replay(ports.load(name), recording, digits, steps, **own, progress=progress)
        parity = recordings.parity(replayed.losses, recording)
        yield Row(name, recording, parity, replayed.weights, recordings.WEIGHTS[name], time.perf_counter() - start)


def line(cells: tuple[str, ...]) -> str:
    """One line of the table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS)).rstrip()


def remarks(row: Row) -> list[str]:
    """What is to be said of a row beyond its cells."""
    said = []
    step = row.parity.first_off
    if step is not None:
        said.append(
            f"    {row.recording.name}: step {step:,} is the first beyond its tolerance, "
            f"with an error of {row.parity.errors[step]:.1e}"
        )
    if row.weights != row.weights_expected:
        said.append(
            f"    {row.recording.name}: {row.weights:,} weights, the post's network has {row.weights_expected:,}"
        )
    return said
