"""Where a run lies among runs of the post's own TensorFlow: the statistic of `compare`, in NumPy and SciPy.

The loss is compared as the mean over a window of steps, at checkpoints that were fixed beforehand. For
one more run of the same experiment, and N recorded ones, the prediction interval of a checkpoint is

    exp(m -+ t * s * sqrt(1 + 1 / N))

with m and s the mean and standard deviation of the logarithms and t the quantile of Student's t with N -
1 degrees of freedom, two-sided; for the mean of M more runs, 1 / M stands for 1: Hahn and Meeker,
Statistical Intervals (1991), sections 4.7 and 4.8. The logarithm, because losses spread by their size. Of
all faithful runs at most ALPHA may be rejected at any of the K checkpoints, so each gets ALPHA / K
(Bonferroni). A spread under FLOOR counts as FLOOR: N runs can lie closer together by chance than rounding
and the order of batches allow.
"""

import json
import math
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from legacy_ports import UserError, ports
from legacy_ports.proof.recordings import FOLDER, file_data, variant

ALPHA = 0.01
FLOOR = 0.002
FEW = 4  # with fewer runs, their spread is pooled over the checkpoints

# Early and late, close together where the loss falls fast. A window ends at each, and begins at the
# recorded step before it. None of vandenburg between 1,500 and 2,500: there some runs are already past a
# plateau that most are on, and their spread is far from normal.
CHECKPOINTS = {
    ("vandenburg", "full"): (500, 1000, 4000, 7000, 10000),
    ("vandenburg", "bundled"): (500, 1000, 4000, 7000, 10000),
    ("vandenburg_relu", "full"): (500, 1000, 4000, 7000, 10000),
    ("vandenburg_relu", "bundled"): (500, 1000, 4000, 7000, 10000),
    ("kajuvonen", "full"): (100, 200, 400, 800, 1400, 2000),
    ("kajuvonen", "bundled"): (100, 200, 400, 800, 1400, 2000),
    ("smith", "full"): (10, 50, 100, 200, 500, 1000),
    ("smith", "bundled"): (10, 50, 100, 200, 500, 1000),
    ("mathybit_dense", "full"): (300, 600, 1500, 4500, 9000, 15000),
    ("mathybit_dense", "bundled"): (20, 40, 100, 300, 600, 1000),
    ("mathybit_conv", "full"): (300, 600, 900, 1200, 1500),
    ("mathybit_conv", "bundled"): (20, 40, 60, 80, 100),
}

# These runs have two states: on a plateau, where the network gives the mean image, or escaped from it,
# at a step that chance decides. Nothing normal is about a mixture of the two.
TWO_STATES = {"mathybit_dense"}
ESCAPED = 0.99  # of the recorded runs' median, which is the plateau: most of them never leave it


class Runs(NamedTuple):
    """Recorded runs of one port on one data set, each with its own random start: recordings/README.md."""

    port: str  # with its variant, e.g. "vandenburg_relu"
    data: str  # "full" or "bundled"
    tensorflow: str
    seeds: list[int]
    steps: np.ndarray  # int [M], where the windows end
    window: np.ndarray  # float64 [N, M], the mean loss of each
    test_loss: np.ndarray  # float64 [N], after the last step


class Check(NamedTuple):
    """One checkpoint of a run: its mean loss, and the interval it must lie in."""

    step: int | None  # None: the test loss, after the last step
    loss: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        return self.low <= self.loss <= self.high


def recorded(port: str, source: str) -> Runs:
    """The recorded runs that ship with the package.

    Raises:
      UserError: there are none of this port, or variant, on this data.
    """
    path = FOLDER / f"free-{port}-{file_data(source)}.json"
    if (port, source) not in CHECKPOINTS or not path.is_file():
        raise UserError(f"no runs of {port} on {source} MNIST were recorded")
    record = json.loads(path.read_text(encoding="utf-8"))
    return Runs(
        port,
        source,
        record["tensorflow"],
        record["seeds"],
        np.array(record["steps"]),
        np.array(record["window"], float),
        np.array(record["test_loss"], float),
    )


def windows(steps: np.ndarray, every: int, mean_loss: np.ndarray) -> np.ndarray:
    """The mean loss over the windows that end at `steps`, from means over `every` steps each.

    Returns:
      float64, as many of the windows as the run got through.

    Raises:
      ValueError: a window is not a whole number of those means.
    """
    if (steps % every).any():
        raise ValueError(f"windows that end at {steps.tolist()} are not made of {every} steps each")
    ends = steps // every
    starts = np.concatenate([[0], ends[:-1]])
    return np.array([np.mean(mean_loss[a:b]) for a, b in zip(starts, ends) if b <= len(mean_loss)])


