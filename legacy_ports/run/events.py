"""Writes a run's event files, and truncates them to a checkpoint when the run is resumed.

TensorBoard must show no step twice. If it starts after the truncation, it reads only the events that survive. If it was
running before, it has also read the truncated events and must forget them. At a SessionLog START its Python loader
forgets all events from the START's step on (tensorboard/backend/event_processing/plugin_event_accumulator.py). At an
event whose step is not above the last one of its tag, its Rust loader forgets the tag's events from that step on
(tensorboard/data/server/reservoir.rs). So a resumed run writes a START at the first truncated step. The START also
makes TensorBoard forget surviving events from that step on, the overlap, so they are moved behind it.
"""

import os
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from legacy_ports.tf1 import tf
from tb_plugin.events.event_file import EventFile

_FRAME = 16  # bytes that a TFRecord adds to its data: a length and two checksums


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
    """Returns the size in bytes of each event file in `folder`, in the order in which TensorBoard reads them."""
    return {path.name: path.stat().st_size for path in sorted(folder.glob("events.out.tfevents.*"))}


def truncate(folder: Path, kept: dict[str, int]) -> None:
    """Truncates the event files to the sizes `kept`, and removes files that it does not name."""
    for name in sizes(folder):
        if name in kept:
            os.truncate(folder / name, kept[name])
        else:
            (folder / name).unlink()


def reopen(folder: Path, kept: dict[str, int], step: int) -> tuple[Writer, dict[str, int]]:
    """Opens the event files of a run that is resumed after `step`.

    Truncates the files to the sizes `kept`, and writes a START and the overlap to a new file. Then the overlap is in
    the files twice, so that a process that is killed now loses no event. Truncate to the returned sizes to end that.

    Returns:
      The writer, and the sizes of all files without the second copy.
    """
    first, overlap, without = _overlap(folder, kept)
    truncate(folder, kept)
    writer = Writer(folder)
    writer.add_start(step + 1 if first is None else first)
    for event in overlap:
        writer.add_event(event)
    writer.flush()
    return writer, {**sizes(folder), **without}


def _overlap(folder: Path, kept: dict[str, int]) -> tuple[int | None, list[Any], dict[str, int]]:
    """Finds the events that a truncation to `kept` would show twice.

    Returns:
      The first truncated step (None if nothing is lost), the surviving events from that step on, and the file sizes
      without them.
    """
    surviving: list[tuple[str, int, Any]] = []
    first: int | None = None
    for name in sizes(folder):
        start = 0
        for record in _records(folder / name):
            end = start + len(record) + _FRAME
            event = tf.Event.FromString(record)
            if end <= kept.get(name, 0):
                surviving.append((name, start, event))
            elif event.HasField("summary"):
                first = event.step if first is None else min(first, event.step)
            start = end
    without = dict(kept)
    overlap: list[Any] = []
    for name, start, event in surviving:
        if first is not None and event.HasField("summary") and event.step >= first or overlap:
            without[name] = min(without[name], start)
            overlap.append(event)
    return first, overlap, without


def _records(path: Path) -> Iterator[bytes]:
    """Yields the records of an event file, except one that was not written to its end."""
    try:
        yield from tf.io.tf_record_iterator(str(path))
    except tf.errors.DataLossError:
        return


def scalar(tag: str, value: float) -> Any:
    """Returns a Summary of one number."""
    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value)])


def image(tag: str, data: bytes) -> Any:
    """Returns a Summary of one PNG or GIF file."""
    width, height = Image.open(BytesIO(data)).size
    encoded = tf.Summary.Image(encoded_image_string=data, width=width, height=height, colorspace=3)
    return tf.Summary(value=[tf.Summary.Value(tag=tag, image=encoded)])
