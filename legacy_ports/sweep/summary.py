"""What a sweep came to: the distribution of its runs beside the recorded runs of the post's own TensorFlow.

Of losses it gives the interquartile mean, the mean of the middle half, with a bootstrap interval that resamples each
group of runs by itself, as Agarwal et al. recommend (Deep Reinforcement Learning at the Edge of the Statistical
Precipice, 2021). The Kolmogorov-Smirnov test says whether two samples of losses come from one distribution; it sees a
shift as well as a change of shape. Runs whose seeds were recorded are left out of it, because they are the recorded
runs once more; they are held against those, run by run.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from legacy_ports import UserError, ports
from legacy_ports.plots import figures
from legacy_ports.proof import compare, distribution
from legacy_ports.run import manifest as manifests
from legacy_ports.sweep import plan

RESAMPLES = 2000
LEVEL = 0.95  # of the bootstrap's intervals
QUANTILES = (0.05, 0.5, 0.95)  # of the curves that are drawn: the middle 90 % of runs, and the median
FEW = 4  # with fewer runs than so many in a sample, no test says anything


class Estimate(NamedTuple):
    """An interquartile mean, and its bootstrap interval."""

    iqm: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.iqm:.5f} [{self.low:.5f}, {self.high:.5f}]"


class Row(NamedTuple):
    """One number of the runs of a group, beside the recorded runs'."""

    what: str  # e.g. "test loss"
    step: int | None  # of a milestone
    ours: Estimate
    theirs: Estimate | None = None
    p: float | None = None  # of the Kolmogorov-Smirnov test


class Group(NamedTuple):
    """The runs of a sweep that differ in nothing but their seeds."""

    name: str  # the port, the data and the options that are not the post's
    members: list[compare.Comparison]
    rows: list[Row]
    outside: int  # runs outside of the band of the recorded runs
    different: int  # runs that are not the recorded run of their seed
    together: list[compare.Group]  # their mean, and how many are stuck
    ratio: np.ndarray  # float64 [runs], their last losses over the recorded runs' geometric mean; empty: none

    @property
    def chance(self) -> float:
        """The chance of as many faithful runs outside, each with the chance that the band allows."""
        return float(stats.binomtest(self.outside, len(self.members), distribution.ALPHA, "greater").pvalue)

    @property
    def inside(self) -> bool:
        rows = [row.p for row in self.rows if row.p is not None]
        tested = all(p >= distribution.ALPHA / len(rows) for p in rows)
        return (
            tested and not self.different and self.chance >= distribution.ALPHA and all(g.inside for g in self.together)
        )

    @property
    def verdict(self) -> str:
        if self.members[0].reason:
            return f"not comparable: {self.members[0].reason}"
        return "inside" if self.inside else "OUTSIDE"


class Summary(NamedTuple):
    """What a sweep came to."""

    folder: Path
    groups: list[Group]
    broken: dict[str, str]  # PORT/NAME -> how it ended, of runs that are not completed


def iqm(losses: np.ndarray, axis: int = -1) -> Any:
    """Returns the interquartile mean, the mean without the lowest and the highest quarter."""
    return stats.trim_mean(losses, 0.25, axis=axis)


def estimate(*strata: np.ndarray) -> Estimate:
    """Returns the interquartile mean of all numbers, and its percentile bootstrap interval.

    Args:
      strata: groups of numbers, float [runs]; each is resampled by itself.
    """
    random = np.random.default_rng(0)
    drawn = [group[random.integers(len(group), size=(RESAMPLES, len(group)))] for group in strata]
    low, high = np.quantile(iqm(np.concatenate(drawn, axis=1)), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(iqm(np.concatenate(strata))), float(low), float(high))


