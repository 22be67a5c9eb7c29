"""Batches in the order in which TensorFlow 1's `next_batch` and Keras 2.2.2's `fit` gave them.

Source of `read_data_sets` and `next_batch`: tensorflow/contrib/learn/python/learn/datasets/mnist.py, TensorFlow 1.4
(removed in 2.0).
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from legacy_ports.data.idx import DataError
from legacy_ports.data.mnist import Digits


class Feed(NamedTuple):
    """The batches that a port is trained on, and the images it is tested on."""

    batches: Iterator[np.ndarray]  # endless; float32 in 0..1
    test_images: np.ndarray


def held_back(digits: Digits) -> int:
    """Returns how many training images `read_data_sets` holds back for validation: of the bundled ones none."""
    return 0 if digits.source == "bundled" else 5000


def check_batch_size(feed: Callable[..., Feed], digits: Digits, batch_size: int) -> None:
    """Raises the error with which `feed` would fail, without a copy of any image.

    Args:
      feed: `next_batches` or `keras_batches`.

    Raises:
      DataError: a batch has more images than there are to train on.
    """
    images = _training_images(digits) if feed is next_batches else len(digits.arrays.train_images)
    if batch_size > images:
        raise DataError(f"a batch of {batch_size:,} is more than the {images:,} training images; lower --batch-size")


def _training_images(digits: Digits) -> int:
    """Returns how many training images `read_data_sets` leaves to train on."""
    images = len(digits.arrays.train_images)
    if images <= held_back(digits):
        raise DataError(
            f"{digits.origin}: {images:,} training images, of which this port holds {held_back(digits):,} back for "
            "validation; use --data full or --data bundled"
        )
    return images - held_back(digits)


class Datasets(NamedTuple):
    """The three data sets of `read_data_sets`."""

    train: "DataSet"
    validation: "DataSet"
    test: "DataSet"


def read_data_sets(digits: Digits, one_hot: bool = False, seed: int | None = None) -> Datasets:
    """Returns what `input_data.read_data_sets` returned: the first 5,000 training images become the validation set.

    Seeds NumPy's global generator, because the constructor of each `DataSet` did.

    Raises:
      DataError: no training images would be left.
    """
    train_images, train_labels, test_images, test_labels = digits.arrays
    first = len(train_images) - _training_images(digits)
    return Datasets(
        DataSet(train_images[first:], train_labels[first:], one_hot, seed),
        DataSet(train_images[:first], train_labels[:first], one_hot, seed),
        DataSet(test_images, test_labels, one_hot, seed),
    )


def next_batches(digits: Digits, batch_size: int, seed: int) -> Feed:
    """Returns the feed of a TensorFlow port: `next_batch` of its training images, [batch_size, 784].

    Raises:
      DataError: see `check_batch_size`.
    """
    check_batch_size(next_batches, digits, batch_size)
    mnist = read_data_sets(digits, seed=seed)
    return Feed(mnist.train.batches(batch_size), mnist.test.images)


def keras_pixels(images: np.ndarray) -> np.ndarray:
    """Returns images uint8 [N, 28, 28] as the Keras posts prepare them: float32 [N, 28, 28, 1] in 0..1."""
    return np.divide(images, np.float32(255.0), dtype=np.float32)[..., None]


def keras_batches(digits: Digits, batch_size: int, seed: int) -> Feed:
    """Returns the feed of a Keras port: the batches of Keras 2.2.2's `fit`, [batch_size or less, 28, 28, 1].

    Source: `fit_loop` in keras/engine/training_arrays.py. Every epoch shuffles the same index array once more
    (tf-keras starts from `arange` again). If the batch size does not divide the number of training images, the last
    batch of an epoch is smaller.

    Seeds NumPy's global generator, as `reset_graph` of the post's notebook does. Keras 2.2.2 draws the seeds of the
    initial weights from it, and `fit` continues it to shuffle.

    Raises:
      DataError: see `check_batch_size`.
    """
    check_batch_size(keras_batches, digits, batch_size)
    return Feed(_KerasBatches(digits.arrays.train_images, batch_size, seed), keras_pixels(digits.arrays.test_images))


class _KerasBatches:
    """The batches of `keras_batches`."""

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
        """Returns the state that, with NumPy's global generator, decides which batches come next."""
        return {"index_array": self._index_array, "start": self._start}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continues with the batches that came next when `get_state` returned `state`."""
        self._index_array, self._start = state["index_array"], state["start"]


class DataSet:
    """Images float32 [N, 784] in 0..1 and labels uint8 [N] (one_hot: float64 [N, 10], or as many columns as
    the largest label asks for), in batches.

    The permutations come from NumPy's global generator, which the constructor seeds (None: from the operating
    system). Shuffling permutes an index. Pixels become float32 batch by batch: that is faster than to read four times
    as many bytes.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, one_hot: bool = False, seed: int | None = None):
        np.random.seed(seed)
        self._images: np.ndarray = images.reshape(len(images), 784)
        self._labels = np.eye(max(10, int(labels.max(initial=0)) + 1))[labels] if one_hot else labels
        self._order: np.ndarray | None = None  # None: not shuffled yet
        self._index_in_epoch = 0
        self.epochs_completed = 0

    @property
    def num_examples(self) -> int:
        """Returns the number of images."""
        return len(self._images)

    @property
    def images(self) -> np.ndarray:
        """Returns all images, in the order in which `next_batch` takes them: each shuffle changes it."""
        return self._all_pixels if self._order is None else self._all_pixels[self._order]

    @property
    def labels(self) -> np.ndarray:
        """Returns all labels, in the order of `images`."""
        return self._labels if self._order is None else self._labels[self._order]

    def next_batch(self, batch_size: int, shuffle: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Returns the next `batch_size` images and labels.

        Shuffles before the first batch and whenever an epoch ends. A batch across that end begins with the images
        that were left. The original failed at a batch of more than two epochs; this one continues in the same way.
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
        return self._pixels(self._images[batch]), self._labels[batch]

    def batches(self, batch_size: int) -> Iterator[np.ndarray]:
        """Yields the images of `next_batch`, endlessly."""
        while True:
            yield self.next_batch(batch_size)[0]

    def get_state(self) -> dict[str, Any]:
        """Returns the state that, with NumPy's global generator, decides which batches come next."""
        order = np.arange(self.num_examples) if self._order is None else self._order
        return {"order": order, "index_in_epoch": self._index_in_epoch, "epochs_completed": self.epochs_completed}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continues with the batches that came next when `get_state` returned `state`."""
        self._order = state["order"]
        self._index_in_epoch, self.epochs_completed = state["index_in_epoch"], state["epochs_completed"]

    @cached_property
    def _all_pixels(self) -> np.ndarray:
        return self._pixels(self._images)

    def _pixels(self, images: np.ndarray) -> np.ndarray:
        pixels = images.astype(np.float32)  # and then in place: NumPy converts slower while it multiplies
        pixels *= np.float32(1.0 / 255.0)
        return pixels

    def _indices(self, start: int, stop: int) -> np.ndarray:
        return np.arange(start, stop) if self._order is None else self._order[start:stop]

    def _shuffle(self) -> None:
        permutation = np.arange(self.num_examples)
        np.random.shuffle(permutation)
        self._order = permutation if self._order is None else self._order[permutation]
