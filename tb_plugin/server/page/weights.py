"""Decoders and encoders with weights of few bits, as few as change nothing that can be seen.

The weights of a step are close to those of the step before. So all steps have the same scales, and a step has the
differences of its integers from those of the step before. The rows of a kernel are rounded one after the other, and the
rows after it make up for the error at the inputs that the page has (E. Frantar et al., GPTQ, arXiv:2210.17323).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.network import Network, largest, scales

BITS = (8, 9, 10, 12, 14)
AS_LOGGED = 32
_MORE = 4  # bits of the arrays that are small beside the largest
_SHARE = 8
LEVEL = 1 / 255  # of a picture
PIXEL = 1 / 500  # of the codes' range: a plot has about as many pixels
ALIKE = 1e-3  # of a code: codes within less are in one place
_SMALL = 256  # weights of arrays that stay as they are
_WORK = 2 * 10**9  # multiplications for what is compared
_PROBES = 16  # of it at least
_FEEDBACK = 10**8  # rows * rows * columns of kernels that are rounded row by row
_DAMPING = 0.01  # of the mean square of the inputs


class Judge(NamedTuple):
    """What tells whether a network with other weights does as well, at inputs float32 [n, dims]."""

    inputs: np.ndarray
    accepts: Callable[[Network], bool]


class Stored(NamedTuple):
    """The arrays of a network as a page has them.

    Attributes:
      arrays: for each array of the layers, in order: float32; or int8 or int16, the differences of its integers from
        those of the step `since`. Without such a step they are the integers, and the scales float32 of its last axis
        follow.
      scaled: for each array of the layers, whether it is of integers.
      bits: the bits of most weights; AS_LOGGED if they are as they were logged.
      since: a step, or None: the integers are as they are.
    """

    arrays: list[np.ndarray]
    scaled: list[bool]
    bits: int
    since: int | None


class Series:
    """The networks of one kind at the steps of a page."""

    def __init__(
        self, steps: list[int], read: Callable[[int], Network | None], judge: Callable[[int, Network], Judge | None]
    ):
        """Finds the scales and the bits.

        Args:
          steps: the steps, in order.
          read: returns the network of a step; None if it has none.
          judge: returns what tells of other weights whether they do as well as those of a network at a step; None if
            the network has to stay as it was logged.
        """
        self._read = read
        self._most: dict[tuple[int, tuple[int, ...]], np.ndarray] = {}
        for step in steps:
            network = read(step)
            for i, array in enumerate(network.arrays if network else []):
                if _is_large(array):
                    key, most = (i, array.shape), largest(array)
                    self._most[key] = np.maximum(most, self._most.get(key, 0))
        self._bits = BITS[0]
        self._inputs: dict[int, np.ndarray] = {}  # of the steps whose networks are rounded
        self._factors: tuple[np.ndarray, np.ndarray] | None = None  # of the last inputs
        for step in steps:
            network = read(step)
            good = judge(step, network) if network else None
            if network is None or good is None:
                continue
            self._inputs[step] = good.inputs
            left = [bits for bits in BITS if bits >= self._bits]
            bits = next((bits for bits in left if good.accepts(self._rounded(network, step, bits)[1])), None)
            if bits is None:
                del self._inputs[step]
            else:
                self._bits = bits
        self._last: tuple[int | None, list[np.ndarray | None]] = (None, [])

    def stored(self, step: int) -> tuple[Network, Stored] | None:
        """Returns the network of a step and its arrays; None if it has none. Steps are asked for in order."""
        network = self._read(step)
        if network is None:
            return None
        weights = network.arrays
        if step not in self._inputs:
            return network, Stored(weights, [False] * len(weights), AS_LOGGED, None)
        numbers, _ = self._rounded(network, step, self._bits)
        since, before = self._last
        if [each is None or each.shape for each in numbers] != [each is None or each.shape for each in before]:
            since = None
        arrays: list[np.ndarray] = []
        for i, (array, each) in enumerate(zip(weights, numbers)):
            if each is None:
                arrays.append(array)
                continue
            old = None if since is None else before[i]
            difference = each if old is None else each - old
            narrow = np.abs(difference).max(initial=0) < 2**7
            arrays.append(difference.astype(np.int8 if narrow else np.int16))
            if old is None:
                arrays.append(self._scales(i, array, self._bits, weights))
        self._last = step, numbers
        return network, Stored(arrays, [each is not None for each in numbers], self._bits, since)

    def _scales(self, i: int, array: np.ndarray, bits: int, weights: list[np.ndarray]) -> np.ndarray:
        is_small = array.size * _SHARE <= max(each.size for each in weights)
        return scales(self._most[i, array.shape], min(16, bits + (_MORE if is_small else 0)))

    def _rounded(self, network: Network, step: int, bits: int) -> tuple[list[np.ndarray | None], Network]:
        """Returns the integers of a network's arrays, None for one that stays, and the network that they make."""
        weights, layers = network.arrays, []
        numbers: list[np.ndarray | None] = []
        for number, layer in enumerate(network.layers, 1):
            made = []
            for array in layer.weights:
                if not _is_large(array):
                    numbers.append(None)
                    made.append(array)
                    continue
                by = self._scales(len(numbers), array, bits, weights)
                factor = self._factor(network, number, self._inputs[step]) if layer.kind == "dense" else None
                integers = _integers(array, by, factor)
                numbers.append(integers)
                made.append(integers.astype(np.float32) * by)
            layers.append(replace(layer, weights=tuple(made)))
        return numbers, type(network)(network.dims, layers)

    def _factor(self, network: Network, number: int, inputs: np.ndarray) -> np.ndarray | None:
        """Returns how the rows of a dense layer make up for each other; None if that takes too long."""
        layer = network.layers[number - 1]
        rows, columns = layer.weights[0].shape
        if rows * rows * columns > _FEEDBACK:
            return None
        position = number - 1 if layer.inputs is None else layer.inputs[0]
        if position == 0 and self._factors is not None and self._factors[0] is inputs:
            return self._factors[1]
        before = type(network)(network.dims, network.layers[:position])(inputs) if position else inputs
        x = before.reshape(-1, rows)
        squares = (x.T @ x).astype(np.float64) / max(1, len(x))
        damping = max(_DAMPING * float(np.trace(squares)) / rows, 1e-12)
        try:
            factor = np.linalg.cholesky(np.linalg.inv(squares + damping * np.eye(rows))).T
        except np.linalg.LinAlgError:  # numbers of very different size, or not finite
            return None
        if position == 0:
            self._factors = inputs, factor
        return factor


