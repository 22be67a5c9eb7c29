"""Reads one file of MNIST, or of a set like it: IDX (gzipped or not) or npz. A file not in order is refused."""

import gzip
import hashlib
import io
import math
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from legacy_ports import UserError

# The official files, and the SHA-256 of their *uncompressed* bytes, because mirrors gzip them differently.
# The MD5 of the same bytes, which is published more widely: 6bbc9ace898e44ae57da46a324031adb,
# a25bea736e30d166cdddb491f175f624, 2646ac647ad5339dbf082846283269ea, 27ae3e4e09519cfbb04c329615203637.
OFFICIAL_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049  # http://yann.lecun.com/exdb/mnist/
# Images in a file. A header that promises more is damaged, so that a decompression bomb stops at 549 MB. The largest
# sets of this kind, EMNIST ByClass and ByMerge, have 697,932.
MAX_COUNT = 700_000
NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")


class DataError(UserError, ValueError):
    """A data file that is missing or not in order; the message names the file and says why."""


class Arrays(NamedTuple):
    """The arrays of MNIST as the files hold them: images uint8 [N, 28, 28], labels uint8 [N].

    MNIST has the labels 0 to 9, other sets may have any.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def sha256(arrays: Arrays) -> dict[str, str]:
    """Returns the SHA-256 of each array's IDX bytes, by official file name, whatever format it was stored in."""
    digests = {}
    for name, array in zip(OFFICIAL_SHA256, arrays):
        magic = IMAGES_MAGIC if array.ndim == 3 else LABELS_MAGIC
        digest = hashlib.sha256(np.array([magic, *array.shape], ">u4").tobytes())
        digest.update(np.ascontiguousarray(array).data)
        digests[name] = digest.hexdigest()
    return digests


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """Reads one IDX file, gzipped if its name ends in .gz: images (`ndim` 3) or labels (1).

    Returns:
      uint8 [N, 28, 28] for images, [N] for labels.

    Raises:
      DataError: the file cannot be read, is truncated, too long, or of another kind or image size.
    """
    want = IMAGES_MAGIC if ndim == 3 else LABELS_MAGIC
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            header = file.read(4 * (1 + ndim))
            if len(header) < 4 * (1 + ndim):
                raise DataError(f"{path}: truncated within its header")
            magic, count, *size = np.frombuffer(header, ">u4").tolist()
            if magic != want:
                raise DataError(f"{path}: wrong magic number {magic}, {want} expected")
            if size not in ([], [28, 28]):
                raise DataError(f"{path}: images of {size[0]} x {size[1]} pixels, 28 x 28 expected")
            return _read(file, (count, *size), str(path))
    except gzip.BadGzipFile as error:
        raise DataError(f"{path}: not gzip, or damaged ({error})") from None
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path}: truncated or damaged ({error})") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


def _read(file: io.BufferedIOBase | IO[bytes], shape: tuple[int, ...], name: str) -> np.ndarray:
    """Reads the rest of a file as uint8 of `shape`, [N, 28, 28] or [N].

    Memory grows with the bytes that are read, not with the count that the header promises.
    """
    count, length = shape[0], math.prod(shape)
    if not 0 <= count <= MAX_COUNT:
        raise DataError(f"{name}: damaged, its header promises {count:,} entries")
    data = bytearray()
    while len(data) < length and (block := file.read(min(1 << 20, length - len(data)))):
        data += block
    if len(data) < length:
        raise DataError(f"{name}: truncated: {len(data):,} of {length:,} bytes of data")
    if file.read(1):  # reading on to the end also makes gzip and zip check their checksums
        raise DataError(f"{name}: longer than the {count:,} entries its header promises")
    return np.frombuffer(memoryview(data).toreadonly(), np.uint8).reshape(shape)


def read_npz(path: Path) -> Arrays:
    """Reads Keras's mnist.npz.

    Raises:
      DataError: the file is not such an npz file.
    """
    return Arrays(*_read_npz(path, {key: 3 if key.startswith("x") else 1 for key in NPZ_KEYS}))


def read_array_npz(path: Path, ndim: int) -> np.ndarray:
    """Reads an npz file of one array, as `numpy.savez` stores it without a name: images (`ndim` 3) or labels (1).

    Raises:
      DataError: the file is not such an npz file.
    """
    return _read_npz(path, {"arr_0": ndim})[0]


def _read_npz(path: Path, ndims: dict[str, int]) -> list[np.ndarray]:
    """Reads arrays of an npz file by name: images uint8 [N, 28, 28] where `ndims` has 3, labels uint8 [N] for 1.

    NumPy's own loader is not used, because it allocates what a header promises and can run pickles.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            missing = [key for key in ndims if f"{key}.npy" not in names]
            if missing:
                raise DataError(f"{path}: has no {', '.join(missing)}")
            return [_read_npy(archive, key, ndim, path) for key, ndim in ndims.items()]
    except (EOFError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, DataError):
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0][:100]  # zipfile quotes the damaged bytes
        raise DataError(f"{path}: not a plain npz file ({reason})") from None


def _read_npy(archive: zipfile.ZipFile, key: str, ndim: int, path: Path) -> np.ndarray:
    if archive.getinfo(f"{key}.npy").compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{path}: {key} is compressed by a method that NumPy does not write")
    with archive.open(f"{key}.npy") as file:
        try:
            version = np.lib.format.read_magic(file)
            if version != (1, 0):  # NumPy writes such arrays in this version
                raise ValueError(f"npy version {version[0]}")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy warns of files that Python 2 wrote
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        except (zipfile.BadZipFile, zlib.error, OSError):
            raise
        except Exception as error:  # NumPy evaluates the header as a literal, which fails in many ways
            raise DataError(f"{path}: {key} has no header of an array ({type(error).__name__})") from None
        if dtype != np.uint8:
            what = "an object array" if dtype.hasobject else dtype
            raise DataError(f"{path}: {key} is {what}, uint8 expected")
        if ndim == 3 and (len(shape) != 3 or shape[1:] != (28, 28)):
            raise DataError(f"{path}: {key} has shape {shape}, (N, 28, 28) expected")
        if ndim == 1 and len(shape) != 1:
            raise DataError(f"{path}: {key} has shape {shape}, (N,) expected")
        array = _read(file, shape, f"{path}: {key}")
    return array.reshape(-1).reshape(shape, order="F") if fortran else array
