"""Reading of what was logged at a step: the parts of its record, validated."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from tensorboard import errors
from tensorboard.data import provider

from tb_plugin import codec, validation
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.metadata import FormatError
from tb_plugin.server import charts
from tb_plugin.server.spaces import Gone, NotThere, Space

# Heads that are remembered, and the largest of them. Few heads are larger. A latent space has two.
MAX_HEADS = 4096
MAX_HEAD_BYTES = 4096


class Reader:
    """A reader of records through TensorBoard's data provider.

    Its methods raise NotThere if a part was not logged, Gone if it no longer exists, and FormatError if it is damaged.
    """

    def __init__(self, data_provider: provider.DataProvider):
        self._provider = data_provider
        self._heads: dict[tuple[str, float], bytes] = {}

    def head(self, ctx: Any, record: Any) -> dict[str, Any]:
        """Returns the head of a record, as `codec.unpack_head` does. Small heads are remembered for later listings."""
        key = (record.values[0].blob_key if record.values else "", record.wall_time)
        blob = self._heads.get(key)
        if blob is None:
            blob = self.part(ctx, record, "head")
            if len(blob) <= MAX_HEAD_BYTES:
                if len(self._heads) >= MAX_HEADS:
                    self._heads.clear()
                self._heads[key] = blob
        try:
            return codec.unpack_head(blob)
        except FormatError as error:
            raise FormatError(f"This step cannot be read: {error}.") from error

    def part(self, ctx: Any, record: Any, part: str) -> bytes:
        """Returns the blob of a part, one of `codec.PARTS`, as it is stored."""
        return self.blob(ctx, record, codec.PARTS.index(part), part)

    def blob(self, ctx: Any, record: Any, position: int, part: str) -> bytes:
        """Returns the blob at a position; `part` is its name in errors."""
        if position >= len(record.values):
            raise NotThere(f"This latent space has no {part}.")
        try:
            blob = self._provider.read_blob(ctx, blob_key=record.values[position].blob_key)
        except (KeyError, errors.NotFoundError) as error:
            raise Gone("This step is no longer kept, or its run was deleted.") from error
        except errors.InvalidArgumentError as error:
            # The Rust data server makes a key for such a name that it cannot parse itself.
            raise FormatError(
                "TensorBoard's fast loader cannot read a run with quotes, backslashes or control characters in its "
                "name. Rename the run, or restart TensorBoard with --load_fast=false."
            ) from error
        except (ValueError, TypeError, IndexError) as error:
            raise FormatError(f"The {part} of this step cannot be read: it is not a sequence of blobs.") from error
        if not isinstance(blob, bytes):
            raise FormatError(f"The {part} of this step cannot be read: it is not a blob.")
        if not blob:
            raise NotThere(
                f"No {part} {'was' if part in ('head', 'decoder', 'encoder') else 'were'} logged at this step."
            )
        return blob

    def array(self, ctx: Any, record: Any, part: str, dtype: str, rank: int) -> np.ndarray:
        """Returns the array of a part, which must have `dtype` and `rank`."""
        return array_of(self.part(ctx, record, part), part, dtype, rank)

    def rows(self, ctx: Any, record: Any, part: str, dtype: str, rank: int) -> "np.ndarray | SplitRows":
        """Returns the array of a part, or what reads its rows if it is stored in several blobs."""
        head = self.head(ctx, record) if len(record.values) > len(codec.PARTS) else {"split": {}}
        split = head["split"].get(part)
        if split is None:
            return self.array(ctx, record, part, dtype, rank)

        def read(number: int) -> np.ndarray:
            return array_of(self.blob(ctx, record, split["blobs"][number], part), part, dtype, rank)

        rows = SplitRows(part, tuple(split["shape"]), np.dtype(dtype), split["rows"], read)
        if len(rows.shape) != rank or rows.nbytes > codec.MAX_PART_BYTES:
            raise FormatError(f"The {part} of this step cannot be read: its array has another shape.")
        return rows

    def codes(self, ctx: Any, space: Space, step: int) -> np.ndarray:
        """Returns the codes float32 [N, D] of a step."""
        return self.code_rows(ctx, space, step)[:]

    def code_rows(self, ctx: Any, space: Space, step: int) -> "np.ndarray | SplitRows":
        """Returns the codes float32 [N, D] of a step, or what reads some of them."""
        codes = self.rows(ctx, space.record(step), "codes", "float32", 2)
        if not (1 <= len(codes) <= validation.MAX_POINTS and 1 <= codes.shape[1] <= validation.MAX_DIMS):
            raise FormatError(
                f"The codes of this step cannot be read: there are {len(codes):,} of {codes.shape[1]:,} numbers."
            )
        return codes

    def labels(self, ctx: Any, space: Space, step: int) -> np.ndarray:
        """Returns the labels [N] that belong to a step: int32 of classes, or float32 of continuous values."""
        return array_of(self.part(ctx, space.once(step), "labels"), "labels", ("int32", "float32"), 1)

    def column(self, ctx: Any, record: Any, name: str) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Returns a column of metadata: what the head says about it, and its arrays as `codec` describes them."""
        points, columns = (self.head(ctx, record)[key] for key in ("points", "columns"))
        about = next((column for column in columns if column["name"] == name), None)
        if about is None:
            raise NotThere("No such column of metadata was logged. The route runs lists the columns.")
        try:
            _, arrays = codec.unpack(self.blob(ctx, record, about["blob"], "metadata"))
            if not _is_column(about["type"], arrays, points):
                raise FormatError("its arrays have another dtype or shape")
        except FormatError as error:
            raise FormatError(f"The metadata of this step cannot be read: {error}.") from error
        return about, arrays

    def projection(self, ctx: Any, space: Space, step: int, name: str) -> np.ndarray:
        """Returns the places float32 [N, 2] of the points of a step in a projection that was logged."""
        record = space.record(step)
        head = self.head(ctx, record)
        about = next((one for one in head["projections"] if one["name"] == name), None)
        if about is None:
            raise NotThere(f"No projection {name!r:.80} was logged at this step. Choose another plane.")
        places = array_of(self.blob(ctx, record, about["blob"], "projection"), "projection", "float32", 2)
        if places.shape != (head["points"], 2) or not np.isfinite(places).all():
            raise FormatError("The projection of this step cannot be read: its array has another shape, or no numbers.")
        return places

    def decoder(self, ctx: Any, space: Space, step: int) -> Decoder:
        """Returns the decoder of a step."""
        blob = self.part(ctx, space.record(step), "decoder")
        try:
            decoder = Decoder.from_blob(blob)
            if decoder.dims > validation.MAX_DIMS:
                raise FormatError(f"it takes codes of {decoder.dims:,} numbers")
        except FormatError as error:
            raise FormatError(f"The decoder of this step cannot be read: {error}.") from error
        return decoder

    def encoder(self, ctx: Any, space: Space, step: int) -> Encoder:
        """Returns the encoder of a step."""
        record = space.record(step)
        added = self.head(ctx, record)["added"]
        position = next((one["blob"] for one in added if one["name"] == "encoder"), None)
        if position is None:
            raise NotThere("No encoder was logged at this step.")
        blob = self.blob(ctx, record, position, "encoder")
        try:
            encoder = Encoder.from_blob(blob)
            if len(encoder.output_shape) != 1 or encoder.output_shape[0] > validation.MAX_DIMS:
                raise FormatError(f"it returns {list(encoder.output_shape)}")
        except FormatError as error:
            raise FormatError(f"The encoder of this step cannot be read: {error}.") from error
        return encoder

    def image_shape(self, ctx: Any, space: Space, step: int, head: dict[str, Any]) -> tuple[int, ...] | None:
        """Returns (H, W, C) of the images that belong to a step with `head`, which may only be in the first step."""
        shape = head["image_shape"]
        if not shape:
            try:
                shape = self.head(ctx, space.once(step))["image_shape"]
            except NotThere:
                shape = None
        return tuple(shape) if shape else None

    def chart(self, ctx: Any, space: Space) -> dict[str, Any] | None:
        """Returns the chart that shows what a latent space's decoders return, the same for all steps, or None."""
        last = space.resolve(None)
        try:
            once = self.head(ctx, space.once(last))["chart"]
        except NotThere:
            once = None
        return charts.merged(once, self.head(ctx, space.record(last))["chart"])