def summarize(folder: Path) -> Summary:
    """Compares the runs of the sweep in `folder` with the recorded ones.

    Raises:
      UserError: none of its runs is completed.
    """
    broken: dict[str, str] = {}
    members: list[compare.Comparison] = []
    for name in plan.read(folder)["runs"]:
        try:
            manifest = manifests.read_manifest(folder / name)
        except UserError:
            broken[name] = "not begun"
            continue
        if manifest["status"] != "completed":
            broken[name] = f"{manifest['status']} after {manifest['steps']:,} steps"
            continue
        members.append(compare.compare(folder / name))
    if not members:
        raise UserError(f"{folder}: none of its runs is completed; the same `legacy-ports sweep` goes on")
    how = [key for key in ("engine", "threads", "device") if len({str(m.manifest.get(key)) for m in members}) > 1]
    groups: dict[str, list[compare.Comparison]] = {}
    for member in members:
        groups.setdefault(_group_name(member.manifest, how), []).append(member)
    return Summary(folder, [_group(name, group) for name, group in groups.items()], broken)


def _group_name(manifest: dict[str, Any], how: list[str]) -> str:
    """Returns in words what a run is of: `how` are the facts beside the options in which the sweep's runs differ."""
    port, options, data = manifest["port"], manifest["options"], manifest["data"].get("source")
    post = ports.post_options(port) if port in ports.NAMES else {}
    changed = {key: value for key, value in options.items() if key != "seed" and value != post.get(key)}
    changed |= {key: manifest.get(key) for key in how}
    where = "" if data == "none" else f" on {data} MNIST"
    return f"{port}{where}{changed and ', ' or ''}{plan.run_name(changed)}"


def _group(name: str, members: list[compare.Comparison]) -> Group:
    runs = members[0].runs
    tests = np.array([member.manifest.get("test_loss", np.nan) for member in members], float)
    if runs is None:
        rows = [Row("test loss", None, estimate(tests))] if np.isfinite(tests).all() else []
        return Group(name, members, [*rows, *_scalars(members)], 0, 0, [], np.empty(0))
    new = np.array([member.same is None for member in members])
    reached = min(len(member.losses) for member in members)
    losses = np.array([member.losses[:reached] for member in members])
    columns: list[tuple[int | None, np.ndarray, np.ndarray]]
    columns = [(step, losses[:, k], runs.losses[:, k]) for k, step in enumerate(runs.milestones[:reached])]
    if all(member.milestones[-1].step is None for member in members):
        columns.append((None, tests, runs.losses[:, -1]))
    rows = [
        Row(
            "test loss" if step is None else f"to step {step:,}",
            step,
            estimate(ours),
            estimate(theirs),
            _p(ours[new], theirs),
        )
        for step, ours, theirs in columns
    ]
    last, recorded = columns[-1][1:]
    return Group(
        name,
        members,
        rows,
        sum(not all(milestone.inside for milestone in member.milestones) for member in members),
        sum(member.same is not None and not member.same.equal for member in members),
        compare.compare_groups(members),
        last / np.exp(np.log(recorded).mean()),
    )


def _scalars(members: list[compare.Comparison]) -> Iterator[Row]:
    """Yields the last values of the scalars that scripts fetched, of those that all runs have."""
    found = [member.manifest.get("scalars", {}) for member in members]
    for tag in found[0]:
        values = [scalars.get(tag) for scalars in found]
        if None not in values:
            yield Row(tag, None, estimate(np.array(values, float)))


