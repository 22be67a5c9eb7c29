"""A decoder with weights of few bits, as few as change no picture by more than one level of 255."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tb_plugin.decoder import Decoder

BITS = (8, 9, 10, 12, 14)
_MORE = 4  # bits of the arrays that are small beside the largest
_SHARE = 8
LEVEL = 1 / 255
_SMALL = 256  # weights of arrays that stay as they are
_WORK = 2 * 10**9  # multiplications for the pictures that are compared
_PROBES = 16  # of these at least


class Stored(NamedTuple):
    """The arrays of a decoder as a page has them.

    Attributes:
      arrays: for each array of the layers, in order: float32; or int8 or int16, followed by the scales float32 of its
        last axis.
      scaled: for each array of the layers, whether scales follow.
      bits: the bits of most weights; 32 if they are as they were logged.
    """

    arrays: list[np.ndarray]
    scaled: list[bool]
    bits: int


def stored(decoder: Decoder, codes: np.ndarray, pictured: bool = True, least: int = 0) -> Stored:
    """Returns a decoder's arrays with the fewest BITS, at least `least`, that keep the pictures of `codes`.

    Values of pictures are compared between 0 and 1, as the tab shows them, others in the range that they have. If
    the decoder is slow, some of the codes float32 [N, D] are taken, the same each time.
    """
    weights = [array for layer in decoder.layers for array in layer.weights]
    largest = max((array.size for array in weights), default=0)
    probes = codes[:: -(-len(codes) // max(_PROBES, _WORK // max(1, decoder.work(1))))]
    exact = decoder(probes) if codes.shape[1] == decoder.dims else None
    if exact is not None:
        low, high = (0.0, 1.0) if pictured else (float(exact.min()), float(exact.max()))
        exact = np.clip(exact, low, high)
    for bits in BITS if exact is not None else ():
        if bits < least:
            continue
        made = Stored([], [], bits)
        values = []
        for array in weights:
            made.scaled.append(array.ndim > 1 and array.size >= _SMALL)
            more = _MORE if array.size * _SHARE <= largest else 0
            parts: tuple[np.ndarray, ...] = _quantized(array, min(16, bits + more)) if made.scaled[-1] else (array,)
            made.arrays.extend(parts)
            values.append(parts[0] * parts[1] if made.scaled[-1] else array)
        made_of_few = np.clip(_with(decoder, values)(probes), low, high)
        if (np.abs(made_of_few - exact) <= LEVEL * (high - low)).all():
            return made
    return Stored(weights, [False] * len(weights), 32)


def _quantized(array: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns integers of `bits` bits, and the scales float32 of the last axis by which they are multiplied."""
    most = 2 ** (bits - 1) - 1
    largest = np.abs(array).reshape(-1, array.shape[-1]).max(axis=0)
    scales = (np.where(largest > 0, largest, 1) / most).astype(np.float32)
    scales = np.maximum(scales, np.finfo(np.float32).tiny)
    numbers = np.clip(np.round(array / scales), -most, most)
    return numbers.astype(np.int8 if bits <= 8 else np.int16), scales


def _with(decoder: Decoder, values: list[np.ndarray]) -> Decoder:
    """Returns the decoder with other weights."""
    rest = iter(values)
    return Decoder(
        decoder.dims, [replace(layer, weights=tuple(next(rest) for _ in layer.weights)) for layer in decoder.layers]
    )
