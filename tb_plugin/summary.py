"""Logs a latent space: one call per step, from any framework.

    with LatentWriter("runs/mine") as writer:
        for step in ...:
            writer.add("codes", step, codes, labels=labels, images=images, decoder=decoder)

`latent` returns the same as a Summary, for a writer that you already have.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from tensorboard.compat.proto import summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2

from tb_plugin import codec, validation
from tb_plugin.decoder import Decoder
from tb_plugin.event_file import EventFile
from tb_plugin.metadata import ONCE, STEPS, SUFFIXES, summary_metadata

MAX_NAME = 500  # characters


def latent(
    name: str,
    codes: Any,
    *,
    index: int | None = None,
    labels: Any = None,
    images: Any = None,
    class_names: Sequence[str] | None = None,
    decoder: Decoder | None = None,
    float16: bool = False,
    reconstructions: Any = None,
    errors: Any = None,
    walk: dict[str, Any] | None = None,
    display_name: str = "",
    description: str = "",
) -> summary_pb2.Summary:
    """Returns a latent space at one step as a Summary.

    PyTorch's `SummaryWriter().file_writer.add_summary` takes the Summary as it is. A TensorFlow 1 `FileWriter` takes
    `latent(...).SerializeToString()`, because its Summary is another class than TensorBoard's.

    Args:
      name: the name of the latent space in the Latent tab; a run may have several.
      codes: numbers [N, D], stored as float32. The points are the same, in the same order, at every step.
      index: how many steps were logged under this name before. The step with index 0 is stored a second time, because
        TensorBoard samples the steps of a long run and could drop the first. The tab shows how many of the logged
        steps TensorBoard kept.
      labels: integers [N].
      images: the encoder's inputs, [N, H, W] or [N, H, W, C] with 1, 3 or 4 channels, uint8 or floats in 0..1.
        Labels, images and class names are logged once per run, with the first step. Each further call that gives them
        stores them again, together with its step.
      class_names: the names of the classes: label i is class_names[i], label -1 is none.
      decoder: the `tb_plugin.decoder.Decoder` at this step. It takes codes [N, D] and returns pictures with the
        images' shape, or as vectors, with pixels in 0..1.
      float16: stores the decoder's weights in half of the bytes.
      reconstructions: pictures of the codes with the images' shape, or [N, H * W * C] if images are given. They are
        not needed if there is a decoder.
      errors: a number for each point, [N]. By default the mean squared errors, if images and reconstructions are given.
      walk: the circle that the tab starts with: {"center": [D], "radius": number}, and optionally "frames", "u" [D]
        and "v" [D].
      display_name: shown in the tab in place of the name.
      description: Markdown.

    Raises:
      ValueError: an argument is invalid; the message says which one and why.
    """
    codes = validation.codes(codes)
    once = _once(len(codes), labels, images, class_names)
    return _summary(
        _Step(
            name=name,
            codes=codes,
            index=index,
            once=once,
            store_once=index == 0 or any(given is not None for given in once),
            decoder=decoder,
            float16=float16,
            reconstructions=reconstructions,
            errors=errors,
            walk=walk,
            display_name=display_name,
            description=description,
        )
    )


class _Once(NamedTuple):
    """The data that is logged once per run, validated: int32 [N], uint8 [N, H, W, C] and a list of strings."""

    labels: np.ndarray | None
    images: np.ndarray | None
    class_names: list[str] | None


@dataclass(frozen=True)
class _Step:
    """The arguments of one call, as given; `codes` and `once` are validated. `store_once` stores `once` with them."""

    name: str
    codes: np.ndarray
    index: int | None
    once: _Once
    store_once: bool
    decoder: Decoder | None
    float16: bool
    reconstructions: Any
    errors: Any
    walk: dict[str, Any] | None
    display_name: str
    description: str


def _once(points: int, labels: Any, images: Any, class_names: Any) -> _Once:
    names = None if class_names is None else validation.class_names(class_names)
    return _Once(
        None if labels is None else validation.labels(labels, points, names),
        None if images is None else validation.images("images", images, points),
        names,
    )


def _summary(step: _Step) -> summary_pb2.Summary:
    points, dims = step.codes.shape
    index, once = step.index, step.once
    if index is not None and (not isinstance(index, (int, np.integer)) or index < 0):
        raise ValueError(f"index: it is {index!r}, it must be an integer from 0")
    image_shape = None if once.images is None else once.images.shape[1:]
    reconstructions, errors = None, step.errors
    if step.reconstructions is not None:
        reconstructions = validation.images("reconstructions", step.reconstructions, points, image_shape, clip=True)
        if errors is None and once.images is not None:
            errors = validation.squared_errors(once.images, step.reconstructions)
        image_shape = reconstructions.shape[1:]
    errors = None if errors is None else validation.errors(errors, points)
    decoder = None if step.decoder is None else validation.decoder(step.decoder, dims, image_shape)
    walk = None if step.walk is None else validation.walk(step.walk, dims)
    parts = {
        "codes": codec.pack({}, step.codes),
        "errors": b"" if errors is None else codec.pack({}, errors),
        "reconstructions": b"" if reconstructions is None else codec.pack({}, reconstructions, compress=True),
        "decoder": b"" if decoder is None else decoder.to_blob(step.float16),
    }
    head: dict[str, Any] = {
        "points": points,
        "dims": dims,
        "index": None if index is None else int(index),
        "image_shape": image_shape and list(image_shape),
        "class_names": None,
        "walk": walk,
    }
    summary = summary_pb2.Summary()
    _add_value(summary, step, STEPS, head, parts)
    if step.store_once:
        head["class_names"] = once.class_names
        parts["labels"] = b"" if once.labels is None else codec.pack({}, once.labels)
        parts["images"] = b"" if once.images is None else codec.pack({}, once.images, compress=True)
        _add_value(summary, step, ONCE, head, parts)
    return summary


def _add_value(
    summary: summary_pb2.Summary, step: _Step, kind: str, head: dict[str, Any], parts: dict[str, bytes]
) -> None:
    name = step.name
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise ValueError(f"name: it is {name!r:.80}, it must be a string of 1 to {MAX_NAME} characters")
    if json.dumps(name, ensure_ascii=False) != f'"{name}"':  # TensorBoard's Rust data server cannot read such a series
        raise ValueError(f"name: it is {name!r:.80}, it must not contain quotes, backslashes or control characters")
    blobs = [codec.pack({**head, "parts": [part for part in parts if parts[part]]}), *parts.values()]
    shape = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=len(blobs))])
    summary.value.add(
        tag=name + SUFFIXES[kind],
        metadata=summary_metadata(kind, step.display_name, step.description),
        tensor=tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_shape=shape, string_val=blobs),
    )


def _require_same(first: _Once, now: _Once) -> None:
    for argument, before, given in zip(_Once._fields, first, now):
        if given is not None and (before is None or not np.array_equal(before, given)):
            raise ValueError(
                f"{argument}: they differ from the first step's; they are logged once per run, with the first step"
            )


class LatentWriter:
    """A writer of latent spaces to an event file of its own, beside the run's other event files.

    It counts the steps and remembers what is logged once per run, so that every call can look the same. Close it, or
    use it in a `with` statement.
    """

    def __init__(self, logdir: str | os.PathLike):
        """Creates an event file in `logdir`, a run's folder or the URL of a remote one: see `EventFile`."""
        self._events = EventFile(logdir)
        self._logged: dict[str, tuple[int, tuple[int, int], _Once]] = {}  # steps so far, [N, D], what is logged once

    def add(
        self,
        name: str,
        step: int,
        codes: Any,
        *,
        labels: Any = None,
        images: Any = None,
        class_names: Sequence[str] | None = None,
        decoder: Decoder | None = None,
        float16: bool = False,
        reconstructions: Any = None,
        errors: Any = None,
        walk: dict[str, Any] | None = None,
        display_name: str = "",
        description: str = "",
    ) -> None:
        """Logs a latent space at `step`, an integer from 0. The other arguments are those of `latent`.

        Labels, images and class names are stored with the first step. If they are given again, they must be the same.

        Raises:
          ValueError: an argument is invalid; the message says which one and why. Nothing is written.
          OSError: the step cannot be written. The steps before it are complete.
        """
        if not isinstance(step, (int, np.integer)) or not 0 <= step < 2**63:
            raise ValueError(f"step: it is {step!r}, it must be an integer from 0")
        codes = validation.codes(codes)
        index, shape, once = self._logged.get(name, (0, codes.shape, None))
        if codes.shape != shape:
            raise ValueError(f"codes: shape is {list(codes.shape)}, it must be {list(shape)} as at the first step")
        if once is None:
            once = _once(len(codes), labels, images, class_names)
        else:
            names = once.class_names if class_names is None else class_names
            _require_same(once, _once(len(codes), labels, images, names))
        summary = _summary(
            _Step(
                name=name,
                codes=codes,
                index=index,
                once=once,
                store_once=index == 0,
                decoder=decoder,
                float16=float16,
                reconstructions=reconstructions,
                errors=errors,
                walk=walk,
                display_name=display_name,
                description=description,
            )
        )
        self._events.add_summary(summary, step)
        self._logged[name] = index + 1, shape, once

    def flush(self) -> None:
        """Uploads what was logged to a remote folder. In a local folder every step is in the file at once."""
        self._events.flush()

    def close(self) -> None:
        """Closes the file, after a flush."""
        self._events.close()

    def __enter__(self) -> "LatentWriter":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
