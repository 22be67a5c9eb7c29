"""The lock of a run's folder: one process at a time writes there. Imports no TensorFlow."""

import os
from contextlib import suppress
from pathlib import Path

import filelock

from legacy_ports import UserError

LOCK = ".lock"


def hold(folder: Path) -> int:
    """Locks the folder until the returned descriptor is closed, or the process has died.

    Raises:
      UserError: another process holds it.
      OSError: the lock file cannot be created.
    """
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    with suppress(OSError):  # a file system without locks
        if not filelock.lock_descriptor(lock, blocking=False):
            os.close(lock)
            raise UserError(f"{folder}: another process is at this run now")
    return lock


def held(folder: Path) -> bool | None:
    """Returns whether a living process holds the folder; None where that cannot be told."""
    lock = None
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY)
        return not filelock.lock_descriptor(lock, blocking=False)
    except OSError:
        return None
    finally:
        if lock is not None:
            with suppress(OSError):
                os.close(lock)
