"""`keras_batches` against a plain model of Keras 2.2.2's `fit`."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legacy_ports.data import mnist
from legacy_ports.data.idx import Arrays, DataError


def digits_of(bundled, n):
    """The first digits of every class: all different, so that a batch tells its indices."""
    images = bundled.arrays.train_images[:: 4000 // n][:n]
    return bundled._replace(arrays=Arrays(images, np.zeros(n, np.uint8), images[:1], np.zeros(1, np.uint8)))


def indices(batch, digits):
    """Which training images a batch holds."""
    pixels = np.rint(batch[..., 0] * 255).astype(np.uint8)
    return [int(np.flatnonzero((digits.arrays.train_images == image).all(axis=(1, 2)))[0]) for image in pixels]


def plain_fit(n, batch_size, epochs, seed):
    """One list of numbers, shuffled again for every epoch, cut into slices; NumPy's global generator."""
    np.random.seed(seed)
    order, batches = np.array(range(n)), []
    for _ in range(epochs):
        np.random.shuffle(order)
        row = order.tolist()
        while row:
            batches.append(row[:batch_size])
            row = row[batch_size:]
    return batches


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 25), batch_size=st.integers(1, 30), epochs=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_batches_follow_the_plain_model(bundled, n, batch_size, epochs, seed):
    batch_size = min(batch_size, n)
    expected = plain_fit(n, batch_size, epochs, seed)
    digits = digits_of(bundled, n)
    batches, _ = mnist.keras_batches(digits, batch_size, seed)
    assert [indices(batch, digits) for batch in itertools.islice(batches, len(expected))] == expected


def test_the_second_epoch_shuffles_on_and_does_not_start_from_arange(bundled):
    digits = digits_of(bundled, 20)
    batches, _ = mnist.keras_batches(digits, 20, seed=1)
    first, second = (indices(next(batches), digits) for _ in range(2))
    np.random.seed(1)
    orders = [np.random.permutation(20).tolist() for _ in range(2)]  # tf-keras: every epoch from arange
    assert first == orders[0]
    assert second != orders[1]


def test_they_go_on_with_numpys_global_generator(bundled):
    """From which Keras 2.2.2 also drew the seeds of the initial weights: `reset_graph` seeded it once for both."""
    batches, _ = mnist.keras_batches(bundled, 200, seed=1)
    drawn = np.random.randint(10**7)
    first = next(batches)
    again, _ = mnist.keras_batches(bundled, 200, seed=1)
    assert np.random.randint(10**7) == drawn
    np.testing.assert_array_equal(next(again), first)
    without, _ = mnist.keras_batches(bundled, 200, seed=1)
    assert (next(without) != first).any()


def test_pixels_are_divided_by_255_in_float32(bundled):
    batches, test_images = mnist.keras_batches(bundled, 200, seed=1)
    batch = next(batches)
    assert (batch.shape, batch.dtype) == ((200, 28, 28, 1), np.float32)
    assert (test_images.shape, test_images.dtype) == ((1000, 28, 28, 1), np.float32)
    levels = np.arange(256, dtype=np.uint8).astype(np.float32) / 255.0
    np.testing.assert_array_equal(test_images[..., 0], levels[bundled.arrays.test_images])
    assert np.isin(batch, levels).all()
    # The TensorFlow ports multiply by 1/255: not the same floats.
    assert (levels != np.arange(256, dtype=np.float32) * np.float32(1 / 255)).any()


def test_a_batch_is_no_more_than_the_ports_own_training_images(bundled):
    """The TensorFlow ports hold 5,000 images back, the Keras ports none."""
    twice = mnist.Digits("custom", "two", Arrays(*(np.concatenate([a, a]) for a in bundled.arrays)), {})
    assert len(next(mnist.next_batches(twice, 3000, seed=1).batches)) == 3000
    with pytest.raises(DataError, match="a batch of 3,001 is more than the 3,000 training images"):
        mnist.next_batches(twice, 3001, seed=1)
    assert len(next(mnist.keras_batches(twice, 8000, seed=1).batches)) == 8000
    with pytest.raises(DataError, match="a batch of 8,001 is more than the 8,000 training images"):
        mnist.keras_batches(twice, 8001, seed=1)


@pytest.mark.parametrize("source", ["full", "custom"])
def test_no_images_are_held_back(bundled, source):
    digits = bundled._replace(source=source)
    batches, _ = mnist.keras_batches(digits, 4000, seed=1)
    assert len(np.unique(next(batches).reshape(4000, -1), axis=0)) == len(
        np.unique(bundled.arrays.train_images.reshape(4000, -1), axis=0)
    )