class SplitRows:
    """An array that is stored in several blobs, each of `rows` rows. A slice of it reads the blobs that it needs.

    Attributes:
      shape, dtype, nbytes: as those of an array.
    """

    def __init__(
        self, part: str, shape: tuple[int, ...], dtype: np.dtype, rows: int, read: Callable[[int], np.ndarray]
    ):
        self.shape, self.dtype, self._part, self._rows, self._read = shape, dtype, part, rows, read
        self.nbytes = math.prod(shape) * dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, some: slice) -> np.ndarray:
        start, stop, _ = some.indices(len(self))
        made = np.empty((max(0, stop - start), *self.shape[1:]), self.dtype)
        for number in range(start // self._rows, -(-stop // self._rows) if stop > start else 0):
            first = number * self._rows
            blob = self._read(number)
            if blob.shape != (min(self._rows, len(self) - first), *self.shape[1:]):
                raise FormatError(f"The {self._part} of this step cannot be read: its array has another shape.")
            inside = slice(max(start, first), min(stop, first + self._rows))
            made[inside.start - start : inside.stop - start] = blob[inside.start - first : inside.stop - first]
        return made


def array_of(blob: bytes, part: str, dtypes: str | tuple[str, ...], rank: int) -> np.ndarray:
    """Returns the array of a blob, which must have one of `dtypes` and `rank`; `part` is its name in errors.

    Raises:
      FormatError: the blob is damaged, or has another array.
    """
    try:
        _, arrays = codec.unpack(blob)
        if len(arrays) != 1 or arrays[0].dtype.name not in dtypes or arrays[0].ndim != rank:
            raise FormatError("its array has another dtype or shape")
    except FormatError as error:
        raise FormatError(f"The {part} of this step cannot be read: {error}.") from error
    return arrays[0]


def _is_column(kind: str, arrays: list[np.ndarray], points: int) -> bool:
    dtypes = [array.dtype.name for array in arrays]
    if any(array.ndim != 1 for array in arrays) or not arrays or len(arrays[0]) != points:
        return False
    if kind == "number":
        return dtypes[0] in ("float32", "float64") and (
            len(arrays) == 1 or (dtypes[1:] == ["uint8"] and len(arrays[1]) == points)
        )
    return (
        dtypes == ["int32", "int32", "uint8"]
        and bool((arrays[0] >= -1).all() and (arrays[0] < len(arrays[1])).all() and (arrays[1] >= 0).all())
        and int(arrays[1].sum(dtype=np.int64)) == len(arrays[2])
    )
