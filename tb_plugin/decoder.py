"""A decoder as data: an ordered list of layers, evaluated here in NumPy.

    Decoder(2, [dense(w1, b1), "tanh", dense(w2, b2), "sigmoid", reshape((28, 28))])

The layers are those of `tb_plugin.layers`. This is the reference for the evaluation in the browser.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_plugin import codec
from tb_plugin.layers import KINDS, MAX_VALUES, Layer, Shape, Size, activation, explicit

MAX_LAYERS = 256
_CHUNK_VALUES = 2**22  # of a batch between two layers: memory stays bounded for any number of codes


class Decoder:
    """Layers that make pictures of codes: `decoder(codes)`.

    Attributes:
      dims: D, the width of a code.
      layers: a list of Layer, with paddings in numbers.
      output_shape: the shape of a picture as the last layer gives it, e.g. (784,) or (28, 28, 1).
    """

    def __init__(self, dims: int, layers: Sequence[Layer | str]):
        """Checks that the layers fit each other.

        Raises:
          ValueError: names the layer that does not fit, and why.
        """
        if not 1 <= dims <= MAX_VALUES:
            raise ValueError(f"a code of {dims} numbers")
        if not 1 <= len(layers) <= MAX_LAYERS:
            raise ValueError(f"a decoder of {len(layers)} layers; 1 to {MAX_LAYERS} are possible")
        self.dims = int(dims)
        self.layers: list[Layer] = []
        sizes: list[Size] = []
        shape: Shape = (self.dims,)
        for number, layer in enumerate(layers, 1):
            layer = activation(layer) if isinstance(layer, str) else layer
            try:
                if layer.kind not in KINDS:
                    raise ValueError("this kind of layer is not supported")
                layer = explicit(layer, shape)
                sizes.append(KINDS[layer.kind][0](layer, shape))
            except ValueError as error:
                raise ValueError(f"decoder layer {number} ({layer.kind}): {error}") from error
            self.layers.append(layer)
            shape = sizes[-1].shape
        self.output_shape = shape
        self._chunk = max(1, _CHUNK_VALUES // max(self.dims, *(size.values for size in sizes)))
        self._work = sum(size.work for size in sizes)
        self._batch_work = sum(size.batch_work for size in sizes)

    @property
    def weights(self) -> int:
        """How many numbers it was trained to."""
        return sum(array.size for layer in self.layers for array in layer.weights)

    def work(self, codes: int) -> int:
        """What evaluating so many codes takes, in multiplications of large matrices, some 0.3 ns each."""
        return codes * self._work + -(-codes // self._chunk) * self._batch_work

    def __call__(self, codes: Any) -> np.ndarray:
        """Pictures float32 [N, *output_shape] of codes [N, D].

        Raises:
          ValueError: the codes are not [N, D].
        """
        codes = np.asarray(codes, np.float32)
        if codes.ndim != 2 or codes.shape[1] != self.dims:
            raise ValueError(f"codes of shape {list(codes.shape)}; this decoder takes [N, {self.dims}]")
        parts = [self._evaluate(codes[i : i + self._chunk]) for i in range(0, len(codes), self._chunk)]
        return np.concatenate(parts) if parts else np.zeros((0, *self.output_shape), np.float32)

    def _evaluate(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for layer in self.layers:
                x = KINDS[layer.kind][1](layer, x).astype(np.float32, copy=False)
        return x

    def to_blob(self, float16: bool = False) -> bytes:
        """The stored form; float16 halves the weights' bytes and keeps three digits of them."""
        arrays = [array for layer in self.layers for array in layer.weights]
        if float16:
            if any(np.abs(array).max(initial=0) > np.finfo(np.float16).max for array in arrays):
                raise ValueError("a weight of the decoder is beyond the range of float16")
            arrays = [array.astype(np.float16) for array in arrays]
        return codec.pack(self.header(), *arrays)

    def header(self) -> dict[str, Any]:
        """What JSON holds of the decoder; "weights" counts the arrays of a layer."""
        layers = [{"kind": layer.kind, "weights": len(layer.weights), **layer.config} for layer in self.layers]
        return {"dims": self.dims, "output_shape": list(self.output_shape), "layers": layers}

    @classmethod
    def from_blob(cls, blob: bytes) -> "Decoder":
        """The decoder that `to_blob` stored.

        Raises:
          codec.FormatError: it is damaged, or its shapes do not fit.
        """
        header, arrays = codec.unpack(blob)
        dims, specs = header.get("dims"), header.get("layers")
        if type(dims) is not int or not isinstance(specs, list):
            raise codec.FormatError("it is not a decoder")
        layers, used = [], 0
        for spec in specs:
            count = spec.get("weights") if isinstance(spec, dict) else None
            if type(count) is not int or count < 0 or not isinstance(spec.get("kind"), str):
                raise codec.FormatError("it has a layer without kind or weights")
            config = {key: value for key, value in spec.items() if key not in ("kind", "weights")}
            layers.append(Layer(spec["kind"], config, tuple(arrays[used : used + count])))
            used += count
        if used != len(arrays):
            raise codec.FormatError("it has more or fewer weights than its layers")
        try:
            return cls(dims, layers)
        except ValueError as error:
            raise codec.FormatError(f"its layers do not fit: {error}") from error
