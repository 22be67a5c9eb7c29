"""Operations that move numbers: views, permutations, concatenation and slices."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.aten.context import Aten, without
from tb_plugin.convert.builder import Value

MOST_MOVED = 2**18  # numbers in the matrix that chooses parts


def _view(t: Aten, x: Value, sizes: Any) -> Value:
    return t.reshaped(x, sizes)


def _view_as(t: Aten, x: Value, other: Any) -> Value:
    return t.reshaped(x, t.full(other) if isinstance(other, Value) else other.shape)


def _flatten(t: Aten, x: Value, start: int = 0, end: int = -1) -> Value:
    full = t.full(x)
    start, end = start % len(full), end % len(full)
    return t.reshaped(x, [*full[:start], math.prod(full[start : end + 1]), *full[end + 1 :]])


def _unflatten(t: Aten, x: Value, dim: int, sizes: Sequence[int]) -> Value:
    full = t.full(x)
    dim %= len(full)
    return t.reshaped(x, [*full[:dim], *sizes, *full[dim + 1 :]])


def _unsqueeze(t: Aten, x: Value, dim: int) -> Value:
    full = t.full(x)
    full.insert(dim % (len(full) + 1), 1)
    return t.reshaped(x, full)


def _squeeze(t: Aten, x: Value, dims: Any = None) -> Value:
    full = t.full(x)
    chosen = range(len(full)) if dims is None else [
        dim % len(full) for dim in ([dims] if isinstance(dims, int) else dims)
    ]  # fmt: skip
    return t.reshaped(x, [size for dim, size in enumerate(full) if not (size == 1 and dim in chosen)])


def _permute(t: Aten, x: Value, dims: Sequence[int]) -> Value:
    rank = t.rank(x)
    dims = [dim % rank for dim in dims]
    if t.whole:
        return t.graph.permute(x, dims)
    if dims[0] != 0:
        raise ValueError("it moves the batch axis")
    return t.graph.permute(x, [dim - 1 for dim in dims[1:]])


def _transpose(t: Aten, x: Value, first: int, second: int) -> Value:
    dims = list(range(t.rank(x)))
    first, second = first % len(dims), second % len(dims)
    dims[first], dims[second] = dims[second], dims[first]
    return _permute(t, x, dims)


def _moved(rank: int, source: Any, to: Any) -> list[int]:
    """Returns the permutation that moves the axes `source` to the places `to`."""
    sources, places = (
        [number % rank for number in ([given] if isinstance(given, int) else given)] for given in (source, to)
    )
    rest = iter(dim for dim in range(rank) if dim not in sources)
    return [sources[places.index(dim)] if dim in places else next(rest) for dim in range(rank)]


def _expand(t: Aten, x: Value, sizes: Any, implicit: bool = False) -> Value:
    sizes = list(sizes)
    full = [1] * (len(sizes) - t.rank(x)) + t.full(x)
    x = t.reshaped(x, full)
    to = [own if size == -1 else size for own, size in zip(full, sizes)]
    return t.graph.broadcast(x, to if t.whole else to[1:])


def _expand_as(t: Aten, x: Value, other: Any) -> Value:
    return _expand(t, x, t.full(other) if isinstance(other, Value) else other.shape)


def _repeat(t: Aten, x: Value, repeats: Sequence[int]) -> Value:
    x = t.reshaped(x, [1] * (len(repeats) - t.rank(x)) + t.full(x))
    for dim, times in enumerate(repeats):
        x = t.graph.concat([x] * times, t.axis(dim, x)) if times > 1 else x
    return x


def _repeat_interleave(t: Aten, x: Value, repeats: int, dim: int | None = None, **rest: Any) -> Value:
    axis = t.axis(0 if dim is None else dim, x)
    shape = [*x.shape[: axis + 1], 1, *x.shape[axis + 1 :]]
    wide = [*x.shape[: axis + 1], repeats, *x.shape[axis + 1 :]]
    repeated = t.graph.broadcast(t.graph.reshape(x, shape), wide)
    return t.graph.reshape(repeated, [*x.shape[:axis], x.shape[axis] * repeats, *x.shape[axis + 1 :]])


def _concatenation(t: Aten, tensors: Sequence[Any], dim: int = 0) -> Value:
    rank = t.rank(*tensors)
    axis = t.axis(dim, next(x for x in tensors if isinstance(x, Value)))
    return t.graph.concat([t.operand(x, rank) for x in tensors], axis)


def _stack(t: Aten, tensors: Sequence[Any], dim: int = 0) -> Value:
    rank = t.rank(*tensors)
    dim %= rank + 1
    return _concatenation(
        t, [_unsqueeze(t, x, dim) if isinstance(x, Value) else x.unsqueeze(dim) for x in tensors], dim
    )


def _slice(t: Aten, x: Value, dim: int = 0, start: int | None = None, stop: int | None = None, step: int = 1) -> Value:
    if not t.whole and dim % t.rank(x) == 0 and not start and (stop is None or stop >= t.batch) and step == 1:
        return x
    axis = t.axis(dim, x)
    ends = slice(start, stop, step).indices(x.shape[axis])
    if ends == (0, x.shape[axis], 1):
        return x
    return t.graph.on_axes(x, [axis], lambda places: layers.slice(places[0], *ends))


def _select(t: Aten, x: Value, dim: int, index: int) -> Value:
    axis = t.axis(dim, x)
    index %= x.shape[axis]
    one = _slice(t, x, dim % t.rank(x), index, index + 1)
    return t.graph.reshape(one, without(one.shape, [axis]))


def _split(t: Aten, x: Value, sizes: Any, dim: int = 0) -> list[Value]:
    length = x.shape[t.axis(dim, x)]
    if isinstance(sizes, int):
        sizes = [min(sizes, length - start) for start in range(0, length, sizes)]
    ends = np.cumsum([0, *sizes]).tolist()
    return [_slice(t, x, dim, start, stop) for start, stop in zip(ends, ends[1:])]


def _chunk(t: Aten, x: Value, chunks: int, dim: int = 0) -> list[Value]:
    return _split(t, x, -(-x.shape[t.axis(dim, x)] // chunks), dim)


def _unbind(t: Aten, x: Value, dim: int = 0) -> list[Value]:
    return [_select(t, x, dim, index) for index in range(x.shape[t.axis(dim, x)])]


def _flip(t: Aten, x: Value, dims: Sequence[int]) -> Value:
    for dim in dims:
        parts = _split(t, x, 1, dim)
        x = t.graph.concat(parts[::-1], t.axis(dim, x))
    return x


def _chosen(t: Aten, x: Value, dim: int, index: Any) -> Value:
    """Returns the parts of x along an axis that a fixed list of places names."""
    places = t.array(index, 9).astype(int).ravel()
    axis = t.axis(dim, x)
    if len(places) * x.shape[axis] <= MOST_MOVED:
        kernel = np.zeros((x.shape[axis], len(places)), np.float32)
        kernel[places, np.arange(len(places))] = 1
        return t.graph.on_last(layers.dense(kernel), x, axis)
    return t.graph.concat([_slice(t, x, dim, place, place + 1) for place in places.tolist()], axis)


def _index(t: Aten, x: Value, indices: Sequence[Any]) -> Value:
    given = [dim for dim, index in enumerate(indices) if index is not None]
    if len(given) != 1 or isinstance(indices[given[0]], Value) or indices[given[0]].ndim != 1:
        raise ValueError("indexing is supported with a fixed list of places along one axis")
    if str(indices[given[0]].dtype) == "torch.bool":
        return _chosen(t, x, given[0], indices[given[0]].nonzero())
    return _chosen(t, x, given[0], indices[given[0]] % x.shape[t.axis(given[0], x)])


def _roll(t: Aten, x: Value, shifts: Any, dims: Any = ()) -> Value:
    dims, shifts = ([given] if isinstance(given, int) else list(given) for given in (dims, shifts))
    if len(dims) != len(shifts):
        raise ValueError("it rolls the batch axis")
    for shift, dim in zip(shifts, dims):
        axis = t.axis(dim, x)
        shift %= x.shape[axis]
        if shift:
            length = x.shape[axis]
            parts = [_slice(t, x, dim, length - shift, length), _slice(t, x, dim, 0, length - shift)]
            x = t.graph.concat(parts, axis)
    return x


def _glu(t: Aten, x: Value, dim: int = -1) -> Value:
    a, b = _chunk(t, x, 2, dim)
    return t.graph.multiply(a, t.graph.layer(layers.activation("sigmoid"), b))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "glu": _glu,
    **dict.fromkeys(("view", "reshape", "_unsafe_view"), _view),
    "view_as": _view_as,
    "flatten": _flatten,
    "unflatten": _unflatten,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "permute": _permute,
    "transpose": _transpose,
    "t": lambda t, x: _transpose(t, x, 0, 1),
    "movedim": lambda t, x, source, to: _permute(t, x, _moved(t.rank(x), source, to)),
    "expand": _expand,
    "expand_as": _expand_as,
    "repeat": _repeat,
    "tile": _repeat,
    "repeat_interleave": _repeat_interleave,
    **dict.fromkeys(("cat", "concat", "concatenate"), _concatenation),
    "stack": _stack,
    "slice": _slice,
    "narrow": lambda t, x, dim, start, length: _slice(t, x, dim, start, start + length),
    "select": _select,
    "split": _split,
    "split_with_sizes": _split,
    "chunk": _chunk,
    "unbind": _unbind,
    "flip": _flip,
    "roll": _roll,
    "index": _index,
    "index_select": _chosen,
}  # fmt: skip
