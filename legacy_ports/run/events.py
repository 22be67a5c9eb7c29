"""The event files of a run: written, and when the run is resumed, cut back to the checkpoint.

TensorBoard must not show a step twice. One that is started later reads what is left. One that looks on while the
run is resumed has read what was cut: its Python loader forgets all steps from that of a SessionLog START on
(tensorboard/backend/event_processing/plugin_event_accumulator.py), its Rust loader, of each tag, all steps from that
of an event that comes late (tensorboard/data/server/reservoir.rs). So a START is written, at the first step that was
cut, and what was kept from that step on is moved behind it.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from legacy_ports.tf1 import tf
from tb_plugin.event_file import EventFile

_FRAME = 16  # bytes of a TFRecord beside its data: a length and two checksums


class Writer(EventFile):
    """The event file of a run, with what a TensorFlow 1 run also logs."""

    def add_graph(self, graph: tf.Graph) -> None:
        """Writes a graph for the Graphs tab."""
        serialized = graph.as_graph_def(add_shapes=True).SerializeToString()
        self.add_event(tf.Event(wall_time=time.time(), graph_def=serialized))

    def add_start(self, step: int) -> None:
        """Writes that the run starts, or starts again, at this step."""
        start = tf.SessionLog(status=tf.SessionLog.START)
        self.add_event(tf.Event(wall_time=time.time(), step=step, session_log=start))


def sizes(folder: Path) -> dict[str, int]:
    """The event files in `folder`, in TensorBoard's order, each with its size in bytes."""
    return {path.name: path.stat().st_size for path in sorted(folder.glob("events.out.tfevents.*"))}


def cut(folder: Path, kept: dict[str, int]) -> None:
    """Cuts the event files back to the sizes `kept`; those not named there are removed."""
    for name in sizes(folder):
        if name in kept:
            os.truncate(folder / name, kept[name])
        else:
            (folder / name).unlink()


def overlap(folder: Path, kept: dict[str, int]) -> tuple[int | None, list[Any], dict[str, int]]:
    """What is told by the events that a cut to the sizes `kept` leaves, and by those that it takes.

    Returns:
      The first step of which the cut takes something, None if it takes nothing; the events that it leaves from
      that step on; and the sizes of the files without these.
    """
    left: list[tuple[str, int, Any]] = []
    first: int | None = None
    for name in sizes(folder):
        start = 0
        for record in _records(folder / name):
            end = start + len(record) + _FRAME
            event = tf.Event.FromString(record)
            if end <= kept.get(name, 0):
                left.append((name, start, event))
            elif event.HasField("summary"):
                first = event.step if first is None else min(first, event.step)
            start = end
    without = dict(kept)
    tail: list[Any] = []
    for name, start, event in left:
        if first is not None and event.HasField("summary") and event.step >= first or tail:
            without[name] = min(without[name], start)
            tail.append(event)
    return first, tail, without


def _records(path: Path) -> Iterator[bytes]:
    try:
        yield from tf.io.tf_record_iterator(str(path))
    except tf.errors.DataLossError:
        return  # the end was never written
