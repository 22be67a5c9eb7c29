"""The lock of a run's folder: one process at a time writes there. Imports no TensorFlow."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from legacy_ports import UserError

LOCK = ".lock"


def hold(folder: Path) -> int:
    """Holds the folder until the descriptor that is returned is closed, or the process has died.

    Raises:
      UserError: another process holds it.
      OSError: the lock file cannot be made.
    """
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise UserError(f"{folder}: another process is at this run now") from None
    except OSError:
        pass  # a file system without locks
    return lock


def held(folder: Path) -> bool | None:
    """Whether a living process holds the folder; None where that cannot be told."""
    lock = None
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        if lock is not None:
            with suppress(OSError):
                os.close(lock)
