"""Reads training curves from files: of runs of ours and of anybody's."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from legacy_ports import UserError
from legacy_ports.run.manifest import NAME, read_manifest


def read(paths: Iterable[Path]) -> np.ndarray:
    """Reads curves of one length, float64 [runs, steps].

    A .npy file holds one curve or rows of several, a .json file a list of numbers or of such lists, any other file a
    number per line. A run's folder, or its run.json, gives the means of ten steps.

    Raises:
      UserError: a file cannot be read, is something else, or has a curve of another length than the first.
    """
    rows: list[np.ndarray] = []
    for path in paths:
        found = np.atleast_2d(_read(path))
        if found.ndim != 2 or not found.size:
            raise UserError(f"{path}: not a curve, a number per step")
        if rows and found.shape[1] != len(rows[0]):
            raise UserError(f"{path}: {found.shape[1]:,} steps, the first run has {len(rows[0]):,}")
        rows += list(found)
    return np.array(rows)


def _read(path: Path) -> np.ndarray:
    if path.is_dir() or path.name == NAME:
        return np.array(read_manifest(path).get("curve", {}).get("mean_loss", []), float)
    try:
        if path.suffix == ".npy":
            return np.asarray(np.load(path, allow_pickle=False), float)
        text = path.read_text(encoding="utf-8")
        return np.array(json.loads(text) if path.suffix == ".json" else text.split(), float)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, TypeError, EOFError) as error:
        raise UserError(f"{path}: not a curve, a number per step ({error})") from None
