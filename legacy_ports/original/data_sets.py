"""MNIST under the names by which TensorFlow 1 and Keras 2 gave it, from the kit's digits."""

import os
from typing import Any

from legacy_ports.tf1 import tf  # first: it prepares the import of TensorFlow

# isort: split
import numpy as np
from tensorflow.python.framework import random_seed

from legacy_ports.data import batches, mnist
from legacy_ports.data.batches import Datasets

DATA = "LEGACY_PORTS_EXEC_DATA"  # the environment variable that names the data source
_loaded: list[mnist.Digits] = []


def digits() -> mnist.Digits:
    """Returns the digits that the run is to have; loads them the first time."""
    if not _loaded:
        _loaded.append(mnist.load(os.environ.get(DATA, "auto")))
    return _loaded[0]


def used() -> mnist.Digits | None:
    """Returns the digits, None if the script has asked for none."""
    return _loaded[0] if _loaded else None


class DataSet(batches.DataSet):
    """The kit's data set, with all that TensorFlow 1's could do."""

    def __init__(self, images: Any, labels: Any, one_hot: bool, dtype: Any, reshape: bool, seed: int | None):
        graph_level, op_level = random_seed.get_seed(seed)
        super().__init__(images, labels, one_hot, graph_level if seed is None else op_level)
        if tf.as_dtype(dtype) != tf.uint8:
            self._images = super()._pixels(self._images)  # all at once: a script may change `images`, and its batches
        if not reshape:
            self._images = self._images.reshape(len(images), 28, 28, 1)

    def _pixels(self, images: np.ndarray) -> np.ndarray:
        return images

    def next_batch(self, batch_size: int, fake_data: bool = False, shuffle: bool = True) -> Any:  # type: ignore[override]
        """Returns the next images and labels."""
        _no_fake(fake_data)
        return super().next_batch(batch_size, shuffle)


def read_data_sets(
    train_dir: str = "",
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = tf.float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str = "",
) -> Datasets:
    """Returns the three data sets of `input_data.read_data_sets`.

    Of the bundled digits none are held back for validation, because there are only 4,000 for training.
    """
    _no_fake(fake_data)
    train_images, train_labels, test_images, test_labels = digits().arrays
    first = validation_size if validation_size < len(train_images) else 0
    return Datasets(
        *(
            DataSet(images, labels, one_hot, dtype, reshape, seed)
            for images, labels in (
                (train_images[first:], train_labels[first:]),
                (train_images[:first], train_labels[:first]),
                (test_images, test_labels),
            )
        )
    )


def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    """Returns what `tf.contrib.learn.datasets.mnist.load_mnist` returned."""
    return read_data_sets(train_dir)


def load_dataset(name: str, size: str = "small", test_with_fake_data: bool = False) -> Datasets:
    """Returns what `tf.contrib.learn.datasets.load_dataset` returned for MNIST.

    Raises:
      ValueError: it is another data set.
    """
    if name != "mnist":
        raise ValueError(f"the data set {name!r} is not here: only mnist is")
    return load_mnist()


def load_data(path: str = "mnist.npz") -> Any:
    """Returns what `keras.datasets.mnist.load_data` returned: uint8 (images, labels) to train on, and to test."""
    train_images, train_labels, test_images, test_labels = (np.array(each) for each in digits().arrays)
    return (train_images, train_labels), (test_images, test_labels)


def _no_fake(fake_data: bool) -> None:
    if fake_data:
        raise ValueError("fake_data is not here: it is no data")
