"""What each layer does to the shape of a picture: whether the layer fits, its output's shape, and what it costs.

A decoder may come from a file, so everything about a layer is validated here before it is evaluated.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tb_plugin.graph import windows
from tb_plugin.graph.checks import (
    MAX_OPTION,
    MAX_RANK,
    MAX_VALUES,
    WORK_PER_MATRIX,
    WORK_PER_VALUE,
    Shape,
    Size,
    is_ints,
    require,
    sized,
)
from tb_plugin.graph.layer import ACTIVATIONS, Layer

# A layer has one input, unless it is here: the fewest and the most.
INPUTS = {
    "constant": (0, 0),
    "concat": (2, 64),
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "maximum", "matmul"), (2, 2)),
}


def size(layer: Layer, *shapes: Shape) -> Size:
    """Returns the size of `layer`, as `stored` returns it, on inputs of these shapes, without the batch axis.

    Raises:
      ValueError: the kind of layer is unknown, the layer is malformed, or it does not fit the inputs.
    """
    _require_inputs(layer, *shapes)
    return SIZES[layer.kind](layer, *shapes)


def stored(layer: Layer, *shapes: Shape) -> Layer:
    """Returns the layer as it is stored: padding in numbers, axes and ends counted from 0.

    Raises:
      ValueError: the layer does not fit the inputs.
    """
    _require_inputs(layer, *shapes)
    config = layer.config
    if "strides" in config and isinstance(config.get("padding"), str):
        config = windows.with_numeric_padding(layer, *shapes)
    rank = len(shapes[0]) if shapes else 0
    if "axis" in config and type(config["axis"]) is int:
        config = {**config, "axis": _from_first(config["axis"], rank)}
    if "axes" in config and layer.kind != "permute" and is_ints(config["axes"], low=-MAX_RANK):
        config = {**config, "axes": [_from_first(axis, rank) for axis in config["axes"]]}
    if layer.kind == "slice" and is_ints([config.get("step"), config.get("axis")]) and config["axis"] < rank:
        ends = [config.get("start"), config.get("stop")]
        require(all(end is None or type(end) is int for end in ends), "start and stop must be integers")
        start, stop, _ = slice(ends[0], ends[1], config["step"] or 1).indices(shapes[0][config["axis"]])
        config = {**config, "start": start, "stop": stop}
    return Layer(layer.kind, config, layer.weights, layer.inputs)


def _from_first(axis: int, rank: int) -> int:
    return axis + rank if -rank <= axis < 0 else axis


def _require_inputs(layer: Layer, *shapes: Shape) -> None:
    require(layer.kind in SIZES, "this kind of layer is not supported")
    fewest, most = INPUTS.get(layer.kind, (1, 1))
    require(fewest <= len(shapes) <= most, f"it has {len(shapes)} inputs, and takes {fewest} to {most}: layer.on(1, 2)")


def _require_axes(axes: Any, shape: Shape) -> None:
    require(
        is_ints(axes) and axes and len(set(axes)) == len(axes) and max(axes) < len(shape),
        f"axes must be different axes of the input {list(shape)}",
    )


def _dense(layer: Layer, shape: Shape) -> Size:
    require(len(layer.weights) == 2, "it must have a kernel and a bias")
    kernel, bias = layer.weights
    require(
        kernel.ndim == 2 and bias.shape == kernel.shape[1:],
        f"the kernel is {list(kernel.shape)} and the bias {list(bias.shape)}, they must be [in, out] and [out]",
    )
    require(shape[-1] == kernel.shape[0], f"the kernel is {list(kernel.shape)} and the input {list(shape)}")
    return sized((*shape[:-1], kernel.shape[1]), math.prod(shape) * kernel.shape[1])


def _reshape(layer: Layer, shape: Shape) -> Size:
    to: Any = [math.prod(shape)] if layer.kind == "flatten" else layer.config.get("shape")
    require(
        is_ints(to, most=MAX_VALUES) and 1 <= len(to) <= MAX_RANK and not layer.weights,
        f"shape must be one to {MAX_RANK} integers",
    )
    require(math.prod(to) == math.prod(shape), f"the input {list(shape)} cannot be reshaped to {to}")
    return sized(tuple(to))


def _permute(layer: Layer, shape: Shape) -> Size:
    axes: Any = layer.config.get("axes")
    require(
        is_ints(axes) and sorted(axes) == list(range(len(shape))) and not layer.weights,
        f"axes must be a permutation of the {len(shape)} axes, counted from 0",
    )
    return sized(tuple(shape[axis] for axis in axes))


def _pad(layer: Layer, shape: Shape) -> Size:
    padding: Any = layer.config.get("padding")
    mode: Any = layer.config.get("mode")
    value: Any = layer.config.get("value")
    require(
        isinstance(padding, list)
        and 1 <= len(padding) <= len(shape)
        and all(is_ints(pair, 2, -MAX_OPTION) for pair in padding),
        f"padding must be [before, after] for each of the first axes of the input {list(shape)}",
    )
    require(mode in ("constant", "reflect", "edge", "wrap"), "mode must be 'constant', 'reflect', 'edge' or 'wrap'")
    require(_is_number(value) and not layer.weights, "value must be a number")
    out = [length + before + after for length, (before, after) in zip(shape, padding)]
    for length, pair in zip(shape, padding):
        cropped = length + sum(min(side, 0) for side in pair)
        most = {"reflect": cropped - 1, "wrap": cropped}.get(mode, MAX_OPTION)
        require(cropped > 0, f"it crops more than there is of the input {list(shape)}")
        require(max(pair) <= most, f"it pads by more than the input {list(shape)} has")
    return sized((*out, *shape[len(out) :]), values=math.prod(shape))


def _slice(layer: Layer, shape: Shape) -> Size:
    numbers: list[Any] = [layer.config.get(key) for key in ("axis", "start", "stop", "step")]
    axis, *ends = numbers
    require(
        is_ints(numbers, most=MAX_VALUES) and axis < len(shape) and ends[2] > 0 and not layer.weights,
        f"axis, start, stop and step must be integers, axis one of the input {list(shape)}, and step positive",
    )
    require(ends[1] <= shape[axis], f"it stops at {ends[1]}, beyond the input {list(shape)}")
    return sized((*shape[:axis], len(range(*ends)), *shape[axis + 1 :]))


def _concat(layer: Layer, *shapes: Shape) -> Size:
    axis: Any = layer.config.get("axis")
    require(is_ints([axis]) and axis < len(shapes[0]), "axis must be one of the inputs'")
    rest = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    require(
        len(rest) == len({len(shape) for shape in shapes}) == 1 and not layer.weights,
        f"the inputs {[list(shape) for shape in shapes]} do not fit along axis {axis}",
    )
    return sized((*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :]))


def _constant(layer: Layer) -> Size:
    require(len(layer.weights) == 1 and layer.weights[0].ndim > 0, "it must have one array")
    return sized(layer.weights[0].shape)


def _broadcast(*shapes: Shape) -> Shape:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"the inputs {[list(shape) for shape in shapes]} do not broadcast") from None


def _binary(layer: Layer, a: Shape, b: Shape) -> Size:
    require(not layer.weights and not layer.config, "it has no options")
    return sized(_broadcast(a, b))


def _matmul(layer: Layer, a: Shape, b: Shape) -> Size:
    require(not layer.weights and not layer.config, "it has no options")
    require(
        len(a) > 1 and len(b) > 1 and a[-1] == b[-2], f"the inputs {list(a)} and {list(b)} are no matrices that fit"
    )
    shape = (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1])
    return sized(shape, math.prod(shape) * a[-1] + WORK_PER_MATRIX * math.prod(shape[:-2]))


def _reduction(layer: Layer, shape: Shape) -> Size:
    axes: Any = layer.config.get("axes")
    _require_axes(axes, shape)
    require(not layer.weights, "it has no weights")
    to = tuple(1 if axis in axes else length for axis, length in enumerate(shape))
    return sized(to, WORK_PER_VALUE * math.prod(shape))


def _normalize(layer: Layer, shape: Shape) -> Size:
    epsilon: Any = layer.config.get("epsilon")
    _require_axes(layer.config.get("axes"), shape)
    require(_is_number(epsilon) and epsilon >= 0 and not layer.weights, "epsilon must be a number, 0 or more")
    require(isinstance(layer.config.get("center"), bool), "center must be true or false")
    return sized(shape, 4 * WORK_PER_VALUE * math.prod(shape), values=2 * math.prod(shape))


def _scale(layer: Layer, shape: Shape) -> Size:
    require(
        len(layer.weights) == (1 if layer.kind == "prelu" else 2)
        and all(w.shape in ((1,), shape[-1:]) for w in layer.weights),
        f"factor and offset must be numbers, or have one number for each of {shape[-1]} channels",
    )
    return sized(shape)


def _clamp(layer: Layer, shape: Shape) -> Size:
    limits: list[Any] = [layer.config.get("low"), layer.config.get("high")]
    require(all(limit is None or _is_number(limit) for limit in limits), "low and high must be numbers or None")
    require(limits != [None, None], "it has no limit")
    require(None in limits or limits[0] <= limits[1], f"low is {limits[0]}, above high, {limits[1]}")
    return sized(shape)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 3e38


def _activation(layer: Layer, shape: Shape) -> Size:
    options = ACTIVATIONS[layer.kind]
    require(
        layer.config.keys() == options.keys() and not layer.weights,
        f"its options must be {', '.join(options)}" if options else "it has no options",
    )
    require(
        all(isinstance(value, (int, float)) and abs(value) < 1e6 for value in layer.config.values()),
        f"{', '.join(options)} must be a number below 1e6",
    )
    require(layer.config.get("beta", 1) != 0, "beta must not be 0")
    return sized(shape)


# How the size of each kind of layer is computed, from the layer and the shapes of its inputs.
SIZES: dict[str, Callable[..., Size]] = {
    "dense": _dense,
    "conv2d": windows.convolution,
    "conv2d_transpose": windows.convolution,
    "average_pool": windows.pool,
    "max_pool": windows.pool,
    "upsample": windows.upsample,
    "resample": windows.resample,
    "flatten": _reshape,
    "reshape": _reshape,
    "permute": _permute,
    "pad": _pad,
    "slice": _slice,
    "concat": _concat,
    "constant": _constant,
    "add": _binary,
    "subtract": _binary,
    "multiply": _binary,
    "divide": _binary,
    "maximum": _binary,
    "matmul": _matmul,
    "mean": _reduction,
    "sum": _reduction,
    "max": _reduction,
    "normalize": _normalize,
    "scale": _scale,
    "prelu": _scale,
    "clamp": _clamp,
    **dict.fromkeys(ACTIVATIONS, _activation),
}
