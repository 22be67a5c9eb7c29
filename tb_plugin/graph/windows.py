"""The sizes of the layers that work on windows or rows of an image, as `sizes` has those of the others."""

import math
from typing import Any

from tb_plugin.graph.checks import (
    MAX_OPTION,
    WORK_PER_CHANNEL,
    WORK_PER_MATRIX,
    WORK_PER_POSITION,
    WORK_PER_VALUE,
    Shape,
    Size,
    is_ints,
    require,
    require_image,
    sized,
)
from tb_plugin.graph.layer import Layer


def with_numeric_padding(layer: Layer, shape: Shape) -> dict[str, Any]:
    """Returns the layer's config with its padding in numbers in place of TensorFlow's "same" or "valid".

    Raises:
      ValueError: the padding is another string, or the layer does not fit the input.
    """
    padding = layer.config["padding"]
    require(padding in ("same", "valid"), f"padding is {padding!r}, it must be 'same', 'valid' or numbers")
    require_image(shape)
    numbers = []
    for size, window, stride in zip(shape, *_windows(layer, shape)):
        if layer.kind == "conv2d_transpose":
            full = (size - 1) * stride + window
            out = size * stride + (max(window - stride, 0) if padding == "valid" else 0)
            before = max(full - out, 0) // 2
            numbers.append([before, full - out - before])
        else:
            total = max((-(-size // stride) - 1) * stride + window - size, 0) if padding == "same" else 0
            numbers.append([total // 2, total - total // 2])
    return {**layer.config, "padding": numbers}


def _windows(layer: Layer, shape: Shape) -> tuple[list[int], list[int]]:
    """Returns the validated heights and widths of the windows, dilation included, and of the strides."""
    if not layer.kind.endswith("pool"):
        _require_kernel(layer, shape)
    strides: Any = layer.config.get("strides")
    require(is_ints(strides, 2, 1), "strides must be two positive integers")
    if layer.kind.endswith("pool"):
        size: Any = layer.config.get("size")
        require(is_ints(size, 2, 1) and not layer.weights, "size must be two positive integers")
        return size, strides
    dilation = layer.config.get("dilation", [1, 1])
    require(is_ints(dilation, 2, 1), "dilation must be two positive integers")
    return [(length - 1) * step + 1 for length, step in zip(layer.weights[0].shape, dilation)], strides


def _require_kernel(layer: Layer, shape: Shape) -> None:
    require(len(layer.weights) == 2, "it must have a kernel and a bias")
    kernel, bias = layer.weights
    require(
        kernel.ndim == 4 and bias.shape == kernel.shape[3:],
        f"the kernel is {list(kernel.shape)} and the bias {list(bias.shape)}, they must be "
        "[height, width, in, out] and [out]",
    )
    require_image(shape)
    groups: Any = layer.config.get("groups", 1)
    require(is_ints([groups], 1, 1), "groups must be a positive integer")
    require(
        shape[2] == kernel.shape[2] * groups and kernel.shape[3] % groups == 0,
        f"the kernel is {list(kernel.shape)} and the input {list(shape)}" + (f", in {groups} groups" * (groups > 1)),
    )


def _padded(layer: Layer, shape: Shape, low: int = 0) -> tuple[list[int], list[int]]:
    """Returns the heights and widths of the output, and of the padded input or uncropped output."""
    windows, strides = _windows(layer, shape)
    padding: Any = layer.config.get("padding")
    require(
        isinstance(padding, list) and len(padding) == 2 and all(is_ints(pair, 2, low) for pair in padding),
        "padding must be [[top, bottom], [left, right]]",
    )
    out, padded = [], []
    for length, window, stride, (before, after) in zip(shape, windows, strides, padding):
        if layer.kind == "conv2d_transpose":
            padded.append((length - 1) * stride + window)
            out.append(padded[-1] - before - after)
        else:
            padded.append(length + before + after)
            out.append((padded[-1] - window) // stride + 1)
    return out, padded


def convolution(layer: Layer, shape: Shape) -> Size:
    """Returns the size of conv2d and conv2d_transpose."""
    transposed = layer.kind == "conv2d_transpose"
    out, padded = _padded(layer, shape, low=-MAX_OPTION if transposed else 0)
    kernel, groups = layer.weights[0], layer.config.get("groups", 1)
    pixels = math.prod(shape[:2]) if transposed else math.prod(out)
    channels = kernel.shape[3] if transposed else shape[2]
    positions = math.prod(kernel.shape[:2])
    return sized(
        (*out, kernel.shape[3]),
        pixels * (kernel.size + positions * WORK_PER_CHANNEL * (shape[2] + kernel.shape[3])),
        positions * (WORK_PER_POSITION + WORK_PER_MATRIX * (groups - 1)),
        math.prod(padded) * channels,
    )


def pool(layer: Layer, shape: Shape) -> Size:
    """Returns the size of average_pool and max_pool."""
    require_image(shape)
    out, padded = _padded(layer, shape)
    average = layer.kind == "average_pool"
    require(not average or isinstance(layer.config.get("count_padding"), bool), "count_padding must be true or false")
    size, padding = layer.config["size"], layer.config["padding"]
    require(
        all(max(pair) < length for length, pair in zip(size, padding)),
        "padding must be smaller than the windows, or some would be empty",
    )
    positions = math.prod(size)
    return sized(
        (*out, shape[2]),
        positions * WORK_PER_VALUE * math.prod(out) * shape[2],
        positions * WORK_PER_POSITION,
        math.prod(padded) * shape[2],
    )


def upsample(layer: Layer, shape: Shape) -> Size:
    """Returns the size of upsample."""
    factors: Any = layer.config.get("size")
    require(is_ints(factors, 2, 1) and not layer.weights, "size must be two positive integers")
    require_image(shape)
    return sized((shape[0] * factors[0], shape[1] * factors[1], shape[2]))


def resample(layer: Layer, shape: Shape) -> Size:
    """Returns the size of resample."""
    require_image(shape)
    require(
        len(layer.weights) == 2
        and all(w.ndim == 2 and w.shape[1] == length for w, length in zip(layer.weights, shape)),
        f"rows and columns must be [new height, {shape[0]}] and [new width, {shape[1]}]",
    )
    (height, _), (width, _) = layer.weights[0].shape, layer.weights[1].shape
    between = height * shape[1] * shape[2]
    return sized(
        (height, width, shape[2]),
        between * (shape[0] + width) + WORK_PER_VALUE * between + WORK_PER_MATRIX * height,
        values=between,
    )
