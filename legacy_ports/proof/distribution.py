"""Where a run lies among runs of the post's own TensorFlow: the statistic of `compare`, in NumPy and SciPy.

A run is held against the recorded runs at milestones, which were fixed beforehand: its number there is its mean loss
over the window of steps that ends at the milestone. For one more run of the same experiment, and N recorded ones, the
prediction interval of a milestone is

    exp(m -+ t * s * sqrt(1 + 1 / N))

with m and s the mean and standard deviation of the logarithms and t the quantile of Student's t with N - 1 degrees of
freedom, two-sided; for the mean of M more runs, 1 / M stands for 1: Hahn and Meeker, Statistical Intervals (1991),
sections 4.7 and 4.8. The logarithm, because losses spread in proportion to their size. Of all faithful runs at most
ALPHA may be rejected at any of the K milestones, so each milestone gets ALPHA / K (Bonferroni). A spread under FLOOR
counts as FLOOR, because N runs can lie closer together by chance than rounding and the order of batches allow.

Some networks get stuck: a share of their runs stays at one loss, the plateau (`Proof.plateau`), and the others leave it
at a step that chance decides. No normal distribution describes both. So after the first milestone, where all runs are
alike, the interval reaches from the lower limit of the free runs (0 where they are too few) to the upper limit of the
stuck ones.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit  # scipy.stats takes half a second to import

from legacy_ports import UserError, ports
from legacy_ports.proof.recordings import Recording, shipped

ALPHA = 0.01
FLOOR = 0.002
STUCK = 0.97  # of the plateau: a mean loss above this is on it
FEW = 4  # from so many free runs on, their spread says how far down a run may be


class Runs(NamedTuple):
    """The recorded runs of one experiment at its milestones. There are N runs and K milestones."""

    recording: Recording
    milestones: list[int]  # steps, and the last one again for the test loss
    window: int  # steps
    losses: np.ndarray  # float64 [N, K + 1]: mean losses of the windows, then the test loss
    plateau: float | None


class Milestone(NamedTuple):
    """A run at one milestone: its mean loss, and the interval in which it must lie."""

    step: int | None  # None: the test loss, after the last step
    loss: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        return self.low <= self.loss <= self.high


def recorded(variant: str, data: str) -> Runs:
    """Returns the recorded runs that ship with the package.

    Raises:
      UserError: there are none of this port, or variant, on this data.
    """
    recording = shipped(variant, data)
    proof = ports.facts(port_of(variant)).proof
    ends, window = proof.milestones[data], proof.window[data]
    losses = np.column_stack([mean_losses(recording.losses, ends, window), recording.test_losses])
    return Runs(recording, [*ends, ends[-1]], window, losses, proof.plateau.get(data))


def port_of(variant: str) -> str:
    """Returns the port of a variant that has a recording."""
    return next(name for name in ports.NAMES if variant == name or variant in ports.facts(name).proof.variants)


def mean_losses(losses: np.ndarray, milestones: tuple[int, ...] | list[int], window: int, every: int = 1) -> np.ndarray:
    """Returns the mean losses over the windows that end at milestones, float64 [..., as many as were reached].

    Args:
      losses: of steps, or means over `every` steps each, [..., n].

    Raises:
      ValueError: a window is not a whole number of those means.
    """
    if window % every or any(end % every for end in milestones):
        raise ValueError(f"windows of {window} steps that end at {milestones} are not made of {every} steps each")
    reached = [end // every for end in milestones if end // every <= losses.shape[-1]]
    parts = [losses[..., end - window // every : end].mean(axis=-1, dtype=np.float64) for end in reached]
    return np.stack(parts, axis=-1) if parts else np.empty((*losses.shape[:-1], 0))


def prediction_interval(losses: np.ndarray, alpha: float, more: int = 1, widen: float = 1.0) -> tuple[float, float]:
    """Returns where one more run lies, or the geometric mean of `more` runs, but for a share `alpha` of cases.

    Args:
      losses: of N recorded runs at one milestone, float [N], positive.
      widen: a factor on the width of the interval.

    Raises:
      ValueError: there are fewer than two runs.
    """
    if len(losses) < 2:
        raise ValueError("a spread needs two runs")
    logs = np.log(losses)
    t = stdtrit(len(losses) - 1, 1 - alpha / 2)
    half = widen * t * max(logs.std(ddof=1), FLOOR) * math.sqrt(1 / more + 1 / len(losses))
    return math.exp(logs.mean() - half), math.exp(logs.mean() + half)


def stuck(runs: Runs, losses: np.ndarray) -> np.ndarray:
    """Returns which of the losses [...] are on the plateau, bool [...]."""
    return np.zeros(losses.shape, bool) if runs.plateau is None else losses >= STUCK * runs.plateau


def interval(runs: Runs, k: int, more: int = 1) -> tuple[float, float]:
    """Returns the interval of milestone `k` (the last one: of the test loss), for one run or the mean of `more`."""
    alpha, losses = ALPHA / len(runs.milestones), runs.losses[:, k]
    if runs.plateau is None or k == 0:
        return prediction_interval(losses, alpha, more)
    return two_state_interval(losses, stuck(runs, losses), alpha, runs.plateau * (1 + 10 * FLOOR))


def two_state_interval(
    losses: np.ndarray, on_it: np.ndarray, alpha: float, high: float, widen: float = 1.0
) -> tuple[float, float]:
    """Returns where one more run lies that may be stuck, free, or between.

    Args:
      losses: of N recorded runs at one milestone, float [N], positive.
      on_it: which of them are stuck, bool [N].
      high: the upper limit where fewer than two are stuck.
      widen: see `prediction_interval`.
    """
    if on_it.sum() > 1:
        high = prediction_interval(losses[on_it], alpha, widen=widen)[1]
    low = prediction_interval(losses[~on_it], alpha, widen=widen)[0] if (~on_it).sum() >= FEW else 0.0
    return low, high


def judge(runs: Runs, losses: np.ndarray, test_loss: float | None) -> list[Milestone]:
    """Holds a run against the recorded ones, at the milestones that it reached.

    Args:
      losses: the run's mean losses at the milestones, float [up to K], as `mean_losses` gives them.
      test_loss: after as many steps as were recorded; else None.
    """
    found = [Milestone(runs.milestones[k], float(loss), *interval(runs, k)) for k, loss in enumerate(losses)]
    if test_loss is not None and len(losses) == len(runs.milestones) - 1:
        found.append(Milestone(None, float(test_loss), *interval(runs, len(losses))))
    return found


def judge_mean(runs: Runs, losses: np.ndarray) -> list[Milestone]:
    """Holds the geometric mean of M runs against the recorded ones: it sees less than one run can show.

    Where some runs get stuck only the first milestone is judged, because the mean of two kinds of runs says nothing.

    Args:
      losses: the runs' mean losses at the milestones, float [M, up to K].
    """
    means = np.exp(np.log(losses).mean(axis=0))
    return [
        Milestone(runs.milestones[k], float(mean), *interval(runs, k, len(losses)))
        for k, mean in enumerate(means)
        if runs.plateau is None or k == 0
    ]


def test_loss_band(port: str, options: dict[str, Any], data: str) -> str:
    """Says in words what the post's own TensorFlow gave for the final test loss, for a seed that was recorded first."""
    post = ports.post_options(port)
    changed = [key for key, value in post.items() if key in ports.COMMON + ports.RUN_ONLY and options[key] != value]
    if any(key != "classifier" for key in changed):
        return "nothing to compare with: these are not the post's options"
    try:
        recording = recorded(ports.variant(port, options), data).recording
    except UserError:
        return "nothing was recorded to compare with"
    low, high = recording.test_losses.min(), recording.test_losses.max()
    run = recording.run(options["seed"])
    own = f"{run.test_loss:.5f} with this seed, " if run else ""
    return (
        f"TensorFlow {recording.tensorflow} after {recording.steps:,} steps: {own}{low:.5f} to {high:.5f} with "
        f"{len(recording.seeds)} seeds"
    )
