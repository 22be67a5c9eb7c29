"""Locks of a run's folder and its event files, which end with the process. Where there are none, nothing is locked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Waits until no other process or writer is in this block for a folder."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def lock(file: Any) -> None:
    """Marks a file as open for writing, until `unlock` or the end of the process."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def unlock(file: Any) -> None:
    """Takes the mark off, also for processes that were forked meanwhile."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)


def is_locked(file: Any) -> bool:
    """Returns whether an open file has the mark of another writer."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (OSError, ValueError):  # the file system has no locks, or the file is remote
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return False
