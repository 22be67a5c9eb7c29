"""The latent spaces that TensorBoard's data provider has: what there is, and the parts of a step."""

import threading
import time
from typing import Any

import numpy as np
from tensorboard import errors
from tensorboard.data import provider

from tb_plugin import PLUGIN_NAME, codec

# A client asks for one space again and again, most of all after it was listed. A blob's key depends on names and step
# alone, so an old list is out of date at worst.
_RECENT_SECONDS = 1.0

# The heads that are remembered: at most so many, none of more bytes. Few are larger; a space has two.
_HEADS, _HEAD_BYTES = 4096, 4096

# Steps to ask for: all that the loader kept (0 would mean none).
_ALL = 2**31 - 1


class NotThere(LookupError):
    """A run, tag, step or part that does not exist; the message is for the client."""


class Gone(NotThere):
    """What was listed is not there any more: another step took its place, or the run was deleted."""


class Space:
    """A latent space of a run: the steps that were kept, and where their parts are.

    Attributes:
      run, name: as logged.
      steps: the steps that were kept, in order.
      wall_times: when each was logged, seconds since 1970.
      display_name, description: of the summary.
      error: why it cannot be read, or None.
    """

    def __init__(self, run: str, name: str):
        self.run, self.name = run, name
        self.display_name = self.description = ""
        self.error: str | None = None
        self._records: dict[int, Any] = {}
        self._once: dict[int, Any] = {}

    def add(self, kind: str, data: list[Any]) -> None:
        """Takes the data of one of its two series."""
        if kind == codec.ONCE:
            self._once = {datum.step: datum for datum in data}
            # The first step is in both series, and sampling may have dropped it from the other.
            self._records = self._once | self._records
        else:
            self._records |= {datum.step: datum for datum in data}

    @property
    def steps(self) -> list[int]:
        return sorted(self._records)

    @property
    def wall_times(self) -> list[float]:
        return [self._records[step].wall_time for step in self.steps]

    def resolve(self, step: int | None) -> int:
        """The step itself if it was kept, for None the last one.

        Raises:
          NotThere: it was not kept.
        """
        if step is None and self._records:
            return max(self._records)
        if step not in self._records:
            raise NotThere("this step was not logged, or not kept; the route runs lists those that were")
        return step

    def record(self, step: int) -> Any:
        """The record of a step, with the parts that each step has."""
        return self._records[step]

    def once(self, step: int) -> Any:
        """The once-per-run record that a step goes with: the last until then, else the first.

        Raises:
          NotThere: nothing of the kind was logged.
        """
        if not self._once:
            raise NotThere("no labels or images were logged here")
        before = [at for at in self._once if at <= step]
        return self._once[max(before) if before else min(self._once)]


def _claims_too_much(series: Any) -> bool:
    """Whether a record of a series claims more parts than there are.

    TensorBoard's Python loader takes a record at its word, and would make a key for each of 2**40.
    """
    return (series.max_length or 0) > len(codec.PARTS)


