"""The steps of latent spaces that the event files of a run have already: their tags are read, not their data."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple

from tb_plugin.events.event_file import checksum
from tb_plugin.metadata import STEPS, tag_pattern

_SMALLEST = 200  # bytes of a record with a latent space: its metadata alone has more


class Logged(NamedTuple):
    """What is logged of a latent space.

    Attributes:
      generation: the latest; see `metadata`.
      steps: the steps that are shown, in order.
    """

    generation: int
    steps: list[int]


def logged(files: list[BinaryIO], name: str) -> Logged | None:
    """Returns what event files, in order, have of the latent space `name`, or None if they have nothing of it.

    A file that is damaged counts up to the damage.
    """
    generations: dict[int, list[int]] = {}
    pattern = tag_pattern(name, STEPS)
    for file in files:
        with suppress(OSError, ValueError, struct.error, IndexError):
            for step, tag in _values(file):
                if found := pattern.fullmatch(tag):
                    generations.setdefault(int(found[1] or 0), []).append(step)
    if not generations:
        return None
    steps: list[int] = []
    for generation in sorted(generations):
        steps = [step for step in steps if step < min(generations[generation])] + sorted(generations[generation])
    return Logged(max(generations), steps)


def _values(file: Any) -> Iterator[tuple[int, str]]:
    """Yields the step and tag of each value of the summaries in an event file."""
    position = 0
    while True:
        file.seek(position)
        prefix = file.read(12)
        if len(prefix) < 12 or checksum(prefix[:8]) != prefix[8:]:
            return
        (size,) = struct.unpack("<Q", prefix[:8])
        start, position = position + 12, position + 12 + size + 4
        if size < _SMALLEST:
            continue
        step, summaries = 0, []
        for field, value, length in _fields(file, start, start + size):
            if field == 2:
                step = value
            elif field == 5:
                summaries.append((value, length))
        file.seek(position - 1)
        if not file.read(1):  # the record is still being written
            return
        for at, length in summaries:
            for field, value, value_length in _fields(file, at, at + length):
                if field == 1:
                    for inner, text, text_length in _fields(file, value, value + value_length):
                        if inner == 1:
                            file.seek(text)
                            yield step, file.read(text_length).decode("utf-8", "replace")
                            break


def _fields(file: Any, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yields the fields of a protobuf message in a file: number, and value and 0, or where it lies and its length."""
    while start < end:
        file.seek(start)
        head = file.read(30)
        key, at = _varint(head, 0)
        if key & 7 == 0:
            value, at = _varint(head, at)
            start += at
            yield key >> 3, value, 0
        elif key & 7 == 2:
            length, at = _varint(head, at)
            yield key >> 3, start + at, length
            start += at + length
        elif key & 7 in (1, 5):
            start += at + (8 if key & 7 == 1 else 4)
        else:
            raise ValueError("not a protobuf message")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
