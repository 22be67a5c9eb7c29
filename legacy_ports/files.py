"""Writes files so that errors name them; names that a file may have, and how they are shown."""

import errno
import os
import re
import tempfile
from pathlib import Path

from legacy_ports import UserError
from tb_plugin.files import replacing

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
