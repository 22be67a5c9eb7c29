"""Finds MNIST, or a set like it, in a folder, by the names under which such sets are published, and reads it.

    train-images-idx3-ubyte, t10k-labels-idx1-ubyte      MNIST, Fashion-MNIST, Kuzushiji-MNIST
    train-images.idx3-ubyte                              the same, as Kaggle has it and 7-Zip unpacks it
    emnist-letters-train-images-idx3-ubyte, …-test-…     a split of EMNIST
    kmnist-train-imgs.npz, k49-test-labels.npz           Kuzushiji as NumPy arrays
    mnist.npz                                            Keras's

IDX files may be gzipped. What precedes the part's name is the name of the set, "" or as `emnist-letters`.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from legacy_ports.data.idx import OFFICIAL_SHA256, Arrays, DataError, read_array_npz, read_idx, read_npz

KERAS = "mnist.npz"
_NAME = re.compile(r"(?:(.+)-)?(train|t10k|test)-(?:(images|labels)[-.]idx[13]-ubyte(?:\.gz)?|(imgs|labels)\.npz)")
# Where torchvision puts files: ROOT/MNIST/raw, ROOT/EMNIST/raw.
_BELOW = ("*/raw", "raw")

Set = dict[str, Path]  # the files of a set, by the official name of what they hold


class AbsentError(DataError):
    """A set that is not there, or not all of it."""


def find(directory: Path) -> Set:
    """Returns the files in `directory` that have MNIST's own names; some may be missing.

    Raises:
      DataError: the folder cannot be read.
    """
    return _sets(directory).get("", {})


def complete(path: Path) -> bool:
    """Returns whether there is a set at `path`, see `read`, so that no download is needed.

    Raises:
      DataError: there are several, or a folder cannot be read.
    """
    try:
        _locate(path)
        return True
    except AbsentError:
        return False


def read(path: Path) -> Arrays:
    """Reads the set at `path`.

    Args:
      path: a folder with a set, or the one or two above a folder `raw`; a file like Keras's mnist.npz; or, where a
        folder has several sets, the folder and the name of one: FOLDER/emnist-letters.

    Raises:
      AbsentError: there is none, or a file is missing.
      DataError: there are several, or a file cannot be read or is not in order.
    """
    found = _locate(path)
    arrays = read_npz(found) if isinstance(found, Path) else Arrays(*(_read(found, name) for name in OFFICIAL_SHA256))
    for part, images, labels in (("training", *arrays[:2]), ("test", *arrays[2:])):
        if len(images) != len(labels):
            raise DataError(f"{path}: {len(images):,} {part} images, but {len(labels):,} labels")
        if not len(images):
            raise DataError(f"{path}: no {part} images")
    return arrays


def _read(files: Set, name: str) -> np.ndarray:
    ndim = 3 if "images" in name else 1
    return (read_array_npz if files[name].suffix == ".npz" else read_idx)(files[name], ndim)


def _locate(path: Path) -> Path | Set:
    """Returns the files of the set at `path`, or the one file that has all of it."""
    if _look(path, path.is_file):
        if path.suffix != ".npz":
            raise DataError(f"{path}: a file; --data takes the folder that has all four, or an npz file")
        return path
    if _look(path, path.is_dir):
        return _in_folder(path)
    sets = _sets(path.parent)
    if path.name in sets:
        return _whole(path, sets[path.name])
    names = [path.parent / name for name in sets if name]
    hint = f"; there is {_or(names)}" if names else "; --data takes auto, full, bundled, a folder or an npz file"
    raise AbsentError(f"{path}: no such directory{hint}")


def _in_folder(directory: Path) -> Path | Set:
    sets, keras = _sets(directory), directory / KERAS
    if "" in sets:  # whatever there is besides: no name would ask for this one
        return _whole(directory, sets[""])
    if _look(keras, keras.is_file):
        return keras
    if len(sets) == 1:
        return _whole(directory, *sets.values())
    below = [folder for pattern in _BELOW for folder in sorted(directory.glob(pattern)) if _sets(folder)]
    if len(sets or below) > 1:
        names = [directory / name for name in sets] or below
        raise DataError(f"{directory}: has several sets; name one with --data: {_or(names)}")
    if below:
        return _in_folder(below[0])
    raise AbsentError(
        f"{directory}: has neither the four IDX files ({', '.join(OFFICIAL_SHA256)}, with or without .gz) nor {KERAS}"
    )


def _whole(path: Path, files: Set) -> Set:
    """Returns `files`, if none of the four is missing."""
    if missing := [name for name in OFFICIAL_SHA256 if name not in files]:
        raise AbsentError(f"{path}: {', '.join(missing)} missing (with or without .gz); add them, or use --data full")
    return files


def _sets(directory: Path) -> dict[str, Set]:
    """Returns the sets in a folder by their names. A plain file is preferred to its .gz, and the official name."""
    try:
        names = sorted(os.listdir(directory), key=lambda name: (name.endswith(".gz"), ".idx" in name, name))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise DataError(f"{directory}: cannot be read ({error.strerror})") from None
    sets: dict[str, Set] = {}
    for name in names:
        match, path = _NAME.fullmatch(name), directory / name
        if match and _look(path, path.is_file):
            part = "train" if match[2] == "train" else "t10k"
            kind = "labels-idx1" if "labels" in (match[3], match[4]) else "images-idx3"
            sets.setdefault(match[1] or "", {}).setdefault(f"{part}-{kind}-ubyte", path)
    return sets


def _look(path: Path, question: Callable[[], bool]) -> bool:
    """Returns `question()`, the is_file or is_dir of a path, which raises if a folder may not be entered."""
    try:
        return question()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def _or(paths: list[Path]) -> str:
    return " or ".join(map(str, paths))
