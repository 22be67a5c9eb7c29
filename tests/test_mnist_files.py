"""IDX and npz files: good files are read to the byte; for a bad one, the error names the file and says why."""

import gzip
import pickle
import struct
import tracemalloc

import numpy as np
import pytest

from legacy_ports.data import idx, mnist
from legacy_ports.data.batches import DataSet
from legacy_ports.data.folder import read
from legacy_ports.data.idx import DataError

NAMES = list(idx.OFFICIAL_SHA256)


def idx_bytes(array):
    magic = 2051 if array.ndim == 3 else 2049
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


@pytest.fixture
def arrays(bundled):
    return idx.Arrays(*(a[:20] for a in bundled.arrays))


@pytest.fixture
def directory(tmp_path, arrays):
    for name, array in zip(NAMES, arrays):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(array)))
    return tmp_path


def test_the_same_digits_gzipped_plain_and_as_npz(directory, arrays, tmp_path_factory):
    plain, npz = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("npz")
    for name, array in zip(NAMES, arrays):
        (plain / name).write_bytes(idx_bytes(array))
    np.savez(npz / "mnist.npz", **dict(zip(idx.NPZ_KEYS, arrays)))
    digests = set()
    for folder in (directory, plain, npz):
        found = read(folder)
        for got, want in zip(found, arrays):
            np.testing.assert_array_equal(got, want)
            assert got.dtype == np.uint8
        digests.add(str(idx.sha256(found)))
    assert len(digests) == 1


def test_official_digests(full):
    assert full.source == "full"
    assert [a.shape for a in full.arrays] == [(60000, 28, 28), (60000,), (10000, 28, 28), (10000,)]
    assert full.arrays.train_labels[:5].tolist() == [5, 0, 4, 1, 9]


def test_a_changed_pixel_is_no_longer_the_official_set(directory):
    assert mnist.load(str(directory)).source == "custom"


GOOD_IMAGES = struct.pack(">4I", 2051, 20, 28, 28) + bytes(20 * 784)
GOOD_LABELS = struct.pack(">2I", 2049, 20) + bytes(20)
BAD = {
    "images with the labels' magic": (0, struct.pack(">4I", 2049, 20, 28, 28) + bytes(20 * 784), "magic number 2049"),
    "labels with the images' magic": (1, struct.pack(">2I", 2051, 20) + bytes(20), "magic number 2051"),
    "empty": (0, b"", "within its header"),
    "truncated header": (2, GOOD_IMAGES[:10], "within its header"),
    "truncated data": (0, GOOD_IMAGES[:-1], "truncated: 15,679 of 15,680"),
    "too long": (3, GOOD_LABELS + b"\0", "longer than the 20"),
    "another image size": (2, struct.pack(">4I", 2051, 20, 32, 32) + bytes(20 * 1024), "32 x 32"),
    "a gigantic count": (0, struct.pack(">4I", 2051, 2**32 - 1, 28, 28), "4,294,967,295"),
    "counts that disagree": (1, struct.pack(">2I", 2049, 19) + bytes(19), "20 training images, but 19 labels"),
}


@pytest.mark.parametrize(("which", "content", "reason"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("gzipped", [True, False])
def test_a_bad_file_is_named_with_the_reason(directory, which, content, reason, gzipped):
    (directory / f"{NAMES[which]}.gz").unlink()
    path = directory / (NAMES[which] + ".gz" * gzipped)
    path.write_bytes(gzip.compress(content) if gzipped else content)
    with pytest.raises(DataError, match=reason) as error:
        read(directory)
    assert "counts" in reason or str(directory) in str(error.value)
    assert "\n" not in str(error.value)


def test_not_gzip(directory):
    (directory / f"{NAMES[0]}.gz").write_bytes(GOOD_IMAGES)
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz: not gzip"):
        read(directory)


@pytest.mark.parametrize("cut", [5, 100, -5])
def test_truncated_gzip(directory, cut):
    path = directory / f"{NAMES[0]}.gz"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz: (not gzip|truncated|longer)"):
        read(directory)


def test_half_of_the_files(directory):
    (directory / f"{NAMES[1]}.gz").unlink()
    (directory / f"{NAMES[3]}.gz").unlink()
    with pytest.raises(DataError, match="train-labels-idx1-ubyte, t10k-labels-idx1-ubyte missing"):
        read(directory)


def test_no_directory_and_an_empty_one(tmp_path):
    with pytest.raises(DataError, match="no such directory"):
        read(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"nor mnist\.npz"):
        read(tmp_path)


class Evil:
    def __reduce__(self):
        return pytest.fail, ("a pickle was run",)


NPZ = {
    "a missing key": (lambda a: a.pop("y_test"), "has no y_test"),
    "floats": (lambda a: a.update(x_train=a["x_train"] / 255), "x_train is float64, uint8 expected"),
    "another image size": (lambda a: a.update(x_test=a["x_test"][:, 1:]), r"x_test has shape \(20, 27, 28\)"),
    "one-hot labels": (lambda a: a.update(y_test=np.eye(10, dtype=np.uint8)[a["y_test"]]), r"\(20, 10\)"),
    "an object array": (lambda a: a.update(x_test=np.array([Evil()])), "an object array"),
}


@pytest.mark.parametrize(("change", "reason"), NPZ.values(), ids=NPZ)
def test_a_bad_npz(tmp_path, arrays, change, reason):
    content = dict(zip(idx.NPZ_KEYS, arrays))
    change(content)
    np.savez(tmp_path / "mnist.npz", **content)
    with pytest.raises(DataError, match=reason) as error:
        read(tmp_path)
    assert "mnist.npz" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", pickle.dumps(Evil())])
def test_not_an_npz(tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataError, match="not a plain npz file"):
        read(tmp_path)


def test_no_copy_of_60000_images(full):
    """`DataSet` makes float32 pixels of a batch, not of all images, as long as nobody asks for `images`."""
    images, labels = full.arrays.train_images, full.arrays.train_labels
    tracemalloc.start()
    train = DataSet(images, labels, seed=0)
    train.next_batch(50)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < images.size / 10
