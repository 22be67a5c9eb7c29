"""Reading of what was logged at a step: the parts of its record, validated."""

from typing import Any

import numpy as np
from tensorboard import errors
from tensorboard.data import provider

from tb_plugin import codec, validation
from tb_plugin.decoder import Decoder
from tb_plugin.metadata import FormatError
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
        position = codec.PARTS.index(part)
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
            raise NotThere(f"No {part} {'was' if part in ('head', 'decoder') else 'were'} logged at this step.")
        return blob

    def array(self, ctx: Any, record: Any, part: str, dtype: str, rank: int) -> np.ndarray:
        """Returns the array of a part, which must have `dtype` and `rank`."""
        return array_of(self.part(ctx, record, part), part, dtype, rank)

    def codes(self, ctx: Any, space: Space, step: int) -> np.ndarray:
        """Returns the codes float32 [N, D] of a step."""
        codes = self.array(ctx, space.record(step), "codes", "float32", 2)
        if not (1 <= len(codes) <= validation.MAX_POINTS and 1 <= codes.shape[1] <= validation.MAX_DIMS):
            raise FormatError(
                f"The codes of this step cannot be read: there are {len(codes):,} of {codes.shape[1]:,} numbers."
            )
        return codes

    def labels(self, ctx: Any, space: Space, step: int) -> np.ndarray:
        """Returns the labels int32 [N] that belong to a step."""
        return self.array(ctx, space.once(step), "labels", "int32", 1)

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

    def image_shape(self, ctx: Any, space: Space, step: int, head: dict[str, Any]) -> tuple[int, ...] | None:
        """Returns (H, W, C) of the images that belong to a step with `head`, which may only be in the first step."""
        shape = head["image_shape"]
        if not shape:
            try:
                shape = self.head(ctx, space.once(step))["image_shape"]
            except NotThere:
                shape = None
        return tuple(shape) if shape else None


def array_of(blob: bytes, part: str, dtype: str, rank: int) -> np.ndarray:
    """Returns the array of a blob, which must have `dtype` and `rank`; `part` is its name in errors.

    Raises:
      FormatError: the blob is damaged, or has another array.
    """
    try:
        _, arrays = codec.unpack(blob)
        if len(arrays) != 1 or arrays[0].dtype != np.dtype(dtype) or arrays[0].ndim != rank:
            raise FormatError("its array has another dtype or shape")
    except FormatError as error:
        raise FormatError(f"The {part} of this step cannot be read: {error}.") from error
    return arrays[0]
