"""Runs held against recorded runs of the post's own TensorFlow: what `compare` says, draws and exports."""

import json
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from legacy_ports import UserError, ports
from legacy_ports.plots import figures
from legacy_ports.proof import distribution
from legacy_ports.proof.recordings import variant
from legacy_ports.run import folder


class Comparison(NamedTuple):
    """A run beside the recorded ones; if it is another experiment than theirs, `reason` says in what."""

    name: str
    manifest: dict[str, Any]
    reason: str = ""
    runs: distribution.Runs | None = None
    window: np.ndarray = np.empty(0)  # the run's mean losses, over the recorded windows
    checks: tuple[distribution.Check, ...] = ()

    @property
    def inside(self) -> bool:
        return not self.reason and all(check.inside for check in self.checks)

    @property
    def verdict(self) -> str:
        return f"not comparable: {self.reason}" if self.reason else "inside" if self.inside else "OUTSIDE"


class NotComparableError(Exception):
    """The run is not the recorded experiment."""


def compare(path: Path) -> Comparison:
    """Holds the run at `path` against the recorded runs of its experiment.

    Raises:
      UserError: there is no run.
    """
    manifest = folder.read(path)
    name = str(path.parent if path.name == "run.json" else path)
    try:
        runs = _recorded_runs(manifest)
        window = _windows(manifest, runs)
        same_length = manifest["steps"] == runs.steps[-1]
        checks = distribution.judge(runs, window, manifest.get("test_loss") if same_length else None)
        if not checks:
            raise NotComparableError(
                f"{manifest['steps']:,} steps ({manifest['status']}), the first checkpoint "
                f"is at {distribution.CHECKPOINTS[runs.port, runs.data][0]:,}"
            )
        return Comparison(name, manifest, "", runs, window, tuple(checks))
    except NotComparableError as error:
        return Comparison(name, manifest, str(error))


def _recorded_runs(manifest: dict[str, Any]) -> distribution.Runs:
    port, options = manifest["port"], manifest["options"]
    if port not in ports.NAMES:
        raise NotComparableError(f"there is no port {port!r}")
    post = {key: ports.post_value(value) for key, value in ports.facts(port).options.items()}
    for key in ("batch_size", "learning_rate"):
        if options.get(key) != post[key]:
            raise NotComparableError(f"{key.replace('_', ' ')} {options.get(key)}, the post's is {post[key]}")
    if options.get("restore"):
        raise NotComparableError(f"restored from {options['restore']}, not trained")
    try:
        return distribution.recorded(variant(port, options), manifest["data"]["source"])
    except UserError as error:
        raise NotComparableError(str(error)) from None


def _windows(manifest: dict[str, Any], runs: distribution.Runs) -> np.ndarray:
    curve = manifest.get("curve")
    if not curve:
        raise NotComparableError("its run.json has no curve; run it again")
    return distribution.windows(runs.steps, curve["every"], np.array(curve["mean_loss"], float))


def lines(comparison: Comparison) -> list[str]:
    """What `compare` prints of one run."""
    runs = comparison.runs
    if runs is None:
        return [f"{comparison.name}: {comparison.verdict}"]
    rows = [
        f"{comparison.name}: {runs.port} on {runs.data} MNIST, beside {len(runs.seeds)} runs of TensorFlow "
        f"{runs.tensorflow}"
    ]
    rows += _check_lines(runs, comparison.checks)
    if runs.port in distribution.TWO_STATES:
        rows.append(f"  {_state(comparison)}")
    rows.append(f"  {comparison.verdict}")
    return rows


def _check_lines(runs: distribution.Runs, checks: Iterable[distribution.Check]) -> list[str]:
    start = {int(step): int(before) + 1 for before, step in zip([0, *runs.steps[:-1]], runs.steps)}
    rows = []
    for check in checks:
        what = "test loss" if check.step is None else f"steps {start[check.step]:6,} to {check.step:6,}"
        rows.append(
            f"  {what:24}  {check.loss:.5f}  in {check.low:.5f} to {check.high:.5f}  "
            f"{'inside' if check.inside else 'OUTSIDE'}"
        )
    return rows


def _state(comparison: Comparison) -> str:
    runs = comparison.runs
    assert runs is not None
    step = distribution.escapes(runs, comparison.window)
    recorded = [s for s in (distribution.escapes(runs, row) for row in runs.window) if s is not None]
    at = ", ".join(f"{s:,}" for s in sorted(recorded))
    others = f"of the recorded runs {len(recorded)} of {len(runs.seeds)} left it (steps {at})"
    if step is None:
        return f"on the plateau to its end; {others}"
    last, theirs = float(comparison.window[-1]), _escaped(runs)
    depth = f"ending at {_range(theirs)}"
    if len(comparison.window) == len(runs.steps) and not min(theirs) <= last <= max(theirs):
        depth += f"; this one is {'below' if last < min(theirs) else 'above'} them all, on which one run is not judged"
    return f"off the plateau from step {step:,}; {others}, {depth}"


class Group(NamedTuple):
    """Several runs of one experiment, taken together."""

    lines: list[str]
    inside: bool


def compare_groups(comparisons: list[Comparison]) -> list[Group]:
    """Holds together what is of one experiment: their mean, or how many of them left the plateau."""
    return [
        _two_states(runs, group) if runs.port in distribution.TWO_STATES else _mean(runs, group)
        for runs, group in groups(comparisons)
        if len(group) > 1
    ]


