"""Compares two recordings of one script: where the second leaves the first, and in which variable."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import UserError
from legacy_ports.original.recording import Recording

TOLERANCE = 1e-4  # relative
WINDOWS = (10, 100, 1000)
HEADER = ("recorded on", "script", "seed", "start", "steps", "scalars", *(f"first {n:,}" for n in WINDOWS), "all",
          "leaves at", "verdict")  # fmt: skip
# The variables of an optimizer: they start from constants, and Keras has had others from version to version.
_OPTIMIZERS = re.compile(
    r"(^|/)(Adam|SGD|RMS[Pp]rop|Adagrad|Adadelta|Adamax|Nadam|Momentum|Ftrl|beta[12]_power)(_\d+)?(/|$)"
)
WIDTHS = (11, 28, 4, 7, 6, 7, 8, 9, 11, 7, 14, 9)


class Comparison(NamedTuple):
    """A replay beside its recording."""

    recording: Recording
    start: bool  # whether all variables start equal, to the bit
    windows: dict[int, float]  # steps -> the largest relative error of a scalar up to that step
    scalars: int  # how many were compared
    leaves: list[str]  # where the replay leaves the recording, in words
    first: tuple[int, float] | None  # the first step beyond the tolerance, and its error
    begins: int | None  # the training step after which norms are off by a hundredth of the tolerance
    ops: list[str]  # in which op they part, in words, if the recording has the outputs of ops and they do part

    @property
    def equal(self) -> bool:
        return not self.leaves

    def cells(self) -> tuple[str, ...]:
        """Returns the row of the table, as HEADER names its columns."""
        of, windows = self.recording, self.windows
        return (
            of.tensorflow, of.script, str(of.seed), "equal" if self.start else "differs", f"{of.steps:,}",
            f"{self.scalars:,}", *(f"{windows[w]:.1e}" if w in windows else "-" for w in WINDOWS),
            f"{max(windows.values()):.1e}" if windows else "-",
            f"{self.first[0]:,} ({self.first[1]:.0e})" if self.first else "-",
            "same run" if self.equal else "DIFFERENT",
        )  # fmt: skip


def compare(recording: Recording, replay: Recording, tolerance: float = TOLERANCE) -> Comparison:
    """Compares a replay with its recording: op-level seeds, starts, scalars, then norms.

    Scalars are compared in their order, because the names of tensors change from one TensorFlow to the next. If both
    do not have the same variables, those of optimizers are left out.
    """
    if recording.shapes != replay.shapes:
        recording, replay = _without_optimizers(recording), _without_optimizers(replay)
    said = [line for line in (_seeds(recording, replay), _start(recording, replay)) if line]
    start = recording.starts == replay.starts
    ours, theirs = replay.scalars, recording.scalars
    n = min(len(ours), len(theirs))
    apart = np.flatnonzero(ours[:n, 0] != theirs[:n, 0])
    if len(apart):
        k = int(apart[0])
        said.append(f"fetch {k:,} is at step {int(ours[k, 0]):,}, in the recording at {int(theirs[k, 0]):,}")
        n = k
    elif len(ours) != len(theirs):
        said.append(f"{len(ours):,} scalars are fetched, in the recording {len(theirs):,}")
    steps, errors = theirs[:n, 0], relative(ours[:n, 2], theirs[:n, 2])
    windows = {
        w: float(errors[steps < w].max(initial=0)) for w in (*WINDOWS, recording.steps + 1) if w <= recording.steps + 1
    }
    off = np.flatnonzero(errors > tolerance)
    first = (int(steps[off[0]]), float(errors[off[0]])) if len(off) else None
    if first:
        name = recording.scalar_names[int(theirs[off[0], 1])]
        said.append(f"{name} at step {first[0]:,} is the first scalar beyond the tolerance, by {first[1]:.1e}")
    if norm := _norm(recording, replay, tolerance):
        said.append(f"after {norm[0]:,} steps the norm of {norm[1]} is off by {norm[2]:.1e}, the farthest")
    if not n and not recording.starts:
        said.append("the recording holds neither a variable nor a scalar: nothing is proved")
    begin = _norm(recording, replay, tolerance / 100) if said else None
    ops = _ops(recording, replay, tolerance) if said else []
    return Comparison(recording, start, windows, n, said, first, begin and begin[0], ops)


def _without_optimizers(recording: Recording) -> Recording:
    kept = [k for k, name in enumerate(recording.variables) if not _OPTIMIZERS.search(name)]
    lists = (recording.variables, recording.shapes, recording.starts)
    variables, shapes, starts = ([each[k] for k in kept] for each in lists)
    return recording._replace(variables=variables, shapes=shapes, starts=starts, norms=recording.norms[:, kept])


def _seeds(recording: Recording, replay: Recording) -> str | None:
    ours, theirs = replay.op_seeds[:, 0], recording.op_seeds[:, 0]
    n = min(len(ours), len(theirs))
    apart = np.flatnonzero(ours[:n] != theirs[:n])
    if len(apart) or len(ours) != len(theirs):
        k = int(apart[0]) if len(apart) else n
        return f"random op {k + 1} differs: {len(ours)} op-level seeds are asked for, in the recording {len(theirs)}"
    return None


def _start(recording: Recording, replay: Recording) -> str | None:
    for k, (ours, theirs) in enumerate(zip(replay.starts, recording.starts)):
        if replay.shapes[k] != recording.shapes[k]:
            name, shape = recording.variables[k], recording.shapes[k]
            return f"variable {k + 1}, {name}, has the shape {replay.shapes[k]}, not {shape}"
        if ours != theirs:
            return f"the initial {recording.variables[k]} differs first of the variables"
    if len(replay.starts) != len(recording.starts):
        return f"{len(replay.starts)} variables are trained, in the recording {len(recording.starts)}"
    return None


def _norm(recording: Recording, replay: Recording, tolerance: float) -> tuple[int, str, float] | None:
    """Returns the first step after which norms are off by more than the tolerance, which one most, and by how much."""
    if replay.shapes != recording.shapes:
        return None
    ours = dict(zip(replay.norm_steps, replay.norms))
    for steps, theirs in zip(recording.norm_steps, recording.norms):
        errors = np.nan_to_num(relative(ours.get(steps, theirs), theirs), posinf=0)
        if (errors > tolerance).any():
            k = int(errors.argmax())
            return steps, recording.variables[k], errors[k]
    return None


def _ops(recording: Recording, replay: Recording, tolerance: float) -> list[str]:
    """Names the first op that differs, the first with another number of zeros, and the first beyond the tolerance.

    An op stands behind those whose outputs it takes. So the inputs of the first one that differs are equal, but for
    those that are not in both graphs. An op is in both under its name, with its type and its shape. Variables count as
    ops. Another number of zeros shows that rounding has sent a value to the other side, e.g. of a ReLU's bend.
    """
    ours = {op: k for k, op in enumerate(zip(replay.ops, replay.op_types, replay.op_shapes))}
    theirs = enumerate(zip(recording.ops, recording.op_types, recording.op_shapes))
    pairs = [(k, ours[op]) for k, op in theirs if op in ours]
    if not pairs:
        return ["no op of the recorded step is in today's graph too"] if recording.ops else []
    a, b = recording.op_values[[k for k, _ in pairs]], replay.op_values[[k for _, k in pairs]]
    largest = np.maximum(np.abs(a[:, 2:]).max(axis=1), np.abs(b[:, 2:]).max(axis=1))
    with np.errstate(all="ignore"):
        values = np.where(largest > 0, np.abs(a[:, 2:] - b[:, 2:]).max(axis=1) / largest, 0)
    errors = np.maximum(np.nan_to_num(values, nan=np.inf), relative(b[:, 0], a[:, 0]))
    apart = np.array([recording.op_digests[k] != replay.op_digests[m] for k, m in pairs])
    said = [
        f"of training step {recording.ops_step:,}, {len(pairs):,} of {len(recording.ops):,} outputs are in both graphs"
    ]
    for text, which, sizes in (
        ("that differs", apart, errors),
        ("with another number of zeros", a[:, 1] != b[:, 1], np.abs(a[:, 1] - b[:, 1])),
        ("beyond the tolerance", errors > tolerance, errors),
    ):
        if which.any():
            n = int(which.argmax())
            k = pairs[n][0]
            said.append(f"the first {text} is {recording.ops[k]} ({recording.op_types[k]}), by {sizes[n]:.2g}")
    return said


def compare_events(
    old: dict[str, dict[int, float]], replay: Recording, tolerance: float = TOLERANCE
) -> tuple[list[str], bool]:
    """Compares the scalar summaries that a script writes with those in old event files, from `old_scalars`.

    Returns:
      A line for each tag, and whether all are equal within the tolerance.

    Raises:
      UserError: none of the tags is in both.
    """
    ours: dict[str, dict[int, float]] = {}
    for step, tag, value in replay.summaries.tolist():
        ours.setdefault(replay.summary_tags[int(tag)], {})[int(step)] = value
    common = [tag for tag in old if tag in ours]
    if not common:
        raise UserError(
            f"the event files and the script share no scalar's tag: the files have {', '.join(old) or 'none'}; "
            f"the script writes {', '.join(ours) or 'none'}"
        )
    lines, equal = [], True
    for tag in common:
        steps = sorted(old[tag].keys() & ours[tag].keys())
        errors = relative(np.array([ours[tag][s] for s in steps]), np.array([old[tag][s] for s in steps]))
        off = np.flatnonzero(errors > tolerance)
        equal &= bool(steps) and not len(off)
        where = f"leaves at step {steps[off[0]]:,} ({errors[off[0]]:.0e})" if len(off) else "stays within the tolerance"
        lines.append(f"{tag}: {len(steps):,} steps in both, largest error {errors.max(initial=0):.1e}, {where}")
    return lines, equal


def old_scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Returns the scalar summaries in the event files of a folder, by tag and step.

    Raises:
      UserError: there are no event files.
    """
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    found: dict[str, dict[int, float]] = {}
    files = sorted(folder.rglob("*tfevents*")) if folder.is_dir() else []
    if not files:
        raise UserError(f"{folder}: no event files there")
    for path in files:
        for event in LegacyEventFileLoader(str(path)).Load():
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    found.setdefault(value.tag, {})[event.step] = value.simple_value
    return found


def relative(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Returns |ours / theirs - 1|, 0 where both are equal or NaN, infinite where only one is finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.where((ours == theirs) | np.isnan(ours) & np.isnan(theirs), 0.0, np.abs(ours / theirs - 1))
    return np.where(np.isfinite(errors), errors, np.inf)


def line(cells: tuple[str, ...]) -> str:
    """Returns one line of the table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS)).rstrip()


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Returns a comparison as JSON holds it."""
    of = comparison.recording
    return {
        "recording": of.name, "script": of.script, "tensorflow": of.tensorflow, "seed": of.seed, "steps": of.steps,
        "start": comparison.start, "scalars": comparison.scalars,
        "largest_error": {str(k): v for k, v in comparison.windows.items()},
        "leaves": comparison.leaves, "ops": comparison.ops, "same_run": comparison.equal,
    }  # fmt: skip
