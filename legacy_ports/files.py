"""Files are written whole or not at all."""

import errno
import os
from pathlib import Path

from legacy_ports import UserError


def check(path: Path) -> None:
    """Finds out whether `write` would work; what is there stays.

    Raises:
      UserError: a file cannot be written there.
    """
    _write(path, b"", keep=False)


def write(path: Path, data: bytes) -> None:
    """Writes a file atomically, over one that is there.

    Raises:
      UserError: it cannot be written; what was there stays.
    """
    _write(path, data, keep=True)


def _write(path: Path, data: bytes, keep: bool) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        try:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            part.write_bytes(data)
            if keep:
                os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
