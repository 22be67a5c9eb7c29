"""The band in which a training curve has to lie, made of recorded runs of anybody's training. NumPy and SciPy only.

A run is judged in WINDOWS windows of steps, each about as many times longer than the one before, so that the start, the
descent and the end all count. Its mean loss in a window must lie in the prediction interval of `proof.distribution`,
too high is too slow, too low is too fast. ALPHA is divided among the windows (Bonferroni).

The interval rests on the logarithms being normal. So that it holds where they are not, each recorded run is also held
against the others: if one lies outside, all intervals are widened until it does not. Of N + 1 runs of one kind none is
more likely than the others to be the most extreme, so about 1 in N + 1 faithful runs is rejected, however they spread.

Some networks get stuck. If the recorded runs end at two losses, far from each other, the interval reaches from the
lower limit of the free runs to the upper limit of the stuck ones: see `proof.distribution`.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from legacy_ports import UserError, files
from legacy_ports.proof import distribution

ALPHA = 0.005  # of faithful runs, if the logarithms of their losses are normal
WINDOWS = 6
FEWEST = 10  # runs of which a band is made
GAP = 5  # standard deviations within the two states, between them


class Verdict(NamedTuple):
    """A run, or the mean of several, in one window."""

    first: int  # step, from 1 on
    last: int
    loss: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        return self.low <= self.loss <= self.high

    def __str__(self) -> str:
        how = "" if self.inside else ": too slow" if self.loss > self.high else ": too fast"
        limits = f"{self.low:.5g} to {self.high:.5g}"
        steps = f"step {self.first}" if self.first == self.last else f"steps {self.first} to {self.last}"
        return f"{steps}: mean loss {self.loss:.5g}, the band is {limits}{how}"


class Band(NamedTuple):
    """A band of N recorded runs, in K windows."""

    ends: list[int]  # the last step of each window
    losses: np.ndarray  # float64 [N, K]: mean losses in the windows
    states: np.ndarray | None = None  # bool [N]: which of the runs are stuck at the end; None: they are of one kind
    widen: float = 1.0

    def judge(self, *curves: Sequence[float] | np.ndarray) -> list[Verdict]:
        """Holds a run, or the geometric mean of several runs, against the band.

        Several runs see more than one. Where runs of two kinds were recorded, each must lie inside, with its part of
        ALPHA.

        Args:
          curves: a loss per step, float [steps], each of another seed.

        Raises:
          ValueError: a curve is shorter than the recorded ones.
        """
        found = []
        means = np.array([self._means(curve) for curve in curves])
        for k, (first, last) in enumerate(zip([0, *self.ends], self.ends)):
            if self.states is None or k == 0:
                together = np.exp(np.log(means[:, k]).mean())[None]
                limits = self._limits(k, ALPHA, len(curves))
            else:
                together = means[:, k]
                limits = self._limits(k, ALPHA / len(curves))
            found += [Verdict(first + 1, last, float(loss), *limits) for loss in together]
        return found

    def share(self, *curves: Sequence[float] | np.ndarray) -> tuple[int, float]:
        """Returns how many of the runs are stuck at the end, and Fisher's exact p beside the recorded ones."""
        if self.states is None:
            return 0, 1.0
        ours = np.array([self._means(curve)[-1] for curve in curves]) >= self._threshold(-1)
        table = [[int(which.sum()), int((~which).sum())] for which in (ours, self.states)]
        return table[0][0], float(stats.fisher_exact(np.array(table)).pvalue)

    def complaint(self, *curves: Sequence[float] | np.ndarray) -> str:
        """Returns why runs are rejected, "" if they are not. See `judge`."""
        for i, curve in enumerate(curves):
            bad = np.flatnonzero(~(np.isfinite(curve) & (np.asarray(curve) > 0)))
            if len(bad):
                return f"the loss of step {bad[0] + 1} is {np.asarray(curve)[bad[0]]}" + (f", run {i + 1}" if i else "")
        rows = [str(verdict) for verdict in self.judge(*curves) if not verdict.inside]
        stuck, p = self.share(*curves)
        if p < ALPHA and self.states is not None:
            theirs = f"{self.states.sum()} of {len(self.states)}"
            rows.append(
                f"{stuck} of {len(curves)} runs are stuck, of the recorded {theirs} (Fisher's exact p = {p:.2g})"
            )
        if not rows:
            return ""
        return "\n  ".join([f"outside the band of {len(self.losses)} recorded runs", *rows, self.how_often_wrong()])

    def how_often_wrong(self) -> str:
        """Says in words how many faithful runs are rejected."""
        return (
            f"wrong for 1 in {1 / ALPHA:.0f} faithful runs if the logarithms of losses are normal, "
            f"for about 1 in {len(self.losses) + 1} whatever they are"
        )

    def _means(self, curve: Sequence[float] | np.ndarray) -> np.ndarray:
        return window_means(np.asarray(curve, float), self.ends)

    def _threshold(self, k: int) -> float:
        """Returns the loss between the free and the stuck runs in window `k`."""
        assert self.states is not None
        return float(np.sqrt(self.losses[~self.states, k].max() * self.losses[self.states, k].min()))

    def _limits(self, k: int, alpha: float, more: int = 1) -> tuple[float, float]:
        losses, alpha = self.losses[:, k], alpha / len(self.ends)
        if self.states is None or k == 0:
            return distribution.prediction_interval(losses, alpha, more, self.widen)
        return distribution.two_state_interval(losses, self.states, alpha, math.inf, self.widen)