def _p(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    return float(stats.ks_2samp(ours, theirs).pvalue) if min(len(ours), len(theirs)) >= FEW else None


def lines(summary: Summary) -> Iterator[str]:
    """Yields what `compare` prints of a sweep."""
    for group in summary.groups:
        runs = group.members[0].runs
        beside = "" if runs is None else f" beside {len(runs.losses)} of TensorFlow {runs.recording.tensorflow}"
        yield f"{group.name}: {len(group.members)} runs{beside}; interquartile means with their {LEVEL:.0%} intervals"
        for row in group.rows:
            test = "" if row.p is None else f"  Kolmogorov-Smirnov p = {row.p:.2g}"
            yield f"  {row.what:14} {row.ours}{row.theirs and f'  recorded {row.theirs}' or ''}{test}"
        if runs is not None:
            again = sum(member.same is not None for member in group.members)
            if again:
                yield f"  {again} seeds were recorded, too: {again - group.different} of these are the recorded runs"
            share = f"{1 - distribution.ALPHA:.0%}"
            yield f"  {group.outside} outside the band for {share} of runs (p = {group.chance:.2g})"
            for together in group.together:
                yield from (f"  {line}" for line in together.lines)
            for member in group.members:
                if not member.inside:
                    yield f"  {Path(member.name).name}: {member.verdict}"
        yield f"  {group.verdict}"
    strata = [group.ratio for group in summary.groups if len(group.ratio)]
    if strata:
        yield f"last losses over the recorded mean: {estimate(*strata)} (interquartile mean, stratified bootstrap)"
    yield from (f"{name}: {how}" for name, how in summary.broken.items())


def as_json(summaries: list[Summary]) -> str:
    """Returns the summaries for other programs."""
    return json.dumps({"alpha": distribution.ALPHA, "sweeps": [_json(summary) for summary in summaries]}, indent=1)


def _json(summary: Summary) -> dict[str, Any]:
    strata = [group.ratio for group in summary.groups if len(group.ratio)]
    return {
        "sweep": str(summary.folder),
        "ratio": estimate(*strata)._asdict() if strata else None,
        "broken": summary.broken,
        "groups": [
            {
                "group": group.name,
                "verdict": group.verdict.lower(),
                "runs": {Path(member.name).name: member.verdict.lower() for member in group.members},
                "outside": {"runs": group.outside, "p": group.chance},
                "together": [together._asdict() for together in group.together],
                "rows": [
                    {
                        "what": row.what,
                        "step": row.step,
                        "iqm": row.ours._asdict(),
                        "recorded": row.theirs and row.theirs._asdict(),
                        "test": "Kolmogorov-Smirnov",
                        "p": row.p,
                    }
                    for row in group.rows
                ],
            }
            for group in summary.groups
        ],
    }


def curves(members: list[compare.Comparison]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the steps, and the curves of runs as far as all of them go, float64 [runs, means]; a script has none."""
    curve = [member.manifest.get("curve", {"every": 1, "mean_loss": []}) for member in members]
    length = min(len(one["mean_loss"]) for one in curve)
    steps = curve[0]["every"] * np.arange(1, length + 1)
    return steps, np.array([one["mean_loss"][:length] for one in curve], float)


def recorded_curves(runs: distribution.Runs, length: int) -> np.ndarray:
    """Returns the first `length` means of the recorded curves, or as many as there are, float64 [runs, means]."""
    every = manifests.CURVE_EVERY
    losses = runs.recording.losses[:, : length * every]
    return losses[:, : losses.shape[1] // every * every].reshape(len(losses), -1, every).mean(axis=2, dtype=float)


def plot(summaries: list[Summary]) -> Figure:
    """Draws the curves of each group: the median, and where the middle 90 % of runs are; gray: the recorded ones.

    Raises:
      UserError: no group has a curve.
    """
    found = [group for summary in summaries for group in summary.groups if len(curves(group.members)[0])]
    if not found:
        raise UserError("there is nothing to plot: no run has a curve of ten steps or more")
    figure = figures.new_figure(8.5, 4.6 * len(found))
    for axes, group in zip(np.ravel(figure.subplots(len(found), 1)), found):
        steps, ours = curves(group.members)
        runs = group.members[0].runs
        if runs is not None:
            theirs = recorded_curves(runs, len(steps))
            label = f"{len(theirs)} runs, TensorFlow {runs.recording.tensorflow}"
            _band(axes, steps[: theirs.shape[1]], theirs, "0.45", label)
        _band(axes, steps, ours, figures.COLORS[0], f"{len(ours)} runs: {group.verdict}")
        axes.set(title=group.name, xlabel="step", ylabel="mean loss of 10 steps", yscale="log")
        axes.yaxis.set_major_formatter("{x:.3g}")
        axes.yaxis.set_minor_formatter("{x:.2g}")
        axes.legend(frameon=False, fontsize=9)
    return figure


def _band(axes: Any, steps: np.ndarray, curve: np.ndarray, color: Any, label: str) -> None:
    low, middle, high = np.quantile(curve, QUANTILES, axis=0)
    axes.fill_between(steps, low, high, color=color, alpha=0.25, linewidth=0)
    axes.plot(steps, middle, color=color, linewidth=1.3, label=label)
