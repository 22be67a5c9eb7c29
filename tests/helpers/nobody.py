"""Another user than root, from whom files can be hidden."""

import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

NOBODY = 12345  # a user that has no entry, and so no home


@contextmanager
def nobody(monkeypatch):
    """Drops the privileges of this process inside of the `with` statement, and its home."""
    if not hasattr(os, "setresuid") or os.getuid() != 0:
        pytest.skip("NOT TESTED without permissions: only root can become another user")
    folders = [folder for module in (os, np) for folder in Path(module.__file__).resolve().parents]
    closed = [folder for folder in folders if not folder.stat().st_mode & 0o001]
    if closed:  # as tox makes its folder, and a Python in root's home is
        pytest.skip(f"NOT TESTED without permissions: another user could not import anything, {closed[0]} is closed")
    for name in ("HOME", "XDG_CACHE_HOME", "LEGACY_PORTS_DATA"):
        monkeypatch.delenv(name, raising=False)
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)