def _integers(array: np.ndarray, by: np.ndarray, factor: np.ndarray | None) -> np.ndarray:
    """Returns the integers int32 of an array, of 16 bits at most."""
    if factor is None:
        return np.round(array / by).clip(-(2**15), 2**15 - 1).astype(np.int32)
    left, made = array.astype(np.float64), np.empty(array.shape, np.int32)
    for i, row in enumerate(left):
        made[i] = np.round(row / by).clip(-(2**15), 2**15 - 1)
        left[i + 1 :] -= np.outer(factor[i, i + 1 :] / factor[i, i], row - made[i] * by)
    return made


def same_pictures(decoder: Decoder, codes: np.ndarray, pictured: bool) -> Judge | None:
    """Returns what tells whether another decoder's pictures of codes differ by one level at most.

    Values of pictures are compared between 0 and 1, as the tab shows them, others in the range that they have. If
    the decoder is slow, some of the codes float32 [N, D] are taken, the same each time.
    """
    if codes.shape[1] != decoder.dims:
        return None
    probes = codes[:: _every(decoder, len(codes))]
    exact = decoder(probes)
    low, high = (0.0, 1.0) if pictured else (float(exact.min()), float(exact.max()))
    exact = np.clip(exact, low, high)
    return Judge(
        probes,
        lambda other: bool((np.abs(np.clip(other(probes), low, high) - exact) <= LEVEL * (high - low)).all()),
    )


def same_codes(encoder: Encoder, images: np.ndarray | None) -> Judge | None:
    """Returns what tells whether no number of another encoder's codes of images differs by more than a pixel of a plot.

    Args:
      encoder: the encoder.
      images: the images float32 [N, pixels]; None if there are none.
    """
    if images is None or images.shape[1] != encoder.dims:
        return None
    every = _every(encoder, len(images))
    probes = images if every == 1 else images[::every]
    exact = encoder(probes)
    most = PIXEL * max(float(np.ptp(exact, axis=0).max()), ALIKE * float(np.abs(exact).max()))
    return Judge(probes, lambda other: bool((np.abs(other(probes) - exact) <= most).all()))


def _every(network: Network, count: int) -> int:
    return -(-count // max(_PROBES, _WORK // max(1, network.work(1))))


def _is_large(array: np.ndarray) -> bool:
    return array.ndim > 1 and array.size >= _SMALL
