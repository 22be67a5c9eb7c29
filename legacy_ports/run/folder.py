"""A run's folder: which process holds it, and what its manifest (run.json) says. Imports no TensorFlow."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

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


def read(path: Path) -> dict[str, Any]:
    """The manifest of a run, by its folder or its run.json.

    A run that was killed outright could not say so: its status "running" is read as "died".

    Raises:
      UserError: there is none, or it is not one.
    """
    file = path / "run.json" if path.is_dir() else path
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(manifest, dict) or not {"port", "status", "options", "data", "steps"} <= manifest.keys():
            raise ValueError("it is not a run's")
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise UserError(f"{file}: not a run.json ({error})") from None
    if manifest["status"] == "running" and held(file.parent) is False:
        manifest["status"] = "died"
    return manifest