def window_means(curve: np.ndarray, ends: list[int]) -> np.ndarray:
    """Returns the mean losses [..., K] of curves [..., steps] in windows.

    Raises:
      ValueError: the curve is too short.
    """
    if curve.shape[-1] < ends[-1]:
        raise ValueError(f"a curve of {curve.shape[-1]} steps, the band is of {ends[-1]}")
    return np.stack([curve[..., a:b].mean(axis=-1) for a, b in zip([0, *ends], ends)], axis=-1)


def make(curves: np.ndarray) -> Band:
    """Makes the band of recorded runs.

    Args:
      curves: a loss per step, float [N, steps], each row of another seed.

    Raises:
      UserError: they are too few, too short, not all positive, or one is of a kind of its own.
    """
    if len(curves) < FEWEST:
        raise UserError(f"{len(curves)} runs; a band needs {FEWEST}, and {20 * FEWEST} make it sharp")
    if curves.shape[1] < WINDOWS:
        raise UserError(f"{curves.shape[1]} steps; a band needs {WINDOWS}")
    if not (np.isfinite(curves) & (curves > 0)).all():
        raise UserError("the losses are not all positive numbers; a band compares their logarithms")
    ends = sorted({round(end) for end in np.geomspace(1, curves.shape[1], WINDOWS)})
    losses = window_means(curves, ends)
    band = Band(ends, losses, _states(losses[:, -1]))
    return band._replace(widen=max(1.0, *(_distance(band, i) for i in range(len(losses)))))


def _states(last: np.ndarray) -> np.ndarray | None:
    """Returns which of the runs are stuck, by their losses in the last window; None if they are of one kind."""
    logs = np.sort(np.log(last))
    at = int(np.diff(logs).argmax()) + 1
    kinds = logs[:at], logs[at:]
    within = math.sqrt(sum(((kind - kind.mean()) ** 2).sum() for kind in kinds) / max(1, len(logs) - 2))
    if logs[at] - logs[at - 1] <= GAP * max(within, distribution.FLOOR):
        return None
    for kind, fewest, other in ((kinds[1], 2, kinds[0]), (kinds[0], distribution.FEW, kinds[1])):
        if len(kind) < fewest:
            raise UserError(
                f"{len(kind)} of {len(logs)} runs end at {math.exp(kind.mean()):.4g}, the others at "
                f"{math.exp(other.mean()):.4g}; record more runs, until {fewest} are of this kind, or leave them out"
            )
    return np.log(last) >= logs[at]


def _distance(band: Band, i: int) -> float:
    """Returns how far from the others a recorded run lies, in widths of their interval: above 1 it is outside."""
    states = None if band.states is None else np.delete(band.states, i)
    others = Band(band.ends, np.delete(band.losses, i, axis=0), states)
    farthest = 0.0
    for k, loss in enumerate(np.log(band.losses[i])):
        low, high = (math.log(limit) if limit > 0 else -math.inf for limit in others._limits(k, ALPHA))
        if states is None or k == 0:
            farthest = max(farthest, abs(loss - (low + high) / 2) / ((high - low) / 2))
            continue
        for limit, kind, beyond in ((low, ~states, loss < low), (high, states, loss > high)):
            if beyond and math.isfinite(limit):
                center = np.log(others.losses[kind, k]).mean()
                farthest = max(farthest, (loss - center) / (limit - center))
    return farthest


def rejected(band: Band) -> int:
    """Returns how many of the recorded runs lie outside of the band of the others, before it is widened."""
    return sum(_distance(band, i) > 1 for i in range(len(band.losses)))


def write(band: Band, path: Path) -> None:
    """Writes a band as JSON.

    Raises:
      UserError: it cannot be written.
    """
    content = {
        "format": 1,
        "ends": band.ends,
        "losses": [[float(f"{loss:.7g}") for loss in run] for run in band.losses],
        "states": None if band.states is None else [int(state) for state in band.states],
        "widen": band.widen,
    }
    files.write(path, (json.dumps(content) + "\n").encode())


def read(path: Path) -> Band:
    """Reads a band.

    Raises:
      UserError: there is none.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        losses = np.array(content["losses"], float)
        if content["format"] != 1 or losses.ndim != 2 or losses.shape[1] != len(content["ends"]):
            raise ValueError("of another format")
        states = None if content["states"] is None else np.array(content["states"], bool)
        return Band(content["ends"], losses, states, content["widen"])
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); `legacy-ports band make` writes one") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a band ({error})") from None
