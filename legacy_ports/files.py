"""Writes files whole or not at all."""

import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from legacy_ports import UserError


class WriteError(UserError):
    """A file that cannot be written; the message names it and says why."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Opens a new file, which takes the place of `path` when the block ends and its bytes are on disk.

    If the block raises, the new file is removed and `path` stays as it was. A process that is killed leaves a
    `.part` file at most.

    Raises:
      OSError: the file cannot be written.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    _sync(path.parent)


def write(path: Path, data: bytes) -> None:
    """Writes a file, or replaces the one that is there.

    Raises:
      WriteError: the file cannot be written; what was there stays.
    """
    try:
        with replacing(path) as file:
            file.write(data)
    except OSError as error:
        raise WriteError(f"{path}: cannot be written ({error.strerror})") from None


def check_writable(path: Path) -> None:
    """Raises the error with which `write` would fail, before long work; leaves what is there alone.

    Raises:
      WriteError: the file cannot be written.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise WriteError(f"{path}: cannot be written ({error.strerror})") from None


def _sync(folder: Path) -> None:
    """Puts a folder's list of names on disk, so that a new name outlives a power cut."""
    with suppress(OSError):  # Windows opens no folders, and some network file systems sync none
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
