"""An event file, as TensorBoard reads it, written without TensorFlow and without a thread."""

import errno
import os
import re
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import google_crc32c
from tensorboard.compat.proto import event_pb2

from tb_plugin.events import locks

UPLOAD_SECONDS = 120  # between uploads to a remote folder; TensorBoard's own writer flushes as often

_WRITER = "tb_plugin.events.event_file"  # in the first event
_SUMMARY = bytes([5 << 3 | 2])  # the key of an event's field "summary": its number, and that it has a length
_NAME = re.compile(r"events\.out\.tfevents\.(\d+)\.")


@contextmanager
def files_of(folder: str | os.PathLike) -> Iterator[list[BinaryIO]]:
    """Opens the event files of a local folder for reading, in the order in which TensorBoard reads them."""
    with ExitStack() as stack:
        yield _opened(stack, os.listdir(folder), lambda name: open(Path(folder) / name, "rb"))  # noqa: SIM115


def _opened(stack: ExitStack, names: list[str], opened: Callable[[str], Any]) -> list[BinaryIO]:
    files = []
    for name in sorted(filter(_NAME.match, names)):
        with suppress(FileNotFoundError):
            files.append(stack.enter_context(opened(name)))
    return files


class EventFile:
    """An event file in a run's folder, beside those that are there already.

    Every event is in the file when `add_event` returns. TensorBoard's own writer and TensorFlow's write in a thread,
    and what fails there is not raised where the event is added.
    """

    def __init__(self, logdir: str | os.PathLike):
        """Creates the folder, if need be, and the file.

        Args:
          logdir: a folder, or the URL of a remote one (`gs://…`, `s3://…`), which takes fsspec. The file of a remote
            folder is a temporary file here; `flush`, `close` and, every UPLOAD_SECONDS, `add_event` upload it whole.

        Raises:
          OSError: the file cannot be created.
          ValueError: the URL needs a package that is not installed; the message names it.
        """
        self._remote = _remote(str(logdir)) if "://" in str(logdir) else None
        self._uploaded = time.monotonic()
        if self._remote:
            self._temporary = tempfile.TemporaryDirectory(prefix="event-file-")
            self._folder = Path(self._temporary.name)
        else:
            self._folder = Path(logdir)
            self._folder.mkdir(parents=True, exist_ok=True)
        with locks.locked(self._folder):  # so that two files have different names
            self.name = _name(self._names())
            self.path = self._folder / self.name
            # Without a buffer: what is written is in the file, also if the process is killed.
            self._file = open(self.path, "xb", buffering=0)  # noqa: SIM115 - `close` closes it
            locks.lock(self._file)
        self._end = 0
        source = event_pb2.SourceMetadata(writer=_WRITER)
        self.add_event(event_pb2.Event(wall_time=time.time(), file_version="brain.Event:2", source_metadata=source))

    @contextmanager
    def others(self) -> Iterator[list[BinaryIO]]:
        """Opens the other event files of the folder for reading, in the order in which TensorBoard reads them.

        No other writer is in such a block for this folder at the same time.
        """
        with ExitStack() as stack:
            stack.enter_context(locks.locked(self._folder))
            yield _opened(stack, [name for name in self._names() if name != self.name], self._open)

    def _names(self) -> list[str]:
        """Returns the names of the files in the folder."""
        if not self._remote:
            return os.listdir(self._folder)
        system, url = self._remote
        there = system.ls(url, detail=False) if system.exists(url) else []
        return [path.rsplit("/", 1)[-1] for path in there]

    def _open(self, name: str) -> Any:
        if not self._remote:
            return open(self._folder / name, "rb")
        system, url = self._remote
        return system.open(f"{url}/{name}", "rb", block_size=2**16)

    def add_event(self, event: Any) -> None:
        """Writes an Event proto, TensorBoard's or TensorFlow's, as it is.

        Raises:
          OSError: it cannot be written, or the file is closed. The file ends with the event before, and later events
            can be written.
        """
        self._add(event.SerializeToString())

    def _add(self, data: bytes) -> None:
        if self._file.closed:
            raise OSError(errno.EBADF, "the event file is closed", str(self.path))
        length = struct.pack("<Q", len(data))
        record = memoryview(b"".join([length, checksum(length), data, checksum(data)]))
        try:
            while record:
                record = record[self._file.write(record) :]
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._end)
                self._file.seek(self._end)
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        self._end = self._file.tell()
        if self._remote and time.monotonic() - self._uploaded > UPLOAD_SECONDS:
            self.flush()

    def add_summary(self, summary: Any, step: int, wall_time: float | None = None) -> None:
        """Writes a Summary proto, TensorBoard's or TensorFlow's, or a serialized one.

        Args:
          step: a whole number from 0.
          wall_time: seconds since 1970; None is now.
        """
        serialized = summary if isinstance(summary, bytes) else summary.SerializeToString()
        event = event_pb2.Event(wall_time=time.time() if wall_time is None else wall_time, step=int(step))
        # The summary is appended as it is, because a large one takes seconds to parse and serialize once more.
        self._add(b"".join([event.SerializeToString(), _SUMMARY, _varint(len(serialized)), serialized]))

    def flush(self) -> None:
        """Uploads the file of a remote folder. In a local folder there is nothing to do."""
        if self._remote:
            system, folder = self._remote
            system.makedirs(folder, exist_ok=True)
            system.put_file(str(self.path), f"{folder}/{self.name}")
            self._uploaded = time.monotonic()

    def close(self) -> None:
        """Closes the file, after a flush. A second call does nothing."""
        if self._file.closed:
            return
        locks.unlock(self._file)
        self._file.close()
        if self._remote:
            try:
                self.flush()
            finally:
                self._temporary.cleanup()


def _varint(number: int) -> bytes:
    """Returns a number as protobuf writes it."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def is_finished(file: BinaryIO) -> bool:
    """Returns whether an event file was written by EventFile and is no longer open there."""
    return _WRITER.encode() in file.read(256) and not locks.is_locked(file)


def checksum(data: bytes) -> bytes:
    """Returns the masked CRC-32C of a TFRecord, 4 bytes."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _name(names: list[str]) -> str:
    """Returns a name that sorts after the event files among `names`.

    TensorBoard reads event files in the order of their names: a later one must sort later, whatever the clock says.
    """
    seconds = [int(found[1]) for found in map(_NAME.match, names) if found]
    now = max([int(time.time()), *(last + 1 for last in seconds)])
    return f"events.out.tfevents.{now:010}.{socket.gethostname()}.{os.getpid()}"


def _remote(url: str) -> tuple[Any, str]:
    """Returns the file system of a URL, and the folder there."""
    try:
        import fsspec
    except ImportError:
        raise ValueError(f"{url}: a remote folder needs fsspec; type: pip install 'legacy-ports[remote]'") from None
    try:
        return fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:  # it names the package for this kind of URL, or knows no such kind
        raise ValueError(f"{url}: {error}") from None
