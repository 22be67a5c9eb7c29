"""Logging a latent space: one call per step, from any framework.

    with LatentWriter("runs/mine") as writer:
        for step in ...:
            writer.add("codes", step, codes, labels=labels, images=images, decoder=decoder)

`latent` gives the same as a Summary, for a writer that you have already.
"""

import json
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from tensorboard.compat.proto import summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2

from tb_plugin import codec, validation
from tb_plugin.decoder import Decoder
from tb_plugin.event_file import EventFile

MAX_NAME = 500


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
    """A latent space at one step, as a Summary.

    PyTorch's `SummaryWriter().file_writer.add_summary` takes it as it is, a TensorFlow 1 `FileWriter` takes
    `latent(...).SerializeToString()`: its Summary is another class than TensorBoard's.

    Args:
      name: what the Latent tab calls it; a run may have several.
      codes: numbers [N, D], kept as float32; the same points in the same order at every step.
      index: how many steps were logged under this name before. With 0 the step is stored a second time, so that
        TensorBoard, which samples the steps of a long run, cannot lose the first; with the others the tab can
        say how many of how many steps are there.
      labels: integers [N].
      images: what was encoded, [N, H, W] or [N, H, W, C], uint8 or floats in 0..1. Labels, images and class
        names are logged once in a run, with the first step; each time they are given they are stored again, and
        the step with them.
      class_names: what the labels mean; label i is class_names[i], -1 is none.
      decoder: `tb_plugin.decoder.Decoder` of this step: takes [N, D], gives pictures shaped as the images, or as
        long vectors, pixels in 0..1.
      float16: stores the decoder's weights in half of the bytes.
      reconstructions: the decoder's pictures of the codes, shaped as the images (or [N, H * W * C] beside them);
        not needed where there is a decoder.
      errors: a number for each point, [N]. Absent, but with images and reconstructions, the mean squared errors.
      walk: the circle that the tab starts with: {"center": [D], "radius": number}, and "frames", "u", "v" [D].
      display_name: instead of the name, in the tab.
      description: Markdown.

    Raises:
      ValueError: says which argument is wrong, and how.
    """
    codes = validation.codes(codes)
    once = _once(len(codes), labels, images, class_names)
    store_once = index == 0 or any(given is not None for given in once)
    return _summary(
        name, codes, index, once, store_once, decoder, float16, reconstructions, errors, walk, display_name, description
    )


class _Once(NamedTuple):
    """What is logged once per run, checked: int32 [N], uint8 [N, H, W, C], a list of strings."""

    labels: np.ndarray | None
    images: np.ndarray | None
    class_names: list[str] | None


def _once(points: int, labels: Any, images: Any, class_names: Any) -> _Once:
    class_names = None if class_names is None else validation.names(class_names)
    return _Once(
        None if labels is None else validation.labels(labels, points, class_names),
        None if images is None else validation.images("images", images, points),
        class_names,
    )


def _summary(
    name, codes, index, once, store_once, decoder, float16, reconstructions, errors, walk, display_name, description
) -> summary_pb2.Summary:
    points, dims = codes.shape
    if index is not None and (not isinstance(index, (int, np.integer)) or index < 0):
        raise ValueError(f"index: {index!r}; it is a whole number from 0")
    image_shape = None if once.images is None else once.images.shape[1:]
    pictures = None
    if reconstructions is not None:
        pictures = validation.images("reconstructions", reconstructions, points, image_shape, clip=True)
        if errors is None and once.images is not None:
            errors = validation.squared_errors(once.images, reconstructions)
        image_shape = pictures.shape[1:]
    errors = None if errors is None else validation.errors(errors, points)
    decoder = None if decoder is None else validation.decoder(decoder, dims, image_shape)
    walk = None if walk is None else validation.walk(walk, dims)
    parts = {
        "codes": codec.pack({}, codes),
        "errors": b"" if errors is None else codec.pack({}, errors),
        "reconstructions": b"" if pictures is None else codec.pack({}, pictures, compress=True),
        "decoder": b"" if decoder is None else decoder.to_blob(float16),
    }
    head = {
        "points": points,
        "dims": dims,
        "index": None if index is None else int(index),
        "image_shape": image_shape and list(image_shape),
        "class_names": None,
        "walk": walk,
    }
    summary = summary_pb2.Summary()
    _add(summary, name, codec.STEPS, head, parts, display_name, description)
    if store_once:
        head["class_names"] = once.class_names
        parts["labels"] = b"" if once.labels is None else codec.pack({}, once.labels)
        parts["images"] = b"" if once.images is None else codec.pack({}, once.images, compress=True)
        _add(summary, name, codec.ONCE, head, parts, display_name, description)
    return summary


def _add(
    summary: summary_pb2.Summary,
    name: str,
    kind: str,
    head: dict[str, Any],
    parts: dict[str, bytes],
    display_name: str,
    description: str,
) -> None:
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise ValueError(f"name: {name!r:.80}; it is a text of 1 to {MAX_NAME} characters")
    if json.dumps(name, ensure_ascii=False) != f'"{name}"':  # TensorBoard's Rust loader cannot read such a series
        raise ValueError(f"name: {name!r:.80}; no quotes, backslashes or control characters, please")
    blobs = [codec.pack({**head, "parts": [part for part in parts if parts[part]]}), *parts.values()]
    shape = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=len(blobs))])
    summary.value.add(
        tag=name + codec.SUFFIXES[kind],
        metadata=codec.metadata(kind, display_name, description),
        tensor=tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_shape=shape, string_val=blobs),
    )


def _check_same(first: _Once, now: _Once) -> None:
    for argument, before, given in zip(_Once._fields, first, now):
        if given is not None and (before is None or not np.array_equal(before, given)):
            raise ValueError(f"{argument}: not those of the first step; they are logged once, with it")


class LatentWriter:
    """Writes latent spaces into an event file of its own, beside whatever else a run logs.

    It keeps count of the steps, and what is logged once, so that every call can be the same. Close it, or use it
    in a `with` statement.
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
        """Logs a latent space at a step, a whole number from 0; the other arguments are those of `latent`.

        Labels, images and class names are stored at the first step; given again they must be the same.

        Raises:
          ValueError: says which argument is wrong, and how; nothing is written then.
          OSError: the step cannot be written; what was logged before is whole.
        """
        if not isinstance(step, (int, np.integer)) or not 0 <= step < 2**63:
            raise ValueError(f"step: {step!r}; it is a whole number from 0")
        codes = validation.codes(codes)
        index, shape, once = self._logged.get(name, (0, codes.shape, None))
        if codes.shape != shape:
            raise ValueError(f"codes: shape {list(codes.shape)}; at the first step it was {list(shape)}")
        if once is None:
            once = _once(len(codes), labels, images, class_names)
        else:
            names = once.class_names if class_names is None else class_names
            _check_same(once, _once(len(codes), labels, images, names))
        summary = _summary(
            name,
            codes,
            index,
            once,
            index == 0,
            decoder,
            float16,
            reconstructions,
            errors,
            walk,
            display_name,
            description,
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