def _mean(runs: distribution.Runs, group: list[Comparison]) -> Group:
    shortest = min(len(c.window) for c in group)
    checks = distribution.judge_mean(runs, np.array([c.window[:shortest] for c in group]))
    inside = all(check.inside for check in checks)
    return Group(
        [
            f"the mean of {len(group)} runs of {runs.port} on {runs.data} MNIST",
            *_check_lines(runs, checks),
            f"  {'inside' if inside else 'OUTSIDE'}",
        ],
        inside,
    )


def _two_states(runs: distribution.Runs, group: list[Comparison]) -> Group:
    whole = [c for c in group if len(c.window) == len(runs.steps)]
    ours = [float(c.window[-1]) for c in whole if distribution.escapes(runs, c.window) is not None]
    theirs = _escaped(runs)
    table = np.array([[len(ours), len(whole) - len(ours)], [len(theirs), len(runs.seeds) - len(theirs)]])
    chances = [stats.fisher_exact(table).pvalue]
    rows = [
        f"{len(whole)} whole runs of {runs.port} on {runs.data} MNIST: {len(ours)} left the plateau, of the "
        f"recorded {len(theirs)} of {len(runs.seeds)} (Fisher's exact test: p = {chances[0]:.2g})"
    ]
    if ours:
        chances.append(stats.mannwhitneyu(ours, theirs, method="exact").pvalue)
        rows.append(
            f"  in the last window they have {_range(ours)}, the recorded {_range(theirs)} (Mann and Whitney: "
            f"p = {chances[1]:.2g})"
        )
    inside = min(chances) >= distribution.ALPHA / len(chances)
    return Group([*rows, f"  {'inside' if inside else 'OUTSIDE'}"], inside)


def _escaped(runs: distribution.Runs) -> list[float]:
    """The mean loss over the last window of the recorded runs that left the plateau."""
    return [float(row[-1]) for row in runs.window if distribution.escapes(runs, row) is not None]


def _range(losses: list[float]) -> str:
    return f"{min(losses):.4f} to {max(losses):.4f}"


def groups(comparisons: list[Comparison]) -> list[tuple[distribution.Runs, list[Comparison]]]:
    """The comparable runs, those of one experiment together."""
    found: dict[tuple[str, str], tuple[distribution.Runs, list[Comparison]]] = {}
    for comparison in comparisons:
        if comparison.runs is not None:
            key = (comparison.runs.port, comparison.runs.data)
            found.setdefault(key, (comparison.runs, []))[1].append(comparison)
    return list(found.values())


def as_json(comparisons: list[Comparison], compared_groups: list[Group]) -> str:
    """The comparisons for other programs."""
    return json.dumps(
        {
            "alpha": distribution.ALPHA,
            "runs": [_json(comparison) for comparison in comparisons],
            "groups": [group._asdict() for group in compared_groups],
        },
        indent=1,
    )


def _json(comparison: Comparison) -> dict[str, Any]:
    runs = comparison.runs
    return {
        "run": comparison.name,
        "port": comparison.manifest["port"],
        "seed": comparison.manifest["options"].get("seed"),
        "verdict": "not comparable" if comparison.reason else comparison.verdict.lower(),
        "reason": comparison.reason,
        "recorded": runs
        and {"port": runs.port, "data": runs.data, "tensorflow": runs.tensorflow, "runs": len(runs.seeds)},
        "checkpoints": [{**check._asdict(), "inside": check.inside} for check in comparison.checks],
    }


def plot(comparisons: list[Comparison]) -> Figure:
    """For each experiment the recorded runs, the band at its checkpoints, and the runs.

    Raises:
      UserError: none of the runs is comparable.
    """
    found = groups(comparisons)
    if not found:
        raise UserError("there is nothing to plot: none of the runs is comparable")
    figure = figures.new_figure(8.5, 4.6 * len(found))
    for axes, (runs, group) in zip(np.ravel(figure.subplots(len(found), 1)), found):
        recorded = axes.plot(runs.steps, runs.window.T, color="0.72", linewidth=0.9, zorder=1)
        recorded[0].set_label(f"{len(runs.seeds)} runs, TensorFlow {runs.tensorflow}")
        for i, comparison in enumerate(group):
            colour = figures.COLOURS[i % len(figures.COLOURS)]
            checks = [check for check in comparison.checks if check.step is not None]
            if i == 0 or runs.port in distribution.TWO_STATES:  # elsewhere all runs have one band
                axes.vlines(
                    [c.step for c in checks],
                    [c.low for c in checks],
                    [c.high for c in checks],
                    linewidth=3,
                    color="0.35" if i == 0 else colour,
                    zorder=2,
                    alpha=0.45,
                    label=f"band for {1 - distribution.ALPHA:.0%} of runs" if i == 0 else None,
                )
            axes.plot(
                runs.steps[: len(comparison.window)],
                comparison.window,
                color=colour,
                linewidth=1.6,
                zorder=3,
                label=f"{Path(comparison.name).name}: {comparison.verdict}",
            )
        floor = 0.9 * min(runs.window.min(), *(c.window.min() for c in group))
        axes.set(
            title=f"{runs.port} on {runs.data} MNIST",
            xlabel="step",
            ylabel="mean loss of the window",
            yscale="log",
            ylim=(floor, None),
        )
        axes.yaxis.set_major_formatter("{x:.3g}")
        axes.yaxis.set_minor_formatter("{x:.2g}")
        axes.legend(frameon=False, fontsize=9)
    return figure


def image(figure: Figure, kind: str) -> bytes:
    """The figure as a file of this kind, png or svg."""
    file = BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format=kind)
    return file.getvalue()
