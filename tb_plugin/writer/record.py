"""The records of a step as they are logged: a user's arguments are validated, packed and put into a Summary."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from tensorboard.compat.proto import summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2

from tb_plugin import codec, validation
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.metadata import ONCE, STEPS, summary_metadata, tag_of
from tb_plugin.writer import arrays, charts
from tb_plugin.writer.columns import Column, columns
from tb_plugin.writer.pictures import Layout, Pictures

MAX_NAME = 500  # characters
MAX_EVENT_BYTES = 2**31 - 2**20  # protobuf's limit, less what is around the records
MAX_STEPS = 2**53  # beyond it JavaScript rounds a step


class Once(NamedTuple):
    """Data that is logged once per run, validated: int32 or float32 [N], uint8 [N, h, w, C] and lists.

    `image_shape` is (H, W, C) of the images as they were given; those that are stored may be smaller.
    """

    labels: np.ndarray | None
    images: np.ndarray | None
    class_names: list[str] | None
    metadata: list[Column] | None
    chart: dict[str, Any] | None
    image_shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Step:
    """The arguments of one call, as given; `codes` and `once` are validated. `store_once` stores `once` with them."""

    name: str
    codes: np.ndarray
    index: int | None
    generation: int
    once: Once
    store_once: bool
    decoder: Decoder | None
    encoder: Encoder | None
    float16: bool
    reconstructions: Any
    errors: Any
    projections: Any
    walk: dict[str, Any] | None
    layout: Layout
    limits: charts.Limits
    display_name: str
    description: str


def once_of(points: int, labels: Any, images: Any, class_names: Any, metadata: Any, chart: Any, said: Layout) -> Once:
    """Returns what is logged once per run, of a user's arguments."""
    names = None if class_names is None else validation.class_names(class_names)
    if labels is not None:
        labels, names = validation.labels(labels, points, names)
    pictures = None if images is None else Pictures("images", images, points, said)
    return Once(
        labels,
        None if pictures is None else pictures.pixels(),
        names,
        None if metadata is None else columns(metadata, points),
        None if chart is None else charts.chart(chart),
        None if pictures is None else pictures.shape,
    )


def summary_of(step: Step) -> summary_pb2.Summary:
    """Returns the record of a step as a Summary, and where `store_once` says so the one of the series "once"."""
    points, dims = step.codes.shape
    index, once = step.index, step.once
    if index is not None:
        index = arrays.integer("index", index, MAX_STEPS)
    image_shape = once.image_shape
    reconstructions, errors = None, step.errors
    if step.reconstructions is not None:
        pictures = Pictures("reconstructions", step.reconstructions, points, step.layout, image_shape, clip=True)
        if errors is None and once.images is not None and once.images.shape[1:] == pictures.shape:  # no thumbnails
            errors = pictures.squared_errors(once.images)
        reconstructions, image_shape = pictures.pixels(), pictures.shape
    errors = None if errors is None else validation.errors(errors, points)
    projections = validation.projections(step.projections or {}, points)
    decoder = None if step.decoder is None else validation.decoder(step.decoder, dims, image_shape)
    if decoder is not None and image_shape is None and len(decoder.output_shape) == 1:
        image_shape = validation.picture_shape(decoder.output_shape, step.layout.shape)
    encoder = None if step.encoder is None else validation.encoder(step.encoder, dims, image_shape, step.store_once)
    if once.chart is not None and (decoder is not None or step.store_once):
        charts.require_fits(once.chart, decoder, image_shape)
    walk = None if step.walk is None else validation.walk(step.walk, dims)
    head: dict[str, Any] = {
        "points": points,
        "dims": dims,
        "index": index,
        "image_shape": image_shape and list(image_shape),
        "walk": walk,
    }
    smaller = [images for images in (reconstructions, once.images) if images is not None]
    if smaller and smaller[0].shape[1:] != image_shape:
        head["thumbnail_shape"] = list(smaller[0].shape[1:])
    if decoder is not None and charts.is_vector(decoder, image_shape):
        said = once.chart or {}
        head["chart"] = {"range": said.get("range") or step.limits.including(decoder, step.codes)}
    record = _Record()
    record.put("codes", validation.half("codes", step.codes) if step.float16 else step.codes)
    record.put("errors", errors)
    record.put("reconstructions", reconstructions, compress=True)
    if decoder is not None:
        record.put_blob("decoder", decoder.to_blob(step.float16))
    if encoder is not None:
        blob = encoder.to_blob_of_integers() if step.float16 else encoder.to_blob()
        record.put_more("added", {"name": "encoder"}, blob)
    for name, places in projections.items():
        record.put_more("projections", {"name": name}, codec.pack({}, places))
    summary = summary_pb2.Summary()
    _add_value(summary, step, STEPS, record.blobs(head))
    if step.store_once:
        if "chart" in head:
            head["chart"] = (once.chart or {}) | head["chart"]
        if once.labels is not None:
            head["labels"] = "continuous" if once.labels.dtype.kind == "f" else "classes"
        record.put("labels", once.labels)
        record.put("images", once.images, compress=True)
        for column in once.metadata or []:
            record.put_more("columns", column.about, column.blob)
        _add_value(summary, step, ONCE, record.blobs(head | {"class_names": once.class_names}))
    size = summary.ByteSize()
    if size > MAX_EVENT_BYTES:
        raise ValueError(
            f"codes: the step has {size / 2**20:,.0f} MiB in all, with images, reconstructions, decoder and encoder, "
            f"the limit is {MAX_EVENT_BYTES // 2**20:,}; log a sample of the points"
        )
    return summary


