"""Operations on images: convolution, pooling, padding and resizing. Axis 0 of a value has the channels."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.aten.context import Aten
from tb_plugin.convert.builder import Value
from tb_plugin.graph import resampling
from tb_plugin.graph.layer import Layer


def _convolution(t: Aten, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
                 groups: int = 1) -> Value:  # fmt: skip
    kernel, flat = _kernel(t, weight)
    pads: Any
    if not isinstance(padding, str):
        pads = _pad_pairs(padding, flat)
    else:
        pads = padding if padding == "valid" else _same_as_torch(kernel, dilation, flat)
    kernel = kernel.transpose(2, 3, 1, 0)  # from [out, in, height, width]
    layer = layers.conv2d(kernel, None if bias is None else t.array(bias, 9), _spatial(stride, flat), pads, groups,
                          _spatial(dilation, flat))  # fmt: skip
    return t.convolution(layer, x, 1 if flat else 2)


def _transposed(t: Aten, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
                output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Value:  # fmt: skip
    kernel, flat = _kernel(t, weight)
    extra = _spatial(output_padding, flat, 0)
    pads = [[before, after - more] for (before, after), more in zip(_pad_pairs(padding, flat), extra)]
    size, step = kernel.shape[2:], _spatial(dilation, flat)
    # From [in, out / groups, height, width], the input's channels group by group.
    kernel = kernel.reshape(groups, -1, *kernel.shape[1:]).transpose(3, 4, 1, 0, 2)
    kernel = kernel.reshape(*size, kernel.shape[2], -1)
    layer = layers.conv2d_transpose(kernel, None if bias is None else t.array(bias, 9), _spatial(stride, flat), pads,
                                    groups, step)  # fmt: skip
    return t.convolution(layer, x, 1 if flat else 2)


def _kernel(t: Aten, weight: Any) -> tuple[np.ndarray, bool]:
    """Returns a kernel [., ., height, width], and whether it is of an image without a height."""
    if isinstance(weight, Value):
        raise ValueError("its kernel depends on the codes")
    kernel = t.array(weight, 9)
    if kernel.ndim not in (3, 4):
        raise ValueError("convolutions are supported in one and two dimensions")
    return (kernel[:, :, None], True) if kernel.ndim == 3 else (kernel, False)


def _spatial(value: Any, flat: bool, one: int = 1) -> list[int]:
    """Returns a number for each of height and width; an image without a height has `one` there."""
    numbers = [value] if isinstance(value, int) else list(value)
    return [one, numbers[-1]] if flat else [numbers[0], numbers[-1]]


def _pad_pairs(padding: Any, flat: bool) -> list[list[int]]:
    return [[side, side] for side in _spatial(padding, flat, 0)]


def _same_as_torch(kernel: np.ndarray, dilation: Any, flat: bool) -> list[list[int]]:
    totals = [step * (size - 1) for size, step in zip(kernel.shape[2:], _spatial(dilation, flat))]
    return [[total // 2, total - total // 2] for total in totals]


def _general_convolution(t: Aten, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any,
                         transposed: bool, output_padding: Any, groups: int, *rest: Any) -> Value:  # fmt: skip
    if transposed:
        return _transposed(t, x, weight, bias, stride, padding, output_padding, groups, dilation)
    return _convolution(t, x, weight, bias, stride, padding, dilation, groups)


def _padding(t: Aten, x: Value, padding: Sequence[int], mode: str = "constant", value: float | None = None) -> Value:
    modes = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    pairs = list(zip(padding[::2], padding[1::2]))[::-1]  # of the last axes, the first of them first
    axes = list(range(len(x.shape) - len(pairs), len(x.shape)))
    if axes and axes[0] < 0:
        raise ValueError("it pads the batch axis")

    def make(places: list[int]) -> Layer:
        sides = [[0, 0] for _ in range(max(places) + 1)]
        for place, pair in zip(places, pairs):
            sides[place] = list(pair)
        return layers.pad(sides, modes[mode], value or 0.0)

    return t.graph.on_axes(x, axes, make)


def _mode(mode: str) -> Callable[..., Value]:
    return lambda t, x, padding: _padding(t, x, padding, mode)


def _average_pool(t: Aten, x: Value, size: Any, stride: Any = None, padding: Any = 0, ceil: bool = False,
                  count: bool = True, divisor: Any = None) -> Value:  # fmt: skip
    flat = len(x.shape) - t.channels == 2
    if ceil or divisor:
        raise ValueError("average pooling is supported without ceil_mode and divisor_override")
    layer = layers.average_pool(
        _spatial(size, flat), _spatial(stride or size, flat), _pad_pairs(padding, flat), bool(count)
    )
    return t.on_image(layer, x, 1 if flat else 2)


def _max_pool(t: Aten, x: Value, size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
              ceil: bool = False) -> Value:  # fmt: skip
    flat = len(x.shape) - t.channels == 2
    if ceil or set(_spatial(dilation, flat)) != {1}:
        raise ValueError("max pooling is supported without ceil_mode and dilation")
    layer = layers.max_pool(_spatial(size, flat), _spatial(stride or size, flat), _pad_pairs(padding, flat))
    return t.on_image(layer, x, 1 if flat else 2)


def _adaptive_average(t: Aten, x: Value, size: Any) -> Value:
    flat = len(x.shape) - t.channels == 2
    to, have = _spatial(size, flat), _spatial(x.shape[t.channels + 1 :], flat)
    if any(length % out for length, out in zip(have, to)):
        raise ValueError(f"adaptive pooling of {have} pixels to {to} is supported where it divides")
    layer = layers.average_pool([length // out for length, out in zip(have, to)])
    return t.on_image(layer, x, 1 if flat else 2)


def _upsampling(matrix: Callable[..., np.ndarray], corners: bool, **options: Any) -> Callable[..., Value]:
    """Returns the operation of an `upsample_…`; with `corners` its second argument is align_corners."""

    def operation(t: Aten, x: Value, size: Any, *rest: Any) -> Value:
        more = list(rest)
        given = {**options, **({"align_corners": more.pop(0)} if corners else {})}
        more = list(more[0]) if more and isinstance(more[0], (list, tuple)) else more
        have = list(x.shape[t.channels + 1 :])
        factors = [float(f) for f in more if f is not None]
        to = [math.floor(length * factor) for length, factor in zip(have, factors)] if size is None else list(size)
        steps: list[float | None] = [1 / factor for factor in factors] or [None] * len(have)
        made = [matrix(length, out, step, **given) for length, out, step in zip(have, to, steps)]
        if matrix is resampling.nearest and all(out % length == 0 for length, out in zip(have, to)):
            times = [out // length for length, out in zip(have, to)]
            if all(np.array_equal(one, np.eye(len(one[0])).repeat(n, 0)) for one, n in zip(made, times)):
                return t.on_image(layers.upsample([1, *times][-2:]), x, len(have))
        if len(made) == 1:
            made = [np.eye(1, dtype=np.float32), *made]
        return t.on_image(layers.resample(*made), x, len(have))

    return operation


def _pixel_shuffle(t: Aten, x: Value, factor: int) -> Value:
    *before, channels, height, width = x.shape
    parts = t.graph.split(t.graph.reshape(x, x.shape[-3:]), 0, (channels // factor**2, factor, factor))
    moved = t.graph.permute(parts, (0, 3, 1, 4, 2))
    return t.graph.reshape(moved, (*before, channels // factor**2, height * factor, width * factor))


def _pixel_unshuffle(t: Aten, x: Value, factor: int) -> Value:
    *before, channels, height, width = x.shape
    parts = t.graph.reshape(x, (channels, height // factor, factor, width // factor, factor))
    moved = t.graph.permute(parts, (0, 2, 4, 1, 3))
    return t.graph.reshape(moved, (*before, channels * factor**2, height // factor, width // factor))


OPERATIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("conv1d", "conv2d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d"), _transposed),
    "convolution": _general_convolution,
    "_convolution": _general_convolution,
    "pad": _padding,
    "constant_pad_nd": lambda t, x, padding, value=0.0: _padding(t, x, padding, "constant", value),
    **dict.fromkeys(("reflection_pad1d", "reflection_pad2d"), _mode("reflect")),
    **dict.fromkeys(("replication_pad1d", "replication_pad2d"), _mode("replicate")),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d"), _average_pool),
    **dict.fromkeys(("max_pool1d", "max_pool2d"), _max_pool),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d"), _adaptive_average),
    **dict.fromkeys(("upsample_nearest1d", "upsample_nearest2d"), _upsampling(resampling.nearest, False)),
    **dict.fromkeys(("_upsample_nearest_exact1d", "_upsample_nearest_exact2d"),
                    _upsampling(resampling.nearest, False, center=True)),
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d"), _upsampling(resampling.linear, True)),
    "upsample_bicubic2d": _upsampling(resampling.cubic, True),
    "_upsample_bilinear2d_aa": _upsampling(resampling.linear, True, antialias=True),
    "_upsample_bicubic2d_aa": _upsampling(resampling.cubic, True, antialias=True),
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
}  # fmt: skip
