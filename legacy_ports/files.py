"""Files are written whole or not at all."""

import os
from pathlib import Path

from legacy_ports import UserError


def write(path: Path, data: bytes) -> None:
    """Writes a file atomically, over one that is there.

    Raises:
      UserError: it cannot be written; what was there stays.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        try:
            part.write_bytes(data)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None
