"""All events of the event files in a folder, without a sample, behind the interface of TensorBoard's data provider.

So the server's `Spaces` and `Reader` read files as they read a TensorBoard, and know alone how a record is stored.
"""

import os
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.data import provider

from tb_plugin.events.event_file import checksum
from tb_plugin.metadata import PLUGIN_NAME

_LENGTH = struct.Struct("<Q4s")
_MAX_EVENT = 2**31  # bytes; protobuf has no longer message


@dataclass(frozen=True)
class _Place:
    """Where the value of a series at one step lies: the event's bytes in a file, and the value's number in it."""

    path: Path
    start: int
    length: int
    value: int
    blobs: int
    step: int
    wall_time: float


class EventFiles:
    """The series of latent spaces in all runs below a folder. Their blobs stay in the files until they are read.

    A run that was resumed has several event files. If a later one has an earlier step, it replaces the steps of those
    before it from there on, because a resumed run repeats them.
    """

    def __init__(self, folder: Path):
        """Finds all series below `folder`. Warns of damaged files, and takes what can be read.

        Raises:
          OSError: a folder or file cannot be read.
        """
        self._series: dict[str, dict[str, dict[int, _Place]]] = {}
        self._metadata: dict[str, dict[str, summary_pb2.SummaryMetadata]] = {}
        self._last: tuple[_Place | None, summary_pb2.Summary] = None, summary_pb2.Summary()
        for run, paths in _runs(folder):
            for path in paths:
                self._add_file(run, path)

    def list_blob_sequences(
        self, ctx: Any, *, experiment_id: str, plugin_name: str, run_tag_filter: Any = None
    ) -> dict[str, dict[str, provider.BlobSequenceTimeSeries]]:
        return {
            run: {
                tag: provider.BlobSequenceTimeSeries(
                    max_step=max(places),
                    max_wall_time=max(place.wall_time for place in places.values()),
                    plugin_content=self._metadata[run][tag].plugin_data.content,
                    description=self._metadata[run][tag].summary_description,
                    display_name=self._metadata[run][tag].display_name,
                    max_length=max(place.blobs for place in places.values()),
                )
                for tag, places in tags.items()
            }
            for run, tags in self._filtered(run_tag_filter)
        }

    def read_blob_sequences(
        self, ctx: Any, *, experiment_id: str, plugin_name: str, downsample: int, run_tag_filter: Any = None
    ) -> dict[str, dict[str, list[provider.BlobSequenceDatum]]]:
        return {
            run: {
                tag: [
                    provider.BlobSequenceDatum(
                        step=place.step,
                        wall_time=place.wall_time,
                        values=tuple(provider.BlobReference((place, i), "") for i in range(place.blobs)),
                    )
                    for _, place in sorted(places.items())
                ]
                for tag, places in tags.items()
            }
            for run, tags in self._filtered(run_tag_filter)
        }

    def read_blob(self, ctx: Any, *, blob_key: tuple[_Place, int]) -> bytes:
        place, number = blob_key
        last, summary = self._last  # the parts of a step are read one after another
        if last != place:
            with open(place.path, "rb") as file:
                file.seek(place.start)
                summary = event_pb2.Event.FromString(file.read(place.length)).summary
            self._last = place, summary
        return summary.value[place.value].tensor.string_val[number]

    def _filtered(self, only: Any) -> Iterator[tuple[str, dict[str, dict[int, _Place]]]]:
        for run, tags in self._series.items():
            if only is None or only.runs is None or run in only.runs:
                names = None if only is None else only.tags
                yield run, {tag: places for tag, places in tags.items() if names is None or tag in names}

    def _add_file(self, run: str, path: Path) -> None:
        here: dict[str, dict[int, _Place]] = {}
        metadata = self._metadata.setdefault(run, {})
        for start, length, event in _events(path):
            for number, value in enumerate(event.summary.value):
                if value.metadata.plugin_data.plugin_name == PLUGIN_NAME:
                    metadata.setdefault(value.tag, value.metadata)
                elif value.tag not in metadata:
                    continue
                blobs = len(value.tensor.string_val)
                place = _Place(path, start, length, number, blobs, event.step, event.wall_time)
                here.setdefault(value.tag, {})[event.step] = place
        series = self._series.setdefault(run, {})
        for tag, places in here.items():
            kept = {step: place for step, place in series.get(tag, {}).items() if step < min(places)}
            series[tag] = kept | places


def _runs(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """Yields each run below a folder, by name, and its event files in TensorBoard's order."""

    def refuse(error: OSError) -> None:
        raise error

    found, seen = {}, set()
    for parent, below, names in os.walk(folder, onerror=refuse, followlinks=True):
        seen.add(os.path.realpath(parent))
        below[:] = [name for name in below if os.path.realpath(os.path.join(parent, name)) not in seen]  # circles
        paths = [Path(parent, name) for name in sorted(names) if "tfevents" in name]
        if paths:
            found[Path(parent).relative_to(folder).as_posix()] = paths
    yield from sorted(found.items())


def _events(path: Path) -> Iterator[tuple[int, int, event_pb2.Event]]:
    """Yields where each event of a file starts, its length, and the event. Leaves out what is damaged, and warns."""
    with open(path, "rb") as file:
        while prefix := file.read(_LENGTH.size):
            at = file.tell() - len(prefix)
            if len(prefix) < _LENGTH.size:
                return _warn(path, at, "an incomplete event ends it")
            length, crc = _LENGTH.unpack(prefix)
            if checksum(prefix[:8]) != crc or length > _MAX_EVENT:
                return _warn(path, at, "it is damaged there; what follows is not read")
            data, crc = file.read(length), file.read(4)
            if len(data) < length or len(crc) < 4:
                return _warn(path, at, "an incomplete event ends it")
            try:
                if checksum(data) != crc:
                    raise DecodeError
                yield at + _LENGTH.size, length, event_pb2.Event.FromString(data)
            except DecodeError:
                _warn(path, at, "an event is damaged, and left out")


def _warn(path: Path, at: int, problem: str) -> None:
    warnings.warn(f"{path}, byte {at:,}: {problem}", stacklevel=2)
