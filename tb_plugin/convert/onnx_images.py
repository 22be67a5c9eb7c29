"""The ONNX operations that work on images, as `onnx_operations` has the others."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.tensors import Tensor, Tensors
from tb_plugin.graph import resampling

Attributes = dict[str, Any]


def _window(a: Attributes, sizes: Sequence[int], image: Sequence[int]) -> tuple[list[int], list[int], Any]:
    """Returns strides, dilations and padding of a convolution or pooling of images of two axes."""
    rank = len(sizes)
    if rank not in (1, 2):
        raise ValueError("images of one and two axes are supported")
    strides, dilations = (list(a.get(name, [1] * rank)) for name in ("strides", "dilations"))
    way, pads = a.get("auto_pad", "NOTSET"), list(a.get("pads", [0] * 2 * rank))
    pairs = [list(pair) for pair in zip(pads[:rank], pads[rank:])]
    if way.startswith("SAME"):
        pairs = []
        for length, size, stride, dilation in zip(image, sizes, strides, dilations):
            total = max((math.ceil(length / stride) - 1) * stride + (size - 1) * dilation + 1 - length, 0)
            pairs.append([total // 2, total - total // 2] if way == "SAME_UPPER" else [total - total // 2, total // 2])
    if rank == 1:
        strides, dilations, pairs = [1, *strides], [1, *dilations], [[0, 0], *pairs]
    return strides, dilations, pairs


def _flat(kernel: np.ndarray) -> np.ndarray:
    return kernel[:, :, None] if kernel.ndim == 3 else kernel


def _convolution(t: Tensors, a: Attributes, x: Any, kernel: Any, bias: Any = None) -> Tensor:
    if isinstance(kernel, Tensor):
        raise ValueError("its kernel depends on the codes")
    strides, dilations, pads = _window(a, kernel.shape[2:], x.shape[2:])
    kernel = _flat(kernel).transpose(2, 3, 1, 0)
    return t.image(layers.conv2d(kernel, bias, strides, pads, a.get("group", 1), dilations), x, 1)


def _transposed(t: Tensors, a: Attributes, x: Any, kernel: Any, bias: Any = None) -> Tensor:
    if isinstance(kernel, Tensor):
        raise ValueError("its kernel depends on the codes")
    rank, groups = kernel.ndim - 2, a.get("group", 1)
    strides, dilations = (list(a.get(name, [1] * rank)) for name in ("strides", "dilations"))
    extra, way = list(a.get("output_padding", [0] * rank)), a.get("auto_pad", "NOTSET")
    pads = list(a.get("pads", [0] * 2 * rank))
    crops = [list(pair) for pair in zip(pads[:rank], (end - more for end, more in zip(pads[rank:], extra)))]
    sizes = a.get("output_shape") or ([n * s for n, s in zip(x.shape[2:], strides)] if way.startswith("SAME") else None)
    if sizes is not None:
        crops = []
        for axis, out in enumerate(sizes[-rank:]):
            full = (x.shape[2 + axis] - 1) * strides[axis] + (kernel.shape[2 + axis] - 1) * dilations[axis] + 1
            total = full - int(out)
            before = total // 2 if way == "SAME_UPPER" else total - total // 2
            crops.append([before, total - before])
    if rank == 1:
        strides, dilations, crops = [1, *strides], [1, *dilations], [[0, 0], *crops]
    kernel = _flat(kernel)
    height, width = kernel.shape[2:]
    # From [in, out / groups, height, width], the input's channels group by group.
    kernel = kernel.reshape(groups, -1, *kernel.shape[1:]).transpose(3, 4, 1, 0, 2)
    kernel = kernel.reshape(height, width, kernel.shape[2], -1)
    return t.image(layers.conv2d_transpose(kernel, bias, strides, crops, groups, dilations), x, 1)


def _pool(kind: str) -> Callable[..., Tensor]:
    def operation(t: Tensors, a: Attributes, x: Tensor) -> Tensor:
        sizes = list(a["kernel_shape"])
        strides, dilations, pads = _window(a, sizes, x.shape[2:])
        if a.get("ceil_mode") or set(dilations) != {1}:
            raise ValueError("pooling is supported without ceil_mode and dilations")
        sizes = [1, *sizes] if len(sizes) == 1 else sizes
        if kind == "max":
            return t.image(layers.max_pool(sizes, strides, pads), x, 1)
        return t.image(layers.average_pool(sizes, strides, pads, bool(a.get("count_include_pad"))), x, 1)

    return operation


def _resize(t: Tensors, a: Attributes, x: Tensor, roi: Any = None, scales: Any = None, sizes: Any = None) -> Tensor:
    if x.ndim not in (3, 4) or a.get("axes") or a.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise ValueError("it is supported for images of one and two axes, with a size or scale for each axis")
    steps: list[float | None] = [None] * (x.ndim - 2)
    if sizes is not None and np.size(sizes):
        to = [int(size) for size in sizes[2:]]
    else:
        steps = [1 / float(factor) for factor in scales[2:]]
        to = [math.floor(length * float(factor)) for length, factor in zip(x.shape[2:], scales[2:])]
    mode, place = a.get("mode", "nearest"), a.get("coordinate_transformation_mode", "half_pixel")
    options: dict[str, Any] = {}
    if mode == "nearest":
        matrix: Callable[..., np.ndarray] = resampling.nearest
        rounding = a.get("nearest_mode", "round_prefer_floor")
        if (place, rounding) == ("asymmetric", "floor"):
            options["center"] = False
        elif place in ("half_pixel", "pytorch_half_pixel") and rounding.startswith("round_prefer"):
            options["center"] = True
        else:
            raise ValueError(f"nearest pixels by {place} and {rounding} are not supported")
    else:
        matrix = resampling.linear if mode == "linear" else resampling.cubic
        if place not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
            raise ValueError(f"{mode} resizing by {place} is not supported")
        options["align_corners"] = place == "align_corners"
        if a.get("antialias"):
            options["antialias"] = True
        if mode == "cubic":
            options.update(a=a.get("cubic_coeff_a", -0.75), edge="cut" if a.get("exclude_outside") else None)
    made = [matrix(have, out, step, **options) for have, out, step in zip(x.shape[2:], to, steps)]
    rows, columns = made if len(made) == 2 else (np.eye(1, dtype=np.float32), *made)
    return t.resize(x, rows, columns, 1)


def _upsample(t: Tensors, a: Attributes, x: Tensor, scales: Any = None) -> Tensor:
    if a.get("mode", "nearest") != "nearest":
        raise ValueError("linear Upsample is not supported; export with version 11 or later")
    nearest = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return _resize(t, nearest, x, None, a["scales"] if scales is None else scales)


def _depth_to_space(t: Tensors, a: Attributes, x: Tensor) -> Tensor:
    size, (batch, channels, height, width) = a["blocksize"], x.shape
    rest = channels // size**2
    if a.get("mode", "DCR") == "DCR":
        parts = t.transpose(t.reshape(x, (batch, size, size, rest, height, width)), (0, 3, 4, 1, 5, 2))
    else:
        parts = t.transpose(t.reshape(x, (batch, rest, size, size, height, width)), (0, 1, 4, 2, 5, 3))
    return t.reshape(parts, (batch, rest, height * size, width * size))


def _space_to_depth(t: Tensors, a: Attributes, x: Tensor) -> Tensor:
    size, (batch, channels, height, width) = a["blocksize"], x.shape
    parts = t.reshape(x, (batch, channels, height // size, size, width // size, size))
    parts = t.transpose(parts, (0, 3, 5, 1, 2, 4))
    return t.reshape(parts, (batch, channels * size**2, height // size, width // size))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "MaxPool": _pool("max"),
    "AveragePool": _pool("average"),
    "GlobalAveragePool": lambda t, a, x: t.reduce(layers.mean, x, range(2, x.ndim), True),
    "GlobalMaxPool": lambda t, a, x: t.reduce(layers.max, x, range(2, x.ndim), True),
    "Resize": _resize,
    "Upsample": _upsample,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
}
