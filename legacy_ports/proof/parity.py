"""How far a replay is from the run that it replays, and which variable leaves first."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from legacy_ports.ports import Proof
from legacy_ports.proof import gradients
from legacy_ports.proof.recordings import Run

if TYPE_CHECKING:
    from legacy_ports.proof.replay import Replay  # at run time it would import TensorFlow

WINDOWS = (10, 100, 1000)  # steps over which the largest error is shown, beside all


class Divergence(NamedTuple):
    """Where a replay leaves its recording: a variable's start, a variable's norm, or the loss.

    Or where it leaves NumPy's float64: a variable's gradient of the first step.
    """

    what: str  # "start", "gradient", "norm" or "loss"
    step: int  # of a loss: counted from 0; of a norm: how many steps were done
    error: float  # relative; of a start: 1 where the norms say nothing
    variable: str = ""


class Parity(NamedTuple):
    """A replay beside its recording."""

    start: bool  # whether all initial weights are the recorded ones, to the bit
    gradient: Divergence  # of the variable whose first gradient is the farthest off, judged or not
    windows: dict[int, float]  # steps -> the largest relative error of a loss over the first so many
    limits: dict[int, float]  # steps -> the tolerance over the first so many
    errors: np.ndarray  # float64 [steps], the relative error of each step's loss
    leaves: list[Divergence]  # the first of each kind; none: the replay is the recorded run

    @property
    def equal(self) -> bool:
        return not self.leaves

    @property
    def beyond(self) -> tuple[int, float] | None:
        """Returns the first step whose error is beyond the last tolerance, judged or not, and the error."""
        steps = np.flatnonzero(self.errors > self.limits[max(self.limits)])
        return (int(steps[0]), float(self.errors[steps[0]])) if len(steps) else None

    @property
    def first_off(self) -> int | None:
        """Returns the step at which the replay leaves: 0 for the start."""
        return min((divergence.step for divergence in self.leaves), default=None)


def limits(proof: Proof, run: Run, steps: int) -> dict[int, float]:
    """Returns the tolerances of a run over its first steps, at most `steps`: {steps: the largest relative error}."""
    reach = dict(proof.tolerances[run.port])
    further = proof.horizons.get(run.port, {}).get(run.data, {}).get(run.seed)
    if further is not None:
        reach[further] = reach.pop(max(reach))
    cut: dict[int, float] = {}
    for end, limit in sorted(reach.items()):
        end = min(end, steps)
        cut[end] = min(limit, cut.get(end, np.inf))  # of two that end there, the tighter
    return cut


def parity(proof: Proof, run: Run, replay: "Replay") -> Parity:
    """Compares a replay, whole or the first steps of one, with the recorded run."""
    errors = relative(replay.losses, run.losses[: len(replay.losses)].astype(np.float64))
    n = len(errors)
    reach = limits(proof, run, n)
    windows = {steps: float(errors[:steps].max()) for steps in (*(w for w in WINDOWS if w < n), n)}
    gradient = _gradient(run, replay)
    off = gradient if gradient.error > gradients.TOLERANCE else None
    found = (_start(run, replay), off, _norm(proof, run, replay), _loss(reach, errors))
    return Parity(replay.start == run.start, gradient, windows, reach, errors, [one for one in found if one])


def relative(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Returns |ours / theirs - 1|, 0 where both are 0, infinite where ours is not finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.where(ours == theirs, 0.0, np.abs(ours / theirs - 1))
    return np.where(np.isfinite(errors), errors, np.inf)


def _start(run: Run, replay: "Replay") -> Divergence | None:
    if replay.start == run.start:
        return None
    for k, (ours, theirs) in enumerate(zip(replay.variable_starts, run.variable_starts)):
        if ours != theirs:
            error = relative(replay.norms[0, k], run.norms[0, k]) if len(replay.norms) else np.inf
            return Divergence("start", 0, float(error), run.variables[k])
    return Divergence("start", 0, np.inf)  # other variables, or other shapes


def _gradient(run: Run, replay: "Replay") -> Divergence:
    k = int(np.argmax(replay.gradients))
    variable = run.variables[k] if len(run.variables) == len(replay.gradients) else ""
    return Divergence("gradient", 0, replay.gradients[k], variable)


def _norm(proof: Proof, run: Run, replay: "Replay") -> Divergence | None:
    if replay.norms.shape[1:] != run.norms.shape[1:]:
        return None
    for steps, ours, theirs in zip(run.norm_steps, replay.norms, run.norms):
        judged = [limit for end, limit in proof.norms.items() if steps <= end]
        errors = relative(ours, theirs)
        if steps and judged and (errors > min(judged)).any():
            k = int(errors.argmax())
            return Divergence("norm", int(steps), float(errors[k]), run.variables[k])
    return None


def _loss(reach: dict[int, float], errors: np.ndarray) -> Divergence | None:
    off = [np.flatnonzero(errors[:steps] > limit) for steps, limit in reach.items()]
    first = min((int(steps[0]) for steps in off if len(steps)), default=None)
    return None if first is None else Divergence("loss", first, float(errors[first]))
