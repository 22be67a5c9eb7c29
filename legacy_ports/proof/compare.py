"""Runs held against recorded runs of the post's own TensorFlow: what `compare` says, draws and exports."""

import json
import warnings
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from legacy_ports import UserError, files, ports
from legacy_ports.plots import figures
from legacy_ports.proof import distribution, parity
from legacy_ports.run.manifest import read_manifest


class Comparison(NamedTuple):
    """A run beside the recorded ones. If it is another experiment than theirs, `reason` says in what."""

    name: str
    manifest: dict[str, Any]
    reason: str = ""
    runs: distribution.Runs | None = None
    losses: np.ndarray = np.empty(0)  # the run's mean losses at the milestones that it reached
    milestones: tuple[distribution.Milestone, ...] = ()
    same: "Same | None" = None  # beside the recorded run of its seed, where there is one

    @property
    def inside(self) -> bool:
        same = self.same is None or self.same.equal
        return not self.reason and same and all(milestone.inside for milestone in self.milestones)

    @property
    def verdict(self) -> str:
        if self.reason:
            return f"not comparable: {self.reason}"
        if not self.inside:
            return "OUTSIDE"
        return "the recorded run" if self.same else "inside"


class Same(NamedTuple):
    """A run beside the recorded run of its seed, in means of a few steps, as run.json keeps them."""

    every: int  # steps in a mean
    errors: np.ndarray  # float64 [n], the relative error of each mean
    limits: dict[int, float]  # steps -> the tolerance over the first so many

    @property
    def equal(self) -> bool:
        return all(self.error(steps) <= limit for steps, limit in self.limits.items())

    def error(self, steps: int) -> float:
        """Returns the largest error over the first `steps` steps."""
        return float(self.errors[: steps // self.every].max(initial=0.0))

    @property
    def beyond(self) -> int | None:
        """Returns the step from which the mean is beyond the last tolerance, judged or not; None: none is."""
        off = np.flatnonzero(self.errors > self.limits[max(self.limits)])
        return int(off[0]) * self.every if len(off) else None


class NotComparableError(Exception):
    """The run is not the recorded experiment."""


def compare(path: Path) -> Comparison:
    """Holds the run at `path` against the recorded runs of its experiment.

    Raises:
      UserError: there is no run.
    """
    manifest = read_manifest(path)
    name = str(path.parent if path.name == "run.json" else path)
    try:
        runs = _recorded_runs(manifest)
        every, curve = _curve(manifest)
        losses = distribution.mean_losses(curve, runs.milestones[:-1], runs.window, every)
        whole = manifest["steps"] == runs.recording.steps
        milestones = distribution.judge(runs, losses, manifest.get("test_loss") if whole else None)
        if not milestones:
            raise NotComparableError(
                f"{manifest['steps']:,} steps ({manifest['status']}), the first milestone is at {runs.milestones[0]:,}"
            )
        return Comparison(name, manifest, "", runs, losses, tuple(milestones), _same(manifest, runs, every, curve))
    except NotComparableError as error:
        return Comparison(name, manifest, str(error))


def _recorded_runs(manifest: dict[str, Any]) -> distribution.Runs:
    port, options = manifest["port"], manifest["options"]
    if port not in ports.NAMES:
        raise NotComparableError(f"there is no port {port!r}")
    post = ports.post_options(port)
    for key in ("batch_size", "learning_rate"):
        if options.get(key) != post[key]:
            raise NotComparableError(f"{key.replace('_', ' ')} {options.get(key)}, the post's is {post[key]}")
    if options.get("restore"):
        raise NotComparableError(f"restored from {options['restore']}, not trained")
    try:
        return distribution.recorded(ports.variant(port, options), manifest["data"]["source"])
    except UserError as error:
        raise NotComparableError(str(error)) from None


def _curve(manifest: dict[str, Any]) -> tuple[int, np.ndarray]:
    curve = manifest.get("curve")
    if not curve:
        raise NotComparableError("its run.json has no curve; run it again")
    return curve["every"], np.array(curve["mean_loss"], float)


def _same(manifest: dict[str, Any], runs: distribution.Runs, every: int, curve: np.ndarray) -> Same | None:
    run = runs.recording.run(manifest["options"].get("seed"))
    if run is None:
        return None
    n = min(len(curve), len(run.losses) // every)
    theirs = run.losses[: n * every].astype(np.float64).reshape(n, every).mean(axis=1)
    proof = ports.facts(manifest["port"]).proof
    limits = {steps // every * every: limit for steps, limit in parity.limits(proof, run, n * every).items()}
    return Same(every, parity.relative(curve[:n], theirs), limits)


def lines(comparison: Comparison) -> list[str]:
    """Returns what `compare` prints of one run."""
    runs = comparison.runs
    if runs is None:
        return [f"{comparison.name}: {comparison.verdict}"]
    recording = runs.recording
    rows = [
        f"{comparison.name}: {recording.port} on {recording.data} MNIST, beside {len(recording.seeds)} runs of "
        f"TensorFlow {recording.tensorflow}"
    ]
    rows += _same_lines(comparison) + _milestone_lines(runs, comparison.milestones) + _stuck_lines(comparison)
    return [*rows, f"  {comparison.verdict}"]


def _same_lines(comparison: Comparison) -> list[str]:
    same = comparison.same
    if same is None:
        return []
    seed = comparison.manifest["options"]["seed"]
    rows = [
        f"  the recorded run of seed {seed}, steps {1:6,} to {steps:6,}: largest error {same.error(steps):.1e}, "
        f"tolerance {limit:.0e}  {'equal' if same.error(steps) <= limit else 'DIFFERENT'}"
        for steps, limit in same.limits.items()
    ]
    step, steps = same.beyond, len(same.errors) * same.every
    if step is not None and steps > max(same.limits):
        rows.append(f"  after that not judged: beyond the tolerance from step {step:,} on")
    return rows


def _milestone_lines(runs: distribution.Runs, milestones: Iterable[distribution.Milestone]) -> list[str]:
    rows = []
    for one in milestones:
        what = "test loss" if one.step is None else f"steps {one.step - runs.window + 1:6,} to {one.step:6,}"
        verdict = "inside" if one.inside else "OUTSIDE"
        rows.append(f"  {what:24}  {one.loss:.5f}  in {one.low:.5f} to {one.high:.5f}  {verdict}")
    return rows


def _stuck_lines(comparison: Comparison) -> list[str]:
    runs, k = comparison.runs, len(comparison.losses) - 1
    if runs is None or runs.plateau is None or k < 0:
        return []
    where = "on" if distribution.stuck(runs, comparison.losses[k]) else "off"
    count = int(distribution.stuck(runs, runs.losses[:, k]).sum())
    return [
        f"  {where} the plateau ({runs.plateau:g}) at step {runs.milestones[k]:,}, where {count} of "
        f"{len(runs.losses)} recorded runs are on it"
    ]


class Group(NamedTuple):
    """Several runs of one experiment, taken together."""

    lines: list[str]
    inside: bool


def compare_groups(comparisons: list[Comparison]) -> list[Group]:
    """Holds the runs of one experiment together: by their mean, and by how many of them are stuck."""
    found = []
    for runs, group in groups(comparisons):
        if len(group) > 1:
            found.append(_mean(runs, group))
            if runs.plateau is not None:
                found.append(_share(runs, group))
    return found


def _mean(runs: distribution.Runs, group: list[Comparison]) -> Group:
    shortest = min(len(c.losses) for c in group)
    milestones = distribution.judge_mean(runs, np.array([c.losses[:shortest] for c in group]))
    inside = all(milestone.inside for milestone in milestones)
    heading = f"the mean of {len(group)} runs of {runs.recording.port} on {runs.recording.data} MNIST"
    return Group([heading, *_milestone_lines(runs, milestones), f"  {'inside' if inside else 'OUTSIDE'}"], inside)


def _share(runs: distribution.Runs, group: list[Comparison]) -> Group:
    last = len(runs.milestones) - 2
    ours = distribution.stuck(runs, np.array([c.losses[last] for c in group if len(c.losses) > last]))
    theirs = distribution.stuck(runs, runs.losses[:, last])
    table = [[int(which.sum()), int((~which).sum())] for which in (ours, theirs)]
    chance = float(stats.fisher_exact(np.array(table)).pvalue)
    inside = chance >= distribution.ALPHA
    return Group(
        [
            f"{len(ours)} whole runs of {runs.recording.port} on {runs.recording.data} MNIST: {table[0][0]} are stuck, "
            f"of the recorded {table[1][0]} of {len(theirs)} (Fisher's exact test: p = {chance:.2g})",
            f"  {'inside' if inside else 'OUTSIDE'}",
        ],
        inside,
    )


def groups(comparisons: list[Comparison]) -> list[tuple[distribution.Runs, list[Comparison]]]:
    """Returns the comparable runs, those of one experiment together."""
    found: dict[tuple[str, str], tuple[distribution.Runs, list[Comparison]]] = {}
    for comparison in comparisons:
        if comparison.runs is not None:
            key = (comparison.runs.recording.port, comparison.runs.recording.data)
            found.setdefault(key, (comparison.runs, []))[1].append(comparison)
    return list(found.values())


def as_json(comparisons: list[Comparison], compared_groups: list[Group]) -> str:
    """Returns the comparisons for other programs."""
    return json.dumps(
        {
            "alpha": distribution.ALPHA,
            "runs": [_json(comparison) for comparison in comparisons],
            "groups": [group._asdict() for group in compared_groups],
        },
        indent=1,
    )


def _json(comparison: Comparison) -> dict[str, Any]:
    runs, same = comparison.runs, comparison.same
    recording = runs and runs.recording
    return {
        "run": comparison.name,
        "port": comparison.manifest["port"],
        "seed": comparison.manifest["options"].get("seed"),
        "verdict": "not comparable" if comparison.reason else comparison.verdict.lower(),
        "reason": comparison.reason,
        "recorded": recording
        and {
            "port": recording.port,
            "data": recording.data,
            "tensorflow": recording.tensorflow,
            "runs": len(recording.seeds),
        },
        "recorded_run": same
        and {
            "equal": same.equal,
            "limits": [
                {"steps": steps, "tolerance": limit, "largest_error": same.error(steps)}
                for steps, limit in same.limits.items()
            ],
            "beyond_tolerance_from_step": same.beyond,
        },
        "milestones": [{**one._asdict(), "inside": one.inside} for one in comparison.milestones],
    }


def plot(comparisons: list[Comparison]) -> Figure:
    """Draws the recorded runs of each experiment, the band at its milestones, and the runs.

    Raises:
      UserError: none of the runs is comparable.
    """
    found = groups(comparisons)
    if not found:
        raise UserError("there is nothing to plot: none of the runs is comparable")
    figure = figures.new_figure(8.5, 4.6 * len(found))
    for axes, (runs, group) in zip(np.ravel(figure.subplots(len(found), 1)), found):
        recording, window = runs.recording, runs.window
        ends = [*range(window, recording.steps + 1, window)]
        curves = distribution.mean_losses(recording.losses, ends, window)
        recorded = axes.plot(ends, curves.T, color="0.72", linewidth=0.9, zorder=1)
        recorded[0].set_label(f"{len(recording.seeds)} runs, TensorFlow {recording.tensorflow}")
        limits = [distribution.interval(runs, k) for k in range(len(runs.milestones) - 1)]
        axes.vlines(runs.milestones[:-1], *zip(*limits), linewidth=3, color="0.35", zorder=2, alpha=0.45,
                    label=f"band for {1 - distribution.ALPHA:.0%} of runs")  # fmt: skip
        lowest = [float(curves.min())]
        for i, comparison in enumerate(group):
            every, curve = _curve(comparison.manifest)
            ours = distribution.mean_losses(curve, ends, window, every)
            lowest.append(float(ours.min(initial=np.inf)))
            axes.plot(ends[: len(ours)], ours, color=figures.COLORS[i % len(figures.COLORS)], linewidth=1.6, zorder=3,
                      label=f"{files.shown(Path(comparison.name).name)}: {comparison.verdict}")  # fmt: skip
        axes.set(
            title=f"{recording.port} on {recording.data} MNIST",
            xlabel="step",
            ylabel=f"mean loss of {window} steps",
            yscale="log",
            ylim=(0.9 * min(lowest), None),
        )
        axes.yaxis.set_major_formatter("{x:.3g}")
        axes.yaxis.set_minor_formatter("{x:.2g}")
        for text in axes.legend(frameon=False, fontsize=9).get_texts():
            text.set_parse_math(False)  # a run's name may have a $
    return figure


def image(figure: Figure, kind: str) -> bytes:
    """Returns the figure as a file of this kind, png or svg."""
    file = BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a run's name may be in any script
        figure.savefig(file, format=kind)
    return file.getvalue()
