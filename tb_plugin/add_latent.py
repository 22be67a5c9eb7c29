"""Logs a latent space through a writer that a program has already, into that writer's event file.

    add_latent(writer, "codes", step, codes, labels=labels, images=images)

`writer` is a SummaryWriter of PyTorch or tensorboardX, a writer of TensorFlow's `tf.summary`, or a TensorFlow 1
FileWriter. TensorBoard's Python loader reads one event file of a folder, so this is the way that always works where a
run has scalars, too.
"""

import os
import sys
import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from tb_plugin.events.event_file import files_of
from tb_plugin.summary import LatentWriter
from tb_plugin.writer import projector_columns as columns

_writers: "weakref.WeakKeyDictionary[Any, _Through]" = weakref.WeakKeyDictionary()


def add_latent(writer: Any, name: str, step: int, codes: Any, **arguments: Any) -> None:
    """Logs a latent space at `step`, an integer from 0.

    The step is in the file when this returns, but for tensorboardX, which writes in the background until it is closed.

    A new writer on the same local folder continues the run: steps that are not later than those in the folder replace
    them, as with a LatentWriter. A writer of `tf.summary` does not say what its folder is: give it a new one, else
    TensorBoard's slow loader shows the steps of both.

    Args:
      writer: a SummaryWriter or another writer named above. It remembers what was logged first under each name.
      name: the name of the latent space.
      step: the training step.
      codes: numbers [N, D].
      **arguments: those of `tb_plugin.summary.LatentWriter.add`: labels, images, decoder and so on.

    Raises:
      ValueError: the writer is of an unknown kind, or an argument is invalid; the message says which one and why.
    """
    if _adder(writer) is None:
        raise ValueError(
            f"writer: it is a {type(writer).__name__}, it must be a SummaryWriter of PyTorch or tensorboardX, or a "
            "writer of tf.summary; tb_plugin.summary.LatentWriter needs no other writer"
        )
    through = _writers.get(writer)
    if through is None:
        through = _writers[writer] = _Through(writer)
    through.add(name, step, codes, **arguments)


def add_embedding(
    writer: Any,
    mat: Any,
    metadata: Sequence[Any] | None = None,
    label_img: Any = None,
    global_step: int | None = None,
    tag: str = "default",
    metadata_header: Sequence[str] | None = None,
) -> None:
    """Logs to the Latent tab with the arguments of `SummaryWriter.add_embedding`, which logs to the Projector.

    Args:
      writer: a writer as for `add_latent`.
      mat: numbers [N, D].
      metadata: a value for each point, or with `metadata_header` a list of values for each point. The first column
        that has classes, or the one named label or class, becomes the labels; the others become metadata.
      label_img: images [N, C, H, W], floats in 0..1 or uint8.
      global_step: the step; None is 0.
      tag: the name of the latent space.
      metadata_header: the names of the columns.

    Raises:
      ValueError: as `add_latent`, or metadata that do not fit.
    """
    arguments: dict[str, Any] = {}
    if metadata is not None:
        rows = [list(row) for row in metadata] if metadata_header else [[value] for value in metadata]
        arguments |= columns.arguments(columns.of_rows(rows, list(metadata_header or ["label"]), len(mat)))
    if label_img is not None:
        images = label_img.detach().cpu() if hasattr(label_img, "detach") else label_img
        if np.ndim(images) != 4:
            raise ValueError(f"label_img: shape is {list(np.shape(images))}, it must be [N, C, H, W]")
        arguments |= {"images": np.asarray(images), "image_order": "CHW"}
    add_latent(writer, tag, global_step or 0, mat, **arguments)


class _Through(LatentWriter):
    """A LatentWriter whose events go to another writer. Its methods flush and close are not used."""

    def __init__(self, writer: Any):
        self._events: Any = _Events(writer)  # in place of an event file of its own
        self._folder = ""
        self._spaces: dict[str, Any] = {}
        self._warned: set[str] = set()

    def _warn_of_other_files(self, others: list[Any]) -> None:
        """Does nothing: the latent space is in the file of the scalars, so TensorBoard misses both or neither."""


class _Events:
    """What a LatentWriter needs of an event file, for the event file of another writer."""

    def __init__(self, writer: Any):
        self._writer = weakref.ref(writer)  # which is a key of `_writers`, and goes with its last user

    def others(self) -> AbstractContextManager[list[Any]]:
        """Opens the event files of the writer's folder, if it is a local one: a run that starts again goes on there."""
        folder = _folder(self._writer())
        return files_of(folder) if folder and os.path.isdir(folder) else nullcontext([])

    def add_summary(self, summary: Any, step: int) -> None:
        writer: Any = self._writer()
        _adder(writer)(writer, summary, step)
        writer.flush()


def _adder(writer: Any) -> Any:
    """Returns the function that writes a Summary with a writer of this kind, or None."""
    if hasattr(writer, "_get_file_writer"):
        return _add_to_summary_writer
    if type(writer).__module__.split(".")[0] in ("tensorflow", "tensorboard"):
        if hasattr(writer, "as_default"):
            return _add_to_tensorflow_2
        if hasattr(writer, "add_summary"):
            return lambda writer, summary, step: writer.add_summary(summary.SerializeToString(), step)
    return None


def _folder(writer: Any) -> str:
    """Returns the folder or the URL that a writer of these kinds writes to. One of `tf.summary` does not say it: ""."""
    if hasattr(writer, "_get_file_writer"):
        writer = writer._get_file_writer()
    return str(writer.get_logdir()) if hasattr(writer, "get_logdir") else ""


def _add_to_summary_writer(writer: Any, summary: Any, step: int) -> None:
    file_writer = writer._get_file_writer()  # the attribute file_writer is None after close
    package = type(file_writer).__module__.split(".")[0]
    protos = sys.modules.get(f"{package}.proto.summary_pb2")  # tensorboardX has protos of its own
    if protos is not None:
        summary = protos.Summary.FromString(summary.SerializeToString())
    file_writer.add_summary(summary, step)


def _add_to_tensorflow_2(writer: Any, summary: Any, step: int) -> None:
    tf = sys.modules["tensorflow"]
    if not tf.executing_eagerly():  # there it would make an op that nobody runs
        raise ValueError(
            "writer: one of tf.summary writes in eager mode; in a graph, give a tf.compat.v1.summary.FileWriter"
        )
    with writer.as_default(), tf.summary.record_if(True):  # the labels of the first step must not be skipped
        tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step=step)
