"""Writes files whole or not at all; names that a file may have, and how they are shown."""

import errno
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from legacy_ports import UserError

# gs://bucket, also as `Path` shortens it, and fsspec's cache::gs://bucket. C:/ is no scheme but a drive.
_URL = re.compile(r"\w[\w+.-]+:/|\w[\w+.-]*::")


class WriteError(UserError):
    """A file that cannot be written; the message names it and says why."""


def local(path: str | os.PathLike) -> Path:
    """Returns a path of this machine's file system.

    Raises:
      UserError: it is empty, has a null byte, or is a URL, of which `Path` would make a local folder `gs:`.
    """
    text = os.fspath(path)
    if not text or "\0" in text:
        raise UserError(f"{text!r} cannot be the name of a file or folder")
    if _URL.match(text):
        raise UserError(f"{text!r} is a URL; give a folder of this machine, and copy what is in it from or to the URL")
    return Path(text)


def check_utf8(path: Path) -> None:
    """Raises an error if TensorFlow could not write to a path, because it encodes all names in UTF-8.

    Raises:
      UserError: bytes of the path are not UTF-8, or the locale's encoding has not all of its characters.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UserError(
            f"{shown(path)}: TensorFlow writes to no folder whose name is not UTF-8; rename it, or, if it is the "
            "locale that is not, set PYTHONUTF8=1"
        ) from None


def shown(path: str | os.PathLike) -> str:
    """Returns a path as text that can be encoded in UTF-8: of bytes that are not UTF-8 it has the escapes (\\xff)."""
    return os.fsencode(path).decode(errors="backslashreplace")


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
