"""Arrays as text in a page, and arrays of few bits."""

import base64
import zlib
from typing import Any

import numpy as np

CODE_BITS = (13, 16)
VISIBLE = 2048  # parts of the range of most codes; what is smaller cannot be seen


class Blobs:
    """The arrays of a page, compressed.

    Attributes:
      texts: base64 of zlib streams. Each has the arrays of one `add`. Of each array the lowest bytes of all numbers
        come first, then the next ones: bytes that are alike lie together.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, *arrays: np.ndarray) -> dict[str, Any]:
        """Adds arrays. Returns where they are, for JSON: `blob`, the number of their text, and `arrays`, their dtypes
        and shapes."""
        self.texts.append(_text(arrays))
        return {
            "blob": len(self.texts) - 1,
            "arrays": [{"dtype": _little(array).dtype.str, "shape": list(array.shape)} for array in arrays],
        }


def size(*arrays: np.ndarray) -> int:
    """Returns the characters that arrays take in a page."""
    return len(_text(arrays))


def _text(arrays: tuple[np.ndarray, ...]) -> str:
    planes = [plane for array in arrays for plane in _planes(_little(array))]
    # Noise has no repetitions, and finding false ones makes it longer.
    packed = min((_packed(planes, way) for way in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY)), key=len)
    return base64.b64encode(packed).decode()


def _planes(array: np.ndarray) -> list[bytes]:
    return [plane.tobytes() for plane in array.reshape(-1, 1).view(np.uint8).reshape(array.size, -1).T]


def _packed(planes: list[bytes], strategy: int) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, 15, 9, strategy)
    # A flush starts another code, for bytes of another kind.
    return b"".join(stream.compress(plane) + stream.flush(zlib.Z_SYNC_FLUSH) for plane in planes) + stream.flush()


def _little(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))


def rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """Returns float32 values rounded to `bits` binary digits, 2 to 23."""
    drop = 24 - bits
    raw = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    result = ((raw + (1 << (drop - 1))) >> drop << drop).astype(np.uint32).view(np.float32)
    return np.where(np.isfinite(result), result, values)


def codes_of_few_bits(codes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns codes float32 [N, D] with as few bits as show no difference in a plot.

    Returns:
      Integers int16 [N, D], and the scales and offsets float32 [D] that make codes of them: offset + scale * integer.
      If some codes lie so far off that the others would be in one place, the codes alone, as they are.
    """
    wide = codes.astype(np.float64)
    low, high = wide.min(axis=0), wide.max(axis=0)
    most = np.subtract(*np.quantile(wide, (0.99, 0.01), axis=0))
    for bits in CODE_BITS:
        scales = np.maximum((high - low) / (2**bits - 1), np.finfo(np.float32).tiny).astype(np.float32)
        if (scales * VISIBLE <= np.maximum(most, scales * VISIBLE * (high == low))).all():
            offsets = ((low + high) / 2).astype(np.float32)
            limit = 2 ** (bits - 1) - 1
            return np.clip(np.round((wide - offsets) / scales), -limit, limit).astype(np.int16), scales, offsets
    return (codes,)
