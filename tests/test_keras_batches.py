"""`keras_batches` against a plain model of Keras 2.2.2's `fit`."""

import itertools
import tracemalloc
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legacy_ports.data import mnist
from legacy_ports.data.batches import check_batch_size, keras_batches, next_batches
from legacy_ports.data.idx import Arrays, DataError


def digits_of(bundled, n):
    """Returns a data set of n different digits, so that a batch shows which images it holds."""
    images = bundled.arrays.train_images[:: 4000 // n][:n]
    return bundled._replace(arrays=Arrays(images, np.zeros(n, np.uint8), images[:1], np.zeros(1, np.uint8)))


def indices(batch, digits):
    """Returns the numbers of the training images that a batch holds."""
    pixels = np.rint(batch[..., 0] * 255).astype(np.uint8)
    return [int(np.flatnonzero((digits.arrays.train_images == image).all(axis=(1, 2)))[0]) for image in pixels]


def plain_fit(n, batch_size, epochs, seed):
    """Returns the batches as slices of one list, which NumPy's global generator shuffles again for every epoch."""
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
    batches, _ = keras_batches(digits, batch_size, seed)
    assert [indices(batch, digits) for batch in itertools.islice(batches, len(expected))] == expected


def test_the_second_epoch_shuffles_on_and_does_not_start_from_arange(bundled):
    digits = digits_of(bundled, 20)
    batches, _ = keras_batches(digits, 20, seed=1)
    first, second = (indices(next(batches), digits) for _ in range(2))
    np.random.seed(1)
    orders = [np.random.permutation(20).tolist() for _ in range(2)]  # tf-keras: every epoch from arange
    assert first == orders[0]
    assert second != orders[1]


def test_batches_continue_numpys_global_generator(bundled):
    """Keras 2.2.2 also drew the seeds of the initial weights from it, after `reset_graph` had seeded it."""
    batches, _ = keras_batches(bundled, 200, seed=1)
    drawn = np.random.randint(10**7)
    first = next(batches)
    again, _ = keras_batches(bundled, 200, seed=1)
    assert np.random.randint(10**7) == drawn
    np.testing.assert_array_equal(next(again), first)
    without, _ = keras_batches(bundled, 200, seed=1)
    assert (next(without) != first).any()


def test_pixels_are_divided_by_255_in_float32(bundled):
    batches, test_images = keras_batches(bundled, 200, seed=1)
    batch = next(batches)
    assert (batch.shape, batch.dtype) == ((200, 28, 28, 1), np.float32)
    assert (test_images.shape, test_images.dtype) == ((1000, 28, 28, 1), np.float32)
    levels = np.arange(256, dtype=np.uint8).astype(np.float32) / 255.0
    np.testing.assert_array_equal(test_images[..., 0], levels[bundled.arrays.test_images])
    assert np.isin(batch, levels).all()
    # The TensorFlow ports multiply by 1/255: not the same floats.
    assert (levels != np.arange(256, dtype=np.float32) * np.float32(1 / 255)).any()


@pytest.mark.parametrize(("feed", "images"), [(next_batches, 3000), (keras_batches, 8000)], ids=["next_batch", "Keras"])
def test_a_batch_larger_than_the_training_images_is_refused(bundled, feed, images):
    """The TensorFlow ports hold 5,000 of the 8,000 images back, the Keras ports none."""
    twice = mnist.Digits("custom", "two", Arrays(*(np.concatenate([a, a]) for a in bundled.arrays)), {})
    check_batch_size(feed, twice, images)
    assert len(next(feed(twice, images, seed=1).batches)) == images
    for refuse in (partial(check_batch_size, feed, twice), partial(feed, twice, seed=1)):
        with pytest.raises(DataError, match=f"a batch of {images + 1:,} is more than the {images:,} training images"):
            refuse(batch_size=images + 1)


def test_checking_a_batch_size_copies_no_image(bundled):
    tracemalloc.start()
    for feed in (next_batches, keras_batches):
        check_batch_size(feed, bundled, 200)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < bundled.arrays.train_images.nbytes / 100


@pytest.mark.parametrize("source", ["full", "custom"])
def test_no_images_are_held_back(bundled, source):
    digits = bundled._replace(source=source)
    batches, _ = keras_batches(digits, 4000, seed=1)
    assert len(np.unique(next(batches).reshape(4000, -1), axis=0)) == len(
        np.unique(bundled.arrays.train_images.reshape(4000, -1), axis=0)
    )
