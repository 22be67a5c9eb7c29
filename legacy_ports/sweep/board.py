"""Writes a sweep's bands for TensorBoard's Custom Scalars tab: the median of the losses, and the middle 90 % of runs.

The runs themselves, with their options for the HParams tab, are in the sweep's folder, where `run` wrote them.
"""

import shutil
from pathlib import Path

import numpy as np

from legacy_ports.run import events  # first: TensorBoard's summaries import TensorFlow

# isort: split
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import summary as custom_scalars

from legacy_ports.sweep import summary

FOLDER = "bands"
TAGS = ("loss/low", "loss/median", "loss/high")  # as summary.QUANTILES


def write(sweep: summary.Summary) -> None:
    """Writes a run of bands for each group of the sweep, and for the recorded ones beside it; replaces those before."""
    shutil.rmtree(sweep.folder / FOLDER, ignore_errors=True)
    for group in sweep.groups:
        steps, ours = summary.curves(group.members)
        if not len(steps):
            continue
        _write(sweep.folder / FOLDER / group.name, steps, ours)
        runs = group.members[0].runs
        if runs is not None:
            theirs = summary.recorded_curves(runs, len(steps))
            _write(sweep.folder / FOLDER / f"{group.name}, recorded", steps[: theirs.shape[1]], theirs)


def _write(folder: Path, steps: np.ndarray, curves: np.ndarray) -> None:
    folder.mkdir(parents=True)
    series = layout_pb2.MarginChartContent.Series(value=TAGS[1], lower=TAGS[0], upper=TAGS[2])
    chart = layout_pb2.Chart(title="loss of a batch", margin=layout_pb2.MarginChartContent(series=[series]))
    layout = layout_pb2.Layout(category=[layout_pb2.Category(title="median and middle 90 % of runs", chart=[chart])])
    writer = events.Writer(folder)
    writer.add_summary(custom_scalars.pb(layout), 0)
    for step, values in zip(steps, np.quantile(curves, summary.QUANTILES, axis=0).T):
        for tag, value in zip(TAGS, values):
            writer.add_summary(events.scalar(tag, float(value)), int(step))
    writer.close()
