"""Operations on tensors that have a batch axis, as JAX, TensorFlow and ONNX name them, for a decoder's graph.

A framework's tensor that depends on the codes is a `Tensor`: a value of the graph, which has no batch axis, and the
place of the batch axis among the framework's axes. All others are NumPy arrays. Axes and shapes are the framework's.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.builder import GraphBuilder, Shape, Value
from tb_plugin.graph.layer import Layer

_MOST_MOVED = 2**22  # numbers in the matrix that gathers


@dataclass(frozen=True)
class Tensor:
    """A tensor of the framework that depends on the codes.

    Attributes:
      value: its value in the graph; (1,) stands for no axes.
      shape: its shape, with the batch axis.
      batch: the place of the batch axis.
      merged: whether it is merged with the axis after it, whose length the value has in its place.
    """

    value: Value
    shape: Shape
    batch: int
    merged: bool = False

    @property
    def ndim(self) -> int:
        return len(self.shape)


class Tensors:
    """The operations on tensors of one graph, traced with a batch of `size` codes."""

    def __init__(self, graph: GraphBuilder, size: int):
        self.graph, self.size = graph, size
        self.codes = Tensor(graph.codes, (size, graph.dims), 0)

    def tensor(self, value: Value, shape: Sequence[int], batch: int, merged: bool = False) -> Tensor:
        """Returns a value as a tensor of `shape`, which has the batch axis."""
        shape = tuple(map(int, shape))
        return Tensor(self.graph.reshape(value, self.inner(shape, batch, merged)), shape, batch, merged)

    def like(self, x: Tensor, value: Value, shape: Sequence[int] | None = None) -> Tensor:
        """Returns a value as a tensor whose batch axis is that of x."""
        return self.tensor(value, x.shape if shape is None else shape, x.batch, x.merged)

    def inner(self, shape: Sequence[int], batch: int, merged: bool) -> Shape:
        """Returns the shape without the batch axis."""
        rest = [shape[batch] // self.size] if merged else []
        return (*map(int, shape[:batch]), *rest, *map(int, shape[batch + 1 :]))

    def axis(self, x: Tensor, axis: int) -> int:
        """Returns the value's axis for the tensor's.

        Raises:
          ValueError: it is the batch axis.
        """
        axis %= x.ndim
        if axis == x.batch:
            raise ValueError("it works along the batch axis, so pictures would depend on each other")
        return axis - (axis > x.batch and not x.merged)

    def fixed(self, array: Any, axis: int | None = None, merged: bool = False) -> np.ndarray:
        """Returns an array as float32 without its batch axis `axis`, and with length 1 where all numbers are equal.

        Raises:
          ValueError: it differs from code to code.
        """
        array = self.dropped(array, axis, merged)
        for place, length in enumerate(array.shape):
            first = array.take([0], place) if length > 1 else array
            if length > 1 and (array == first).all():
                array = first
        return array

    def dropped(self, array: Any, axis: int | None, merged: bool = False) -> np.ndarray:
        """Returns an array as float32 without its batch axis.

        Raises:
          ValueError: it differs from code to code.
        """
        array = np.asarray(array, np.float32)
        if axis is None or merged and array.shape[axis] == 1:
            return array
        if merged:
            array = array.reshape(*array.shape[:axis], self.size, -1, *array.shape[axis + 1 :])
        if not (array == array.take([0], axis)).all():
            raise ValueError("an array that meets each code's differs from code to code")
        return array.take(0, axis)

    # On each number.

    def map(self, layer: Layer | str, x: Tensor) -> Tensor:
        """Returns a layer that treats all numbers alike, or an activation by its name."""
        layer = layers.activation(layer) if isinstance(layer, str) else layer
        return self.like(x, self.graph.layer(layer, x.value))

    def affine(self, x: Tensor, factor: float, offset: float = 0.0) -> Tensor:
        return self.like(x, self.graph.affine(x.value, factor, offset))

    def binary(self, method: str, a: Any, b: Any) -> Tensor:
        """Returns a method of GraphBuilder of two operands, which broadcast as in NumPy."""
        shapes = [np.shape(x) if not isinstance(x, Tensor) else x.shape for x in (a, b)]
        shape = np.broadcast_shapes(*shapes)
        places = {(x.batch + len(shape) - x.ndim, x.merged) for x in (a, b) if isinstance(x, Tensor)}
        if len(places) > 1:
            raise ValueError("it mixes the batch axis with another")
        ((batch, merged),) = places
        operands = []
        for x, own in zip((a, b), shapes):
            axis = batch - (len(shape) - len(own))
            operands.append(x.value if isinstance(x, Tensor) else self.fixed(x, axis if axis >= 0 else None, merged))
        value = getattr(self.graph, method)(*operands)
        inner = self.inner(shape, batch, merged)
        value = value if value.shape == inner else self.graph.broadcast(value, inner or (1,))
        return self.tensor(value, shape, batch, merged)

    def add(self, a: Any, b: Any) -> Tensor:
        return self.binary("add", a, b)

    def subtract(self, a: Any, b: Any) -> Tensor:
        return self.binary("subtract", a, b)

    def multiply(self, a: Any, b: Any) -> Tensor:
        for x, other in ((a, b), (b, a)):
            if not isinstance(other, Tensor) and np.size(other) == 1 == np.ravel(other)[0] and np.ndim(other) <= x.ndim:
                return x
        return self.binary("multiply", a, b)

    def divide(self, a: Any, b: Any) -> Tensor:
        return self.binary("divide", a, b)

    def maximum(self, a: Any, b: Any) -> Tensor:
        for x, other in ((a, b), (b, a)):
            if isinstance(x, Tensor) and not isinstance(other, Tensor) and np.size(self.fixed(other)) == 1:
                low = float(np.ravel(other)[0])
                if not np.isfinite(low) and low < 0:
                    return x
                return self.map(layers.clamp(low, None) if low else "relu", x)
        return self.binary("maximum", a, b)

    def minimum(self, a: Any, b: Any) -> Tensor:
        for x, other in ((a, b), (b, a)):
            if isinstance(x, Tensor) and not isinstance(other, Tensor) and np.size(self.fixed(other)) == 1:
                high = float(np.ravel(other)[0])
                return x if np.isposinf(high) else self.map(layers.clamp(None, high), x)
        a, b = (self.affine(x, -1.0) if isinstance(x, Tensor) else -np.asarray(x, np.float32) for x in (a, b))
        return self.affine(self.binary("maximum", a, b), -1.0)

    def clamp(self, x: Tensor, low: Any, high: Any) -> Tensor:
        return self.minimum(self.maximum(x, low), high)

    def power(self, x: Any, exponent: Any) -> Tensor:
        """Returns x ** exponent for one fixed exponent, whole or half."""
        if isinstance(exponent, Tensor):
            raise ValueError("its exponent depends on the codes")
        if np.size(self.fixed(exponent)) != 1:
            raise ValueError("it has several exponents")
        power = float(np.ravel(exponent)[0])
        if power * 2 != int(power * 2) or abs(power) > 16:
            raise ValueError(f"a power of {power:g} is not supported")
        result = self.map("sqrt", x) if power % 1 else None
        square, left = x, int(abs(power))
        while left:
            if left % 2:
                result = square if result is None else self.multiply(result, square)
            left //= 2
            square = self.map("square", square) if left else square
        if result is None:
            raise ValueError("a power of 0 is not supported")
        return self.map("reciprocal", result) if power < 0 else result

    def positive(self, x: Any) -> Any:
        """Returns 1 where x > 0, else 0."""
        if not isinstance(x, Tensor):
            return (np.asarray(x) > 0).astype(np.float32)
        steep = self.affine(self.map(layers.clamp(-1.0, 1.0), x), 1e38)
        return self.map(layers.clamp(0.0, 1.0), steep)

    def greater(self, a: Any, b: Any) -> Any:
        """Returns 1 where a > b, else 0."""
        return self.positive(self.subtract(a, b))

    def inverted(self, mask: Any) -> Any:
        """Returns 1 where a mask is 0, and 0 where it is 1."""
        return self.affine(mask, -1.0, 1.0) if isinstance(mask, Tensor) else 1 - np.asarray(mask, np.float32)

    def where(self, mask: Any, a: Any, b: Any) -> Any:
        """Returns a where the mask is 1 and b where it is 0."""
        if not isinstance(mask, Tensor):
            mask = np.asarray(mask, np.float32)
            for chosen, number in ((a, 1), (b, 0)):
                if (mask == number).all() and isinstance(chosen, Tensor) and mask.ndim <= chosen.ndim:
                    return chosen
        parts = []
        for part, factor in ((a, mask), (b, self.inverted(mask))):
            if isinstance(part, Tensor) or isinstance(factor, Tensor):
                parts.append(self.multiply(part, factor))
            else:
                parts.append(np.asarray(part, np.float32) * factor)
        return self.add(*parts)

    # Over axes.

    def reduce(self, make: Callable[[list[int]], Layer], x: Tensor, axes: Sequence[int], keep: bool = False) -> Tensor:
        """Returns a layer that reduces axes: `layers.sum`, `layers.mean` or `layers.max`."""
        axes = sorted(axis % x.ndim for axis in axes)
        if not axes:
            return x
        value = self.graph.on_axes(x.value, [self.axis(x, axis) for axis in axes], make)
        kept = self.like(x, value, [1 if axis in axes else length for axis, length in enumerate(x.shape)])
        return kept if keep else self.squeeze(kept, axes)

    def normalize(self, x: Tensor, axes: Sequence[int], epsilon: float) -> Tensor:
        """Returns (x - mean) / sqrt(variance + epsilon) over axes."""
        inner = [self.axis(x, axis) for axis in axes]
        return self.like(x, self.graph.on_axes(x.value, inner, lambda places: layers.normalize(places, epsilon)))

    def softmax(self, x: Tensor, axis: int) -> Tensor:
        return self.like(x, self.graph.on_last(layers.activation("softmax"), x.value, self.axis(x, axis)))

    # Shapes.

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """Returns a tensor of another shape, in which one length may be -1."""
        shape = [int(length) for length in shape]
        if -1 in shape:
            shape[shape.index(-1)] = math.prod(x.shape) // max(-math.prod(shape), 1)
        before = math.prod(x.shape[: x.batch])
        places = [place for place in range(len(shape)) if math.prod(shape[:place]) == before]
        for merged in (False, True):
            for place in places:
                if shape[place] == self.size or merged and shape[place] % self.size == 0:
                    return self.tensor(x.value, shape, place, merged)
        raise ValueError("it merges the batch axis with others")

    def expand(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        """Returns a tensor with axes of length 1 at the places `axes` of the result."""
        rank = x.ndim + len(axes)
        new = {axis % rank for axis in axes}
        rest = iter(x.shape)
        old = [axis for axis in range(rank) if axis not in new]
        return self.tensor(x.value, [1 if axis in new else next(rest) for axis in range(rank)], old[x.batch], x.merged)

    def squeeze(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        axes = [axis % x.ndim for axis in axes]
        if x.batch in axes:
            raise ValueError("it removes the batch axis")
        return self.tensor(x.value, _without(x.shape, axes), x.batch - sum(axis < x.batch for axis in axes), x.merged)

    def transpose(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        axes = [int(axis) for axis in axes]
        if x.ndim == 1:
            return x
        inner = axes if x.merged else [self.axis(x, axis) for axis in axes if axis != x.batch]
        shape = tuple(x.shape[axis] for axis in axes)
        return Tensor(self.graph.permute(x.value, inner), shape, axes.index(x.batch), x.merged)

    def broadcast(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """Returns a tensor repeated along axes of length 1, and new ones before the others."""
        shape = tuple(int(length) for length in shape)
        batch = x.batch + len(shape) - x.ndim
        inner = self.inner(shape, batch, x.merged)
        return self.tensor(self.graph.broadcast(x.value, inner or (1,)), shape, batch, x.merged)

    def concatenate(self, parts: Sequence[Any], axis: int) -> Tensor:
        first = next(part for part in parts if isinstance(part, Tensor))
        axis, inner = axis % first.ndim, self.axis(first, axis)
        made: list[Any] = []
        for part in parts:
            if isinstance(part, Tensor):
                if (part.batch, part.merged) != (first.batch, first.merged):
                    raise ValueError("it mixes the batch axis with another")
                made.append(part.value)
            elif np.size(part):
                wide = self.inner(np.shape(part), first.batch, first.merged)
                made.append(np.broadcast_to(self.dropped(part, first.batch, first.merged), wide))
        length = sum(np.shape(part)[axis] if not isinstance(part, Tensor) else part.shape[axis] for part in parts)
        shape = [length if place == axis else size for place, size in enumerate(first.shape)]
        return self.like(first, self.graph.concat(made, inner) if len(made) > 1 else made[0], shape)

    def stack(self, parts: Sequence[Any], axis: int) -> Tensor:
        return self.concatenate(
            [self.expand(x, [axis]) if isinstance(x, Tensor) else np.expand_dims(x, axis) for x in parts], axis
        )

    def slice(self, x: Tensor, axis: int, start: int | None, stop: int | None, step: int = 1) -> Tensor:
        """Returns x[start:stop:step] along an axis, as in Python."""
        axis %= x.ndim
        ends = slice(start, stop, step).indices(x.shape[axis])
        length = len(range(*ends))
        if ends == (0, x.shape[axis], 1):
            return x
        if step < 0:
            return self.take(x, axis, range(*ends))
        inner = self.axis(x, axis)
        value = self.graph.on_axes(x.value, [inner], lambda places: layers.slice(places[0], *ends))
        return self.like(x, value, [*x.shape[:axis], length, *x.shape[axis + 1 :]])

    def take(self, x: Tensor, axis: int, indices: Sequence[int]) -> Tensor:
        """Returns the numbers at fixed indices along an axis."""
        axis %= x.ndim
        matrix = np.eye(x.shape[axis], dtype=np.float32)[:, np.asarray(indices, int)]
        value = self.graph.on_last(layers.dense(matrix), x.value, self.axis(x, axis))
        return self.like(x, value, [*x.shape[:axis], matrix.shape[1], *x.shape[axis + 1 :]])

    def moved(self, x: Tensor, move: Callable[[np.ndarray], Any]) -> Tensor:
        """Returns what `move` makes of x, a function of an array that only moves, repeats or leaves out numbers."""
        if x.merged:
            raise ValueError("it merges the batch axis with others")
        count = math.prod(x.shape) // self.size
        numbers = np.arange(count).reshape(_without(x.shape, [x.batch]))
        codes = np.arange(self.size).reshape([-1 if axis == x.batch else 1 for axis in range(x.ndim)])
        places = np.asarray(move((np.expand_dims(numbers, x.batch) + codes * count).astype(np.int32)))
        code, place = np.divmod(places, count)
        for batch in range(places.ndim):
            line = np.arange(self.size).reshape([-1 if axis == batch else 1 for axis in range(places.ndim)])
            if places.shape[batch] == self.size and (code == line).all() and (place == place.take([0], batch)).all():
                sources = place.take(0, batch).ravel()
                break
        else:
            raise ValueError("it mixes the batch axis with others")
        if count * sources.size > _MOST_MOVED:
            raise ValueError(f"it picks {sources.size} of {count} numbers one by one, which takes too large a matrix")
        flat = self.graph.reshape(x.value, (count,))
        matrix = np.eye(count, dtype=np.float32)[:, sources]
        return self.tensor(self.graph.on_last(layers.dense(matrix), flat, 0), places.shape, batch)

    def pad(self, x: Tensor, pairs: Sequence[Sequence[int]], mode: str = "constant", value: float = 0.0) -> Tensor:
        """Returns a tensor with [before, after] numbers more along each axis; negative numbers crop."""
        sizes = [[int(before), int(after)] for before, after in pairs]
        axes = [axis for axis, pair in enumerate(sizes) if any(pair)]
        if not axes:
            return x

        def make(places: list[int]) -> Layer:
            sides = [[0, 0] for _ in range(max(places) + 1)]
            for place, axis in zip(places, axes):
                sides[place] = sizes[axis]
            return layers.pad(sides, mode, value)

        padded = self.graph.on_axes(x.value, [self.axis(x, axis) for axis in axes], make)
        return self.like(x, padded, [length + sum(pair) for length, pair in zip(x.shape, sizes)])

    def flip(self, x: Tensor, axes: Sequence[int]) -> Tensor:
        for axis in axes:
            x = self.take(x, axis, range(x.shape[axis])[::-1])
        return x

    def pick(self, x: Tensor, axis: int, indices: Any) -> Tensor:
        """Returns the numbers at fixed indices along an axis, in whose place the axes of the indices come."""
        axis, indices = axis % x.ndim, np.asarray(indices) % x.shape[axis]
        if indices.ndim == 0:
            return self.squeeze(self.slice(x, axis, int(indices), int(indices) + 1), [axis])
        taken = self.take(x, axis, indices.ravel())
        return self.reshape(taken, [*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]])

    # Images.

    def resize(self, x: Tensor, rows: np.ndarray, columns: np.ndarray, channels: int) -> Tensor:
        """Returns an image resized by two matrices, as `layers.resample` has them."""
        times = [len(matrix) // matrix.shape[1] for matrix in (rows, columns)]
        if all(
            np.array_equal(matrix, np.eye(matrix.shape[1]).repeat(count, 0))
            for matrix, count in zip((rows, columns), times)
        ):
            return self.image(layers.upsample(times), x, channels)
        return self.image(layers.resample(rows, columns), x, channels)

    def image(self, layer: Layer, x: Tensor, channels: int) -> Tensor:
        """Returns a layer of images, of a tensor whose axis `channels` has the channels."""
        if x.merged:
            raise ValueError("it merges the batch axis with others")
        inner = self.axis(x, channels)
        value = self.graph.on_image(layer, x.value, inner)
        shape = list(value.shape)
        shape.insert(x.batch, self.size)
        return self.tensor(value, shape, x.batch)


def _without(shape: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(length) for axis, length in enumerate(shape) if axis not in axes)
