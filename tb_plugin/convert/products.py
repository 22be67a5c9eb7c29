"""Products of tensors: sums over pairs of axes, of which at most the ones that are kept run over the batch."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.tensors import Tensor, Tensors


def dot(
    t: Tensors, a: Any, b: Any, contracted: Sequence[Sequence[int]], paired: Sequence[Sequence[int]] = ((), ())
) -> Tensor:
    """Returns the product of two tensors, summed over pairs of axes; the axes are `paired`, a's rest, b's rest."""
    (ca, cb), (pa, pb) = contracted, paired
    if not isinstance(a, Tensor) and not pa:
        product = _times_array(t, b, np.asarray(a, np.float32), cb, ca)
        rest = b.ndim - len(cb)
        return t.transpose(product, [*range(rest, product.ndim), *range(rest)])
    if not isinstance(b, Tensor) and not pb:
        return _times_array(t, a, np.asarray(b, np.float32), ca, cb)
    if any(isinstance(x, Tensor) and x.merged for x in (a, b)):
        raise ValueError("it merges the batch axis with others")
    batch = _batch_of_product(a, b, contracted, paired)
    shapes: list[Any] = []
    matrices: list[Any] = []
    for x, pair, contract in ((a, pa, ca), (b, pb, cb)):
        axis = x.batch if isinstance(x, Tensor) else pair[batch] if batch < len(pair) else None
        rest = [place for place in range(x.ndim) if place not in (*pair, *contract)]
        shapes.append([[x.shape[place] for place in places] for places in (pair, rest)])
        groups = [
            [place - (axis is not None and place > axis) for place in places if place != axis]
            for places in (pair, rest, contract)
        ]
        value: Any = x.value if isinstance(x, Tensor) else t.dropped(x, axis)
        groups = groups if not matrices else [groups[0], groups[2], groups[1]]
        lengths = [[value.shape[place] for place in places] for places in groups]
        shape = [*lengths[0], math.prod(lengths[1]), math.prod(lengths[2])]
        order = [place for places in groups for place in places]
        if isinstance(x, Tensor):
            matrices.append(t.graph.reshape(t.graph.permute(value, order), shape))
        else:
            matrices.append(value.transpose(order).reshape(shape))
    return t.tensor(t.graph.matmul(*matrices), [*shapes[0][0], *shapes[0][1], *shapes[1][1]], batch)


def _batch_of_product(a: Any, b: Any, contracted: Sequence[Sequence[int]], paired: Sequence[Sequence[int]]) -> int:
    """Returns the batch axis of the product, whose axes are `paired`, a's rest, b's rest."""
    first, second = (
        (*pair, *(axis for axis in range(x.ndim) if axis not in (*pair, *contract)))
        for x, pair, contract in zip((a, b), paired, contracted)
    )
    places = {
        order.index(x.batch) for x, order in ((a, first), (b, second)) if isinstance(x, Tensor) and x.batch in order
    }
    tensors = sum(isinstance(x, Tensor) for x in (a, b))
    if len(places) != 1 or tensors == 2 and min(places) >= len(paired[0]):
        raise ValueError("it multiplies codes of a batch with each other")
    (place,) = places
    return place if isinstance(a, Tensor) or place < len(paired[0]) else place + len(first) - len(paired[0])


def _times_array(t: Tensors, x: Tensor, array: np.ndarray, cx: Sequence[int], ca: Sequence[int]) -> Tensor:
    """Returns the product with an array; the axes are x's rest, the array's rest."""
    kept = [axis for axis in range(x.ndim) if axis not in cx]
    rest = [axis for axis in range(array.ndim) if axis not in ca]
    kernel = array.transpose([*ca, *rest]).reshape(math.prod(array.shape[axis] for axis in ca), -1)
    inner = [t.axis(x, axis) for axis in cx]
    lengths = [x.shape[axis] for axis in kept]
    batch = kept.index(x.batch)
    if len(inner) == 1 and len(x.value.shape) > 1:
        value = t.graph.on_last(layers.dense(kernel), x.value, inner[0])
        order = [axis for axis in range(len(value.shape)) if axis != inner[0]]
        value = t.graph.permute(value, [*order, inner[0]])
    else:
        moved = t.transpose(x, [*kept, *cx])
        flat = t.graph.reshape(moved.value, (*t.inner(lengths, batch, x.merged), kernel.shape[0]))
        value = t.graph.on_last(layers.dense(kernel), flat, len(flat.shape) - 1)
    return t.tensor(value, [*lengths, *(array.shape[axis] for axis in rest)], batch, x.merged)


def matmul(t: Tensors, a: Any, b: Any) -> Tensor:
    """Returns the matrix product over the last two axes, as in NumPy."""
    if not isinstance(b, Tensor) and np.ndim(b) <= 2:
        return dot(t, a, b, ([a.ndim - 1], [0]))
    if not isinstance(a, Tensor) and np.ndim(a) == 2:
        product = dot(t, b, a, ([b.ndim - 2], [1]))
        return t.transpose(product, [*range(b.ndim - 2), b.ndim - 1, b.ndim - 2])
    rank = max(a.ndim, b.ndim)
    if min(a.ndim, b.ndim) < 2:
        raise ValueError("it multiplies codes of a batch with each other")
    places = {x.batch + rank - x.ndim for x in (a, b) if isinstance(x, Tensor)}
    (batch,) = places if len(places) == 1 else (rank,)
    if any(isinstance(x, Tensor) and x.merged for x in (a, b)) or batch >= rank - 2:
        raise ValueError("it multiplies codes of a batch with each other")
    values = []
    for x in (a, b):
        axis = batch - (rank - x.ndim)
        value = x.value if isinstance(x, Tensor) else np.asarray(x, np.float32)
        if not isinstance(x, Tensor) and axis >= 0:
            value = t.dropped(value, axis)
        values.append(value)
    shape = [*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1]]
    return t.tensor(t.graph.matmul(*values), shape, batch)


def einsum(t: Tensors, equation: str, *operands: Any) -> Tensor:
    """Returns the product that `equation` describes, e.g. "abc,cde->abde", of one or two operands."""
    inputs, output = equation.replace(" ", "").split("->")
    names = inputs.split(",")
    lost = [
        set(name) - set(output) - {label for other in names if other is not name for label in other} for name in names
    ]
    if "." in equation or len(names) > 2 or any(lost) or any(len(set(name)) < len(name) for name in names):
        raise ValueError(f"the product {equation!r} is not supported")
    if len(names) == 1:
        return t.transpose(operands[0], [names[0].index(label) for label in output])
    a, b = names
    contracted = [label for label in a if label in b and label not in output]
    paired = [label for label in a if label in b and label in output]
    axes = [[[name.index(label) for label in labels] for name in names] for labels in (contracted, paired)]
    made = [*paired, *(label for label in a if label not in b), *(label for label in b if label not in a)]
    return t.transpose(dot(t, *operands, *axes), [made.index(label) for label in output])
