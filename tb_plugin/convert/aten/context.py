"""The values of a trace that become layers, and its batch axis."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.builder import GraphBuilder, Value
from tb_plugin.graph.layer import Layer


class Aten:
    """The operations on values of one graph, traced with a batch of `batch` codes.

    Attributes:
      whole: whether values have the batch axis, too. It is then of length 1, so it may be moved and merged with others,
        at the cost of layers that reshape. If not, axis 0 of every tensor must stay the batch axis.
      channels: the axis of a value that has the channels of an image.
    """

    def __init__(self, graph: GraphBuilder, batch: int, whole: bool = False):
        self.graph, self.batch, self.whole = graph, batch, whole
        self.channels = int(whole)
        self.codes = graph.reshape(graph.codes, (1, graph.dims)) if whole else graph.codes

    def rank(self, *values: Any) -> int:
        """Returns PyTorch's number of axes of the value that has most."""
        return max(len(x.shape) for x in values if isinstance(x, Value)) + (not self.whole)

    def full(self, value: Value) -> list[int]:
        """Returns PyTorch's shape of a value."""
        return list(value.shape) if self.whole else [self.batch, *value.shape]

    def reshaped(self, value: Value, full: Sequence[int]) -> Value:
        """Returns a value with another shape, as PyTorch has it, one of whose numbers may be -1."""
        full = list(full)
        if -1 in full:
            full[full.index(-1)] = math.prod(self.full(value)) // max(-math.prod(full), 1)
        if self.whole:
            return self.graph.reshape(value, full)
        if full[:1] != [self.batch] or math.prod(full[1:]) != math.prod(value.shape):
            raise ValueError("it merges the batch axis with others, or moves it")
        return self.graph.reshape(value, full[1:])

    def array(self, tensor: Any, rank: int) -> np.ndarray:
        """Returns a tensor that depends on no code as float32, without its batch axis if it has all `rank` axes."""
        array = np.asarray(tensor.detach().cpu().double() if hasattr(tensor, "detach") else tensor, np.float64)
        if array.ndim == rank and not self.whole:
            if not (array == array[:1]).all():
                raise ValueError("a tensor that is added to each code's differs from code to code")
            array = array[0]
        return array.astype(np.float32)

    def operand(self, x: Any, rank: int) -> Any:
        return x if isinstance(x, Value) else self.array(x, rank)

    def axis(self, dim: int, value: Value) -> int:
        """Returns the axis of a value for PyTorch's number of it."""
        rank = self.rank(value)
        if self.whole:
            return dim % rank
        if dim % rank == 0:
            raise ValueError("it works along the batch axis, so pictures would depend on each other")
        return dim % rank - 1

    def axes(self, dims: Any, value: Value) -> list[int]:
        return [self.axis(dim, value) for dim in ([dims] if isinstance(dims, int) else dims)]

    def on_image(self, layer: Layer, value: Value, spatial: int = 2) -> Value:
        """Adds a layer of images. All axes before the last `spatial` ones are its channels."""
        image = self.graph.reshape(value, (math.prod(value.shape[:-spatial]), *value.shape[-spatial:]))
        made = self.graph.on_image(layer, image, 0)
        before = value.shape[: -spatial - 1]
        return self.graph.reshape(made, (*before, made.shape[0] // math.prod(before), *made.shape[1:]))

    def convolution(self, layer: Layer, value: Value, spatial: int) -> Value:
        """Adds a convolution. Several images of one code are groups of channels, each with the same kernel."""
        images = math.prod(value.shape[: -spatial - 1])
        if images > 1:
            kernel, bias = layer.weights
            make = {"conv2d": layers.conv2d, "conv2d_transpose": layers.conv2d_transpose}[layer.kind]
            config = {**layer.config, "groups": layer.config.get("groups", 1) * images}
            layer = make(np.tile(kernel, images), np.tile(bias, images), **config)
        return self.on_image(layer, value, spatial)


def without(shape: Sequence[int], axes: Sequence[int]) -> list[int]:
    return [size for axis, size in enumerate(shape) if axis not in axes]