class Store:
    """Reads latent spaces through a TensorBoard data provider."""

    def __init__(self, data_provider: provider.DataProvider):
        self._provider = data_provider
        self._recent: dict[tuple[str, str | None, str | None], tuple[float, Space]] = {}
        self._recent_lock = threading.Lock()
        self._heads: dict[tuple[str, float], bytes] = {}

    def spaces(self, ctx: Any, experiment: str, run: str | None = None, name: str | None = None) -> list[Space]:
        """All latent spaces, or the one of `run` and `name`; one that cannot be read says so in its `error`."""
        chosen = None
        if run is not None and name is not None:
            chosen = provider.RunTagFilter(runs=[run], tags=[name + suffix for suffix in codec.SUFFIXES.values()])
        query = {"experiment_id": experiment, "plugin_name": PLUGIN_NAME, "run_tag_filter": chosen}
        try:
            listed = self._provider.list_blob_sequences(ctx, **query)
            data = self._read(ctx, query, listed)
        except errors.NotFoundError:
            return []
        found: dict[tuple[str, str], Space] = {}
        for run_name, tags in listed.items():
            for tag, series in tags.items():
                error = None
                try:
                    space_name, kind = codec.parse_metadata(tag, series.plugin_content)
                    if _claims_too_much(series):
                        raise codec.FormatError("a record of it has more parts than there are")
                except codec.FormatError as failure:
                    error = f"This data cannot be read: {failure}."
                    space_name, kind = tag, codec.STEPS
                    for suffix in codec.SUFFIXES.values():
                        space_name = space_name.removesuffix(suffix)
                space = found.setdefault((run_name, space_name), Space(run_name, space_name))
                space.display_name = series.display_name or space.display_name or space_name
                space.description = series.description or space.description
                space.error = space.error or error
                if error is None:
                    space.add(kind, data.get(run_name, {}).get(tag, []))
        self._remember(experiment, found)
        return [found[key] for key in sorted(found)]

    def _remember(self, experiment: str, found: dict[tuple[str, str], Space]) -> None:
        now = time.monotonic()
        with self._recent_lock:
            for old in [old for old, (at, _) in self._recent.items() if now - at > _RECENT_SECONDS]:
                del self._recent[old]
            self._recent |= {(experiment, *key): (now, space) for key, space in found.items()}

    def _read(self, ctx: Any, query: dict[str, Any], listed: Any) -> Any:
        """What the provider reads of the series that it listed, but for those that claim too much."""
        hostile = {run for run, tags in listed.items() if any(map(_claims_too_much, tags.values()))}
        filters = [query["run_tag_filter"]]
        if hostile:
            names = filters[0] and filters[0].tags
            filters = [provider.RunTagFilter(runs=[run for run in listed if run not in hostile], tags=names)]
            filters += [
                provider.RunTagFilter(
                    runs=[run], tags=[tag for tag, series in listed[run].items() if not _claims_too_much(series)]
                )
                for run in hostile
            ]
        data: dict[str, Any] = {}
        for chosen in filters:
            data |= self._provider.read_blob_sequences(ctx, downsample=_ALL, **query | {"run_tag_filter": chosen})
        return data

    def space(self, ctx: Any, experiment: str, run: str | None, name: str | None) -> Space:
        """The latent space `name` of a run; the first of `spaces` for None and None.

        Raises:
          NotThere: there is none.
          codec.FormatError: its format is newer than this plugin, or damaged.
        """
        listed, space = self._recent.get((experiment, run, name), (0.0, None))
        if space is None or time.monotonic() - listed > _RECENT_SECONDS:
            listing = self.spaces(ctx, experiment, run, name)
            space = next((space for space in listing if name in (None, space.name)), None)
            if space is None:
                raise NotThere("there is no such run, or no such tag in it")
        if space.error:
            raise codec.FormatError(space.error)
        return space

    def forget(self) -> None:
        """Lists anew from now on."""
        with self._recent_lock:
            self._recent.clear()

    def head(self, ctx: Any, record: Any) -> dict[str, Any]:
        """What a record says of itself, as `codec.unpack_head`. Each listing asks for it, so it is remembered.

        Raises:
          NotThere, codec.FormatError: as `part`.
        """
        key = (record.values[0].blob_key if record.values else "", record.wall_time)
        blob = self._heads.get(key)
        if blob is None:
            blob = self.part(ctx, record, "head")
            if len(blob) <= _HEAD_BYTES:
                if len(self._heads) >= _HEADS:
                    self._heads.clear()
                self._heads[key] = blob
        try:
            return codec.unpack_head(blob)
        except codec.FormatError as error:
            raise codec.FormatError(f"This step cannot be read: {error}.") from error

    def part(self, ctx: Any, record: Any, part: str) -> bytes:
        """A part of a record, as stored.

        Raises:
          NotThere: it was not logged; as Gone: it went since the record was listed.
          codec.FormatError: it is not what this plugin writes.
        """
        position = codec.PARTS.index(part)
        if position >= len(record.values):
            raise NotThere(f"no {part} here")
        try:
            blob = self._provider.read_blob(ctx, blob_key=record.values[position].blob_key)
        except (KeyError, errors.NotFoundError) as error:
            raise Gone("this step is no longer kept, or its run was deleted") from error
        except errors.InvalidArgumentError as error:
            # Its Rust loader does not understand the keys that it made itself of such names.
            raise codec.FormatError(
                "TensorBoard's fast loader cannot read a run with quotes, backslashes or control "
                "characters in its name: rename it, or start with --load_fast=false."
            ) from error
        except (ValueError, TypeError, IndexError) as error:
            raise codec.FormatError(f"The {part} of this step cannot be read: not a sequence of blobs.") from error
        if not isinstance(blob, bytes):
            raise codec.FormatError(f"The {part} of this step cannot be read: not a blob.")
        if not blob:
            raise NotThere(f"no {part} were logged here" if part != "decoder" else "no decoder was logged here")
        return blob

    def array(self, ctx: Any, record: Any, part: str, dtype: str, rank: int) -> np.ndarray:
        """The array of a part, of `dtype` and `rank`.

        Raises:
          NotThere, codec.FormatError: as `part`.
        """
        return array_of(self.part(ctx, record, part), part, dtype, rank)


def array_of(blob: bytes, part: str, dtype: str, rank: int) -> np.ndarray:
    """The one array of a blob, of `dtype` and `rank`; `part` is for the message.

    Raises:
      codec.FormatError: it is damaged, or another array.
    """
    try:
        _, arrays = codec.unpack(blob)
        if len(arrays) != 1 or arrays[0].dtype != np.dtype(dtype) or arrays[0].ndim != rank:
            raise codec.FormatError("its array has another type or shape")
    except codec.FormatError as error:
        raise codec.FormatError(f"The {part} of this step cannot be read: {error}.") from error
    return arrays[0]
