"""A network as data: an ordered list of layers, evaluated here in NumPy. Decoders and encoders are networks.

`tb_plugin.layers` has the layers. A layer reads the output of the one before it, or of others that it names. This
evaluation is the reference for the one in the browser.
"""

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from tb_plugin import codec
from tb_plugin.graph import evaluation
from tb_plugin.graph import sizes as layer_sizes
from tb_plugin.graph.checks import MAX_VALUES, Shape, Size
from tb_plugin.graph.layer import Layer
from tb_plugin.layers import activation
from tb_plugin.metadata import FormatError

MAX_LAYERS = 1024
MAX_LIVE_VALUES = 2**24  # numbers of one picture that are in memory at a time
_CHUNK_VALUES = 2**22  # of a batch between two layers, so that memory does not grow with the number of codes


class Network:
    """A list of layers that turns vectors of `dims` numbers into others: `network(vectors)`.

    Attributes:
      dims: the numbers of a vector that it takes.
      layers: the layers, a list of Layer with padding in numbers.
      shapes: the shapes without the batch axis of the input and of each layer's output.
      output_shape: the shape of what the last layer returns, e.g. (784,) or (28, 28, 1).
    """

    kind = "network"
    takes = "vectors"
    gives = "outputs"

    def __init__(self, dims: int, layers: Sequence[Layer | str]):
        """Builds a network for vectors [N, dims] of layers or names of activations.

        Raises:
          ValueError: a layer does not fit; the message says which one and why.
        """
        if not 1 <= dims <= MAX_VALUES:
            raise ValueError(f"{self.takes} have {dims} numbers each, they must have 1 to {MAX_VALUES:,}")
        if not 1 <= len(layers) <= MAX_LAYERS:
            raise ValueError(f"the {self.kind} has {len(layers)} layers, it must have 1 to {MAX_LAYERS:,}")
        self.dims = int(dims)
        self.layers: list[Layer] = []
        self.shapes: list[Shape] = [(self.dims,)]
        sizes: list[Size] = []
        for number, layer in enumerate(layers, 1):
            layer = activation(layer) if isinstance(layer, str) else layer
            try:
                shapes = [self.shapes[position] for position in _inputs(layer, number)]
                layer = layer_sizes.stored(layer, *shapes)
                sizes.append(layer_sizes.size(layer, *shapes))
            except ValueError as error:
                raise ValueError(f"{self.kind} layer {number} ({layer.kind}): {error}") from error
            self.layers.append(layer)
            self.shapes.append(sizes[-1].shape)
        self.output_shape = self.shapes[-1]
        self._unused = _last_uses(self.layers)
        self._chunk = max(1, _CHUNK_VALUES // max(self.dims, self._live_values(sizes)))
        self._work = sum(size.work for size in sizes)
        self._batch_work = sum(size.batch_work for size in sizes)

    def _live_values(self, sizes: list[Size]) -> int:
        """Returns the most numbers of one picture that are in memory at a time: of a layer, and those kept."""
        most = kept = self.dims
        for number, size in enumerate(sizes, 1):
            kept -= sum(math.prod(self.shapes[position]) for position in self._unused[number - 1] if position != number)
            most = max(most, kept + size.values)
            if most > MAX_LIVE_VALUES:
                raise ValueError(
                    f"one picture takes {most:,} values in memory at layer {number}, the limit is {MAX_LIVE_VALUES:,}"
                )
            kept += math.prod(size.shape) * (number not in self._unused[number - 1])
        return most

    @property
    def weights(self) -> int:
        """Returns the number of weights in all layers."""
        return sum(array.size for array in self.arrays)

    @property
    def arrays(self) -> list[np.ndarray]:
        """Returns the arrays of weights of all layers, in order."""
        return [array for layer in self.layers for array in layer.weights]

    def work(self, vectors: int) -> int:
        """Returns the work for `vectors` of them, in multiplications of large matrices, about 0.3 ns each."""
        return vectors * self._work + -(-vectors // self._chunk) * self._batch_work

    def __call__(self, vectors: Any) -> np.ndarray:
        """Returns the outputs float32 [N, *output_shape] of vectors [N, dims].

        Raises:
          ValueError: they are not [N, dims].
        """
        vectors = np.asarray(vectors, np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self.dims:
            raise ValueError(f"the {self.takes} are {list(vectors.shape)}, this {self.kind} takes [N, {self.dims}]")
        parts = [self._evaluate(vectors[i : i + self._chunk]) for i in range(0, len(vectors), self._chunk)]
        return np.concatenate(parts) if parts else np.zeros((0, *self.output_shape), np.float32)

    def _evaluate(self, vectors: np.ndarray) -> np.ndarray:
        values = {0: vectors}
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            for number, (layer, unused) in enumerate(zip(self.layers, self._unused), 1):
                inputs = [values[position] for position in _inputs(layer, number)]
                values[number] = evaluation.evaluate(layer, *inputs)
                for position in unused:
                    del values[position]
        return np.broadcast_to(values[len(self.layers)], (len(vectors), *self.output_shape))

    def to_blob(self, float16: bool = False) -> bytes:
        """Returns the network in the stored format.

        Args:
          float16: stores the weights in half of the bytes, with three significant digits.

        Raises:
          ValueError: a weight is too large for float16, or the network for a blob.
        """
        arrays = self.arrays
        if float16:
            if any(np.abs(array).max(initial=0) > np.finfo(np.float16).max for array in arrays):
                raise ValueError(f"a weight of the {self.kind} is too large for float16")
            arrays = [array.astype(np.float16) for array in arrays]
        return codec.pack(self.header(), *arrays)

    def to_blob_of_integers(self) -> bytes:
        """Returns the network in the stored format, its kernels as integers of 16 bits with a scale of each output.

        It has as many bytes as with float16, and a tenth of the error. `codec` describes it.
        """
        scaled = [array.ndim > 1 for array in self.arrays]
        parts = [_quantized(array) if large else (array,) for array, large in zip(self.arrays, scaled)]
        return codec.pack(self.header() | {"scaled": scaled}, *(array for part in parts for array in part))

    def header(self) -> dict[str, Any]:
        """Returns the header of the network's blob; a layer's "weights" is its number of arrays."""
        layers = [
            {"kind": layer.kind, "weights": len(layer.weights), **layer.config}
            | ({} if layer.inputs is None else {"inputs": list(layer.inputs)})
            for layer in self.layers
        ]
        return {"dims": self.dims, "output_shape": list(self.output_shape), "layers": layers}

    @classmethod
    def from_blob(cls, blob: bytes) -> Self:
        """Returns the network that `to_blob` stored.

        Raises:
          FormatError: the blob is damaged, or its layers do not fit.
        """
        header, arrays = codec.unpack(blob)
        dims, specs = header.get("dims"), header.get("layers")
        if type(dims) is not int or not isinstance(specs, list):
            raise FormatError("it has no list of layers")
        arrays = _multiplied(arrays, header["scaled"]) if "scaled" in header else arrays
        layers, used = [], 0
        for spec in specs:
            count = spec.get("weights") if isinstance(spec, dict) else None
            if type(count) is not int or count < 0 or not isinstance(spec.get("kind"), str):
                raise FormatError("it has a layer without a kind or a number of weights")
            config = {key: value for key, value in spec.items() if key not in ("kind", "weights", "inputs")}
            inputs = spec.get("inputs")
            if not (inputs is None or isinstance(inputs, list) and all(type(position) is int for position in inputs)):
                raise FormatError("it has a layer whose inputs are not positions")
            weights = tuple(arrays[used : used + count])
            layers.append(Layer(spec["kind"], config, weights, None if inputs is None else tuple(inputs)))
            used += count
        if used != len(arrays):
            raise FormatError(f"its layers take {used} arrays, and it has {len(arrays)}")
        try:
            return cls(dims, layers)
        except ValueError as error:
            raise FormatError(f"its layers do not fit: {error}") from error


def largest(array: np.ndarray) -> np.ndarray:
    """Returns the largest size of a number at each index of the last axis."""
    return np.abs(array).reshape(-1, array.shape[-1]).max(axis=0)


def scales(most: np.ndarray, bits: int) -> np.ndarray:
    """Returns the scales float32 by which integers of `bits` bits reach numbers of the sizes `most`."""
    made = (np.where(most > 0, most, 1) / (2 ** (bits - 1) - 1)).astype(np.float32)
    return np.maximum(made, np.finfo(np.float32).tiny)


def _quantized(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns integers int16, and the scales float32 of the last axis by which they are multiplied."""
    by = scales(largest(array), 16)
    return np.clip(np.round(array / by), 1 - 2**15, 2**15 - 1).astype(np.int16), by


def _multiplied(arrays: list[np.ndarray], scaled: Any) -> list[np.ndarray]:
    """Returns the arrays of a blob, of which some are integers and their scales, as float32."""
    made, left = [], iter(arrays)
    try:
        for is_scaled in scaled:
            array = next(left)
            made.append(array * next(left) if is_scaled else array)
    except (TypeError, ValueError, StopIteration):
        raise FormatError("its integers have no scales that fit") from None
    if any(array.dtype != np.float32 for array in made) or next(left, None) is not None:
        raise FormatError("its integers have no scales that fit")
    return made


def _inputs(layer: Layer, number: int) -> tuple[int, ...]:
    """Returns the positions that the `number`-th layer reads."""
    inputs = (number - 1,) if layer.inputs is None else layer.inputs
    if not all(0 <= position < number for position in inputs):
        raise ValueError(f"it reads {list(inputs)}, it may read 0 to {number - 1}: the input and the layers before it")
    return inputs


def _last_uses(layers: list[Layer]) -> list[list[int]]:
    """Returns for each layer the positions that no layer after it reads, of its own output and of its inputs."""
    last = dict(enumerate(range(len(layers) + 1)))
    for number, layer in enumerate(layers, 1):
        last.update(dict.fromkeys(_inputs(layer, number), number))
    unused: list[list[int]] = [[] for _ in layers]
    for position, number in last.items():
        if number and position < len(layers):
            unused[number - 1].append(position)
    return unused
