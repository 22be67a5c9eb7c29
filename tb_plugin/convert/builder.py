"""Builds a network's graph from the operations of a framework, as a converter meets them one after the other.

A value of the framework depends on the codes or it does not. One that does not is a NumPy array. One that does is a
`Value`: the output of a layer, whose axes may be in another order than the framework's. So a model with channels first
becomes layers with channels last without a permutation around each of them.

Shapes and axes are the framework's, without the batch axis.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.graph import sizes as layer_sizes
from tb_plugin.graph.layer import Layer

Axes = tuple[int, ...]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """A tensor of the framework that depends on the codes.

    Attributes:
      position: the layer that computes it; 0 is the codes.
      shape: its shape in the framework.
      order: the framework's axes in the order in which the layer's output has them.
    """

    position: int
    shape: Shape
    order: Axes


class GraphBuilder:
    """The layers of a network for vectors [N, dims], the codes of a decoder, added one by one."""

    def __init__(self, dims: int):
        self.dims = dims
        self.codes = Value(0, (dims,), (0,))
        self._layers: list[Layer] = []
        self._shapes: list[Shape] = [(dims,)]

    def layers(self, output: Value) -> list[Layer]:
        """Returns the layers, the last of which computes `output`, without those that do not contribute to it.

        Raises:
          ValueError: it depends on nothing, or a layer does not fit.
        """
        last = self._in_order(output, range(len(output.shape)))
        needed = {last}
        for position in range(last, 0, -1):
            if position in needed:
                needed.update(_inputs(self._layers[position - 1]))
        made = self._folded(sorted(needed - {0}))
        place = {0: 0, **{position: number for number, position in enumerate(made, 1)}}
        chain = []
        for number, layer in enumerate(made.values(), 1):
            inputs = tuple(place[source] for source in _inputs(layer))
            chain.append(Layer(layer.kind, layer.config, layer.weights, None if inputs == (number - 1,) else inputs))
        return chain or [layers.activation("linear")]

    def _append(self, layer: Layer, *inputs: int) -> int:
        """Adds a layer that reads `inputs`, and returns its position."""
        layer = layer_sizes.stored(layer.on(*inputs), *(self._shapes[position] for position in inputs))
        before = self._layers[_inputs(layer)[0] - 1] if _inputs(layer) not in ((), (0,)) else None
        if layer.kind == "reshape" and before is not None and before.kind == "reshape":
            (source,) = _inputs(before)
            if self._shapes[source] == tuple(layer.config["shape"]):
                return source
            layer = layer.on(source)
        shapes = [self._shapes[position] for position in _inputs(layer)]
        self._layers.append(layer)
        self._shapes.append(layer_sizes.size(layer, *shapes).shape)
        return len(self._layers)

    def _folded(self, positions: Sequence[int]) -> dict[int, Layer]:
        """Returns the layers at these positions, each `scale` folded into the layer before if only it reads that."""
        reads = Counter(source for position in positions for source in set(_inputs(self._layers[position - 1])))
        made: dict[int, Layer] = {}
        for position in positions:
            layer = self._layers[position - 1]
            source = _inputs(layer)[0] if layer.kind == "scale" else 0
            folded = _scaled(made[source], layer) if source and reads[source] == 1 else None
            if folded is not None:
                del made[source]
            made[position] = folded or layer
        return made

    def _in_order(self, value: Value, order: Sequence[int]) -> int:
        """Returns the position of a layer whose output has the framework's axes in `order`."""
        order = tuple(order)
        if value.order == order:
            return value.position
        shape = [value.shape[axis] for axis in order]
        long = [axis for axis in value.order if value.shape[axis] > 1]
        if long == [axis for axis in order if value.shape[axis] > 1]:  # axes of length 1 move for free
            return self._append(layers.reshape(shape), value.position)
        return self._append(layers.permute([value.order.index(axis) for axis in order]), value.position)

    def layer(self, layer: Layer, value: Value) -> Value:
        """Adds a layer that treats all numbers alike, e.g. an activation."""
        return Value(self._append(layer, value.position), value.shape, value.order)

    def on_axes(self, value: Value, axes: Sequence[int], make: Callable[[list[int]], Layer]) -> Value:
        """Adds a layer that keeps the order of the axes: `make` gets the places of `axes` in the layer's input."""
        position = self._append(make([value.order.index(axis) for axis in axes]), value.position)
        out = self._shapes[position]
        return Value(position, tuple(out[value.order.index(axis)] for axis in range(len(out))), value.order)

    def on_last(self, layer: Layer, value: Value, axis: int) -> Value:
        """Adds a layer that works on the last axis, to work on `axis`."""
        rest = [other for other in value.order if other != axis]
        order = (*rest, axis)
        position = self._append(layer, self._in_order(value, order))
        out = self._shapes[position]
        return Value(position, tuple(out[order.index(each)] for each in range(len(out))), order)

    def on_image(self, layer: Layer, value: Value, channels: int) -> Value:
        """Adds a layer of images, whose axis `channels` has the channels; the others are height and width.

        A value of two axes is an image of height 1.
        """
        if len(value.shape) == 2:
            height = 1 if channels == 0 else 0  # the axis that comes and goes
            flat = self.reshape(value, (value.shape[0], 1, value.shape[1]) if height else (1, *value.shape))
            image = self.on_image(layer, flat, 2 * (channels != 0))
            return self.reshape(image, [size for axis, size in enumerate(image.shape) if axis != height])
        if len(value.shape) != 3:
            raise ValueError(f"its input is {list(value.shape)}, images must have a height, a width and channels")
        order = (*(axis for axis in range(3) if axis != channels), channels)
        position = self._append(layer, self._in_order(value, order))
        out = self._shapes[position]
        return Value(position, tuple(out[order.index(axis)] for axis in range(3)), order)

    def reshape(self, value: Value, shape: Sequence[int]) -> Value:
        """Returns the value with another shape, its numbers in the framework's order."""
        shape = tuple(shape) or (1,)
        if shape == value.shape:
            return value
        long, to = ([axis for axis, size in enumerate(sizes) if size > 1] for sizes in (value.shape, shape))
        if [value.shape[axis] for axis in long] == [shape[axis] for axis in to]:  # only axes of length 1 come or go
            moved = dict(zip(long, to))
            order = (
                *(axis for axis in range(len(shape)) if axis not in to),
                *(moved[a] for a in value.order if a in long),
            )
            position = self._append(layers.reshape([shape[axis] for axis in order]), value.position)
            return Value(position, shape, order)
        position = self._append(layers.reshape(shape), self._in_order(value, range(len(value.shape))))
        return Value(position, shape, tuple(range(len(shape))))

    def split(self, value: Value, axis: int, sizes: Sequence[int]) -> Value:
        """Returns the value with an axis split into several; no number moves."""
        more = len(sizes) - 1
        order: list[int] = []
        for old in value.order:
            order += range(axis, axis + more + 1) if old == axis else [old + more * (old > axis)]
        shape = (*value.shape[:axis], *sizes, *value.shape[axis + 1 :])
        return Value(self._append(layers.reshape([shape[a] for a in order]), value.position), shape, tuple(order))

    def merge(self, value: Value, axis: int) -> Value:
        """Returns the value with an axis and the one after it merged into one."""
        shape = (*value.shape[:axis], value.shape[axis] * value.shape[axis + 1], *value.shape[axis + 2 :])
        places = value.order.index(axis), value.order.index(axis + 1)
        if places[1] != places[0] + 1:
            return self.reshape(value, shape)
        order = tuple(old - (old > axis) for old in value.order if old != axis + 1)
        return Value(self._append(layers.reshape([shape[a] for a in order]), value.position), shape, order)

    def permute(self, value: Value, axes: Sequence[int]) -> Value:
        """Returns the value with its axes in another order: axis i is its axis axes[i]."""
        axes = tuple(axes)
        return Value(
            value.position, tuple(value.shape[axis] for axis in axes), tuple(axes.index(axis) for axis in value.order)
        )

    def broadcast(self, value: Value, shape: Sequence[int]) -> Value:
        """Returns the value repeated along axes of length 1."""
        wide = self._wide(value, len(shape))
        zeros = np.zeros([1 if have == length else length for have, length in zip(wide.shape, shape)], np.float32)
        return self.add(wide, zeros) if wide.shape != tuple(shape) else wide

    def affine(self, value: Value, factor: Any, offset: Any = 0.0) -> Value:
        """Returns value * factor + offset, with arrays that broadcast to the value's shape."""
        factor, offset = np.broadcast_arrays(np.asarray(factor, np.float32), np.asarray(offset, np.float32))
        stored = [self._stored(array, value) for array in (factor, offset)]
        if all(array.size == array.shape[-1] for array in stored):
            return self.layer(layers.scale(*stored), value)
        return self.add(self.multiply(value, factor), offset)

    def add(self, a: Any, b: Any) -> Value:
        """Returns a + b, one of which may be an array."""
        return self._binary(layers.add(), a, b, lambda value, array: self._per_channel(value, 1.0, array))

    def multiply(self, a: Any, b: Any) -> Value:
        """Returns a * b, one of which may be an array."""
        return self._binary(layers.multiply(), a, b, lambda value, array: self._per_channel(value, array, 0.0))

    def subtract(self, a: Any, b: Any) -> Value:
        """Returns a - b, one of which may be an array."""
        if not isinstance(b, Value):
            return self.add(a, -np.asarray(b, np.float32))
        return self.add(self.affine(b, -1.0), a) if not isinstance(a, Value) else self._binary(layers.subtract(), a, b)

    def divide(self, a: Any, b: Any) -> Value:
        """Returns a / b, one of which may be an array."""
        if not isinstance(b, Value):
            with np.errstate(divide="ignore"):
                return self.multiply(a, 1 / np.asarray(b, np.float32))
        if not isinstance(a, Value):
            return self.multiply(self.layer(layers.activation("reciprocal"), b), a)
        return self._binary(layers.divide(), a, b)

    def maximum(self, a: Any, b: Any) -> Value:
        """Returns the larger of a and b, one of which may be an array."""
        return self._binary(layers.maximum(), a, b)

    def matmul(self, a: Any, b: Any) -> Value:
        """Returns the matrix product over the last two axes, one factor of which may be an array."""
        if isinstance(a, Value) and not isinstance(b, Value) and np.ndim(b) == 2:
            return self.on_last(layers.dense(b), a, len(a.shape) - 1)
        return self._binary(layers.matmul(), a, b, in_order=True)

    def concat(self, parts: Sequence[Any], axis: int) -> Value:
        """Returns the concatenation of values and arrays along an axis."""
        first = next(part for part in parts if isinstance(part, Value))
        if len(parts) == 1:
            return first
        positions = [
            self._in_order(part, first.order)
            if isinstance(part, Value)
            else self._append(layers.constant(np.transpose(part, first.order)))
            for part in parts
        ]
        position = self._append(layers.concat(first.order.index(axis)), *positions)
        size = sum(part.shape[axis] for part in parts)
        return Value(position, (*first.shape[:axis], size, *first.shape[axis + 1 :]), first.order)

    def _wide(self, value: Value, rank: int) -> Value:
        """Returns the value with axes of length 1 before the others, until it has `rank` axes."""
        missing = rank - len(value.shape)
        return self.reshape(value, (1,) * missing + value.shape) if missing > 0 else value

    def _stored(self, array: np.ndarray, value: Value) -> np.ndarray:
        """Returns an array that broadcasts to the value, with its axes as the value's layer has them."""
        wide = array.reshape((1,) * (len(value.shape) - array.ndim) + array.shape)
        return wide.transpose(value.order)

    def _per_channel(self, value: Value, factor: Any, offset: Any) -> Value | None:
        """Returns value * factor + offset as a layer `scale`, or None if that would not be one number per channel."""
        arrays = [np.asarray(array, np.float32) for array in (factor, offset)]
        if any(array.ndim > len(value.shape) for array in arrays):
            return None
        stored = [self._stored(array, value) for array in arrays]
        channels = self._shapes[value.position][-1]
        if any(array.size != array.shape[-1] or array.size not in (1, channels) for array in stored):
            return None
        return self.layer(layers.scale(*stored), value)

    def _binary(
        self,
        layer: Layer,
        a: Any,
        b: Any,
        per_channel: Callable[[Value, np.ndarray], Value | None] | None = None,
        in_order: bool = False,
    ) -> Value:
        if per_channel:
            value, array = (a, b) if isinstance(a, Value) else (b, a)
            made = None if isinstance(array, Value) else per_channel(value, array)
            if made:
                return made
        rank = max(np.ndim(x) if not isinstance(x, Value) else len(x.shape) for x in (a, b))
        a, b = (self._wide(x, rank) if isinstance(x, Value) else np.asarray(x, np.float32) for x in (a, b))
        order = tuple(range(rank)) if in_order else next(x.order for x in (a, b) if isinstance(x, Value))
        positions = [
            self._in_order(x, order)
            if isinstance(x, Value)
            else self._append(layers.constant(x.reshape((1,) * (rank - x.ndim) + x.shape).transpose(order)))
            for x in (a, b)
        ]
        position = self._append(layer, *positions)
        out = self._shapes[position]
        return Value(position, tuple(out[order.index(axis)] for axis in range(rank)), order)


def _scaled(layer: Layer, scale: Layer) -> Layer | None:
    """Returns a layer with a `scale` after it folded into its weights, or None if it has none."""
    (factor, offset), weights = scale.weights, layer.weights
    if layer.kind in ("dense", "conv2d", "conv2d_transpose"):
        made = [weights[0] * factor, weights[1] * factor + offset]
    elif layer.kind == "scale":
        made = list(np.broadcast_arrays(weights[0] * factor, weights[1] * factor + offset))
    else:
        return None
    if not all(np.isfinite(array).all() for array in made):
        return None
    return Layer(layer.kind, layer.config, tuple(np.ascontiguousarray(array) for array in made), layer.inputs)


def _inputs(layer: Layer) -> Axes:
    """Returns the positions that a layer of the graph reads: `_append` has written them down."""
    assert layer.inputs is not None
    return layer.inputs