def prediction_interval(runs: np.ndarray, alpha: float = ALPHA, more: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Where one more run lies at all of K checkpoints, or the mean of some, but for a share `alpha` of cases.

    Args:
      runs: positive losses of N runs, float [N, K], N at least 2.
      more: of how many more runs it is the (geometric) mean.

    Returns:
      low, high: float64 [K].

    Raises:
      ValueError: there are fewer than two runs.
    """
    n, k = runs.shape
    if n < 2:
        raise ValueError("a spread needs two runs")
    logs = np.log(runs)
    spread, freedom = logs.std(axis=0, ddof=1), n - 1
    if n < FEW:  # one standard deviation for all checkpoints, on as many degrees of freedom as went into it
        spread, freedom = np.full(k, math.sqrt(np.mean(spread**2))), k * (n - 1)
    t = stats.t.ppf(1 - alpha / (2 * k), freedom)
    half = t * np.maximum(spread, FLOOR) * math.sqrt(1 / more + 1 / n)
    return np.exp(logs.mean(axis=0) - half), np.exp(logs.mean(axis=0) + half)


def escapes(runs: Runs, window: np.ndarray) -> int | None:
    """The step from which a run, float [up to M], is off the plateau to its end; None: it never is."""
    below = window < ESCAPED * np.median(runs.window, axis=0)[: len(window)]
    off = len(below) - int(np.argmin(below[::-1])) if not below.all() else 0
    return int(runs.steps[off]) if off < len(below) else None


def judge(runs: Runs, window: np.ndarray, test_loss: float | None) -> list[Check]:
    """Holds a run against recorded ones, at the checkpoints that it reached.

    In two states: a run on the plateau must lie where the recorded runs lie that were on it, too; one
    that has escaped must lie below it, and how far is not judged (few recorded runs escaped, each at a step
    of its own). The first checkpoint judges every run by all recorded ones: none escapes that early.

    Args:
      window: the run's mean losses, float [up to M], as `windows` gives them.
      test_loss: after as many steps as were recorded; else None.
    """
    at = np.searchsorted(runs.steps, CHECKPOINTS[runs.port, runs.data])
    values = np.append(window, [test_loss] if len(window) == len(runs.steps) and test_loss is not None else [])
    recorded = np.column_stack([runs.window, runs.test_loss])  # [N, M + 1], the last: the test loss
    columns = [*at, len(runs.steps)]
    if runs.port not in TWO_STATES:
        low, high = prediction_interval(recorded[:, columns])
    else:
        ends = np.append(runs.steps, runs.steps[-1])
        escaped_at = np.array([escapes(runs, row) or math.inf for row in runs.window])
        ours = escapes(runs, window) or math.inf
        low, high = np.empty(len(columns)), np.empty(len(columns))
        for k, column in enumerate(columns):
            staying = recorded[(escaped_at > ends[column]) | (k == 0)][:, [column]]
            low[k], high[k] = (limit[0] for limit in prediction_interval(staying, ALPHA / len(columns)))
            if ours <= ends[column] and k:
                low[k] = 0.0
    steps = [*(int(step) for step in runs.steps), None]
    return [
        Check(steps[column], float(values[column]), float(low[k]), float(high[k]))
        for k, column in enumerate(columns)
        if column < len(values)
    ]


def judge_mean(runs: Runs, window: np.ndarray) -> list[Check]:
    """Holds the mean of M runs of one state against the recorded ones: it sees less than one run can show.

    Args:
      window: the runs' mean losses, float [M, up to the recorded windows].
    """
    at = np.searchsorted(runs.steps, CHECKPOINTS[runs.port, runs.data])
    low, high = prediction_interval(runs.window[:, at], more=len(window))
    means = np.exp(np.log(window).mean(axis=0))
    return [
        Check(int(runs.steps[i]), float(means[i]), float(low[k]), float(high[k]))
        for k, i in enumerate(at)
        if i < len(means)
    ]


def test_loss_band(port: str, options: dict[str, Any], source: str) -> str:
    """What the post's own TensorFlow gives for the final test loss, in words."""
    defaults = ports.facts(port).options
    if any(
        options.get(key, default) != default
        for key, default in defaults.items()
        if key in ports.COMMON + ports.RUN_ONLY
    ):
        return "nothing to compare with: these are not the post's options"
    try:
        runs = recorded(variant(port, options), source)
    except UserError:
        return "nothing was recorded to compare with"
    return (
        f"TensorFlow {runs.tensorflow}, {len(runs.seeds)} seeds: {runs.test_loss.min():.5f} to "
        f"{runs.test_loss.max():.5f} after {runs.steps[-1]:,} steps"
    )