class _Record:
    """The blobs of a record, as `codec` describes them."""

    def __init__(self) -> None:
        self._blobs: list[bytes] = [b""] * len(codec.PARTS)
        self._split: dict[str, dict[str, Any]] = {}
        self._more: dict[str, list[dict[str, Any]]] = {}

    def put(self, part: str, array: np.ndarray | None, compress: bool = False) -> None:
        """Adds a part, in several blobs if it is large."""
        if array is None:
            return
        # A number per point is small, however many points there are.
        rows = len(array) if array.ndim == 1 else max(1, codec.SPLIT_BYTES // array[:1].nbytes)
        blobs = [codec.pack({}, array[i : i + rows], compress=compress) for i in range(0, len(array), rows)]
        self.put_blob(part, blobs[0])
        if len(blobs) > 1:
            positions = [codec.PARTS.index(part), *range(len(self._blobs), len(self._blobs) + len(blobs) - 1)]
            self._split[part] = {"shape": array.shape, "rows": rows, "blobs": positions}
            self._blobs += blobs[1:]

    def put_blob(self, part: str, blob: bytes) -> None:
        self._blobs[codec.PARTS.index(part)] = blob

    def put_more(self, kind: str, about: dict[str, Any], blob: bytes) -> None:
        """Adds a blob that the head lists under `kind`."""
        self._more.setdefault(kind, []).append({**about, "blob": len(self._blobs)})
        self._blobs.append(blob)

    def blobs(self, head: dict[str, Any]) -> list[bytes]:
        """Returns all blobs. The parts that are logged once per run are left out at the end if there are none."""
        there = [part for part, blob in zip(codec.PARTS, self._blobs) if blob]
        there += [added["name"] for added in self._more.get("added", [])]
        more: dict[str, Any] = {"split": self._split} if self._split else {}
        more |= self._more
        blobs = [codec.pack({**head, "parts": there, **more}), *self._blobs[1:]]
        return blobs if any(blobs[len(codec.STEP_PARTS) :]) else blobs[: len(codec.STEP_PARTS)]


def _add_value(summary: summary_pb2.Summary, step: Step, kind: str, blobs: list[bytes]) -> None:
    shape = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=len(blobs))])
    summary.value.add(
        tag=tag_of(require_name(step.name), kind, step.generation),
        metadata=summary_metadata(kind, step.display_name, step.description),
        tensor=tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_shape=shape, string_val=blobs),
    )


def require_same(first: Once, now: Once) -> None:
    """Raises ValueError if data that is logged once per run is given again, and differs."""
    for argument, before, given in zip(Once._fields, first, now):
        array = isinstance(before, np.ndarray) and isinstance(given, np.ndarray)
        same = np.array_equal(before, given) if array else before == given  # type: ignore[arg-type]
        if given is not None and (before is None or not same):
            raise ValueError(
                f"{argument}: they differ from the first step's; they are logged once per run, with the first step"
            )


def require_name(name: Any) -> str:
    """Returns the name of a latent space.

    Raises:
      ValueError: TensorBoard cannot show it.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise ValueError(f"name: it is {name!r:.80}, it must be a string of 1 to {MAX_NAME} characters")
    if json.dumps(name, ensure_ascii=False) != f'"{name}"':  # TensorBoard's Rust data server cannot read such a series
        raise ValueError(f"name: it is {name!r:.80}, it must not contain quotes, backslashes or control characters")
    return name
