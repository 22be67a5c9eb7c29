"""The TensorFlow operations that work on images and their channels, as `tensorflow_operations` has the others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.convert.tensors import Tensor, Tensors
from tb_plugin.graph import resampling

Attributes = Callable[[str], Any]


def text(get: Attributes, name: str) -> str:
    value = get(name)
    return value.decode() if isinstance(value, bytes) else value


def _channels(get: Attributes, x: Tensor) -> int:
    return 1 if text(get, "data_format").startswith("NC") else x.ndim - 1


def _spatial(numbers: Sequence[Any], channels: int) -> list[Any]:
    return [number for axis, number in enumerate(numbers) if axis not in (0, channels)]


def _along(array: Any, x: Tensor, axis: int) -> np.ndarray:
    """Returns numbers of an axis so that they broadcast to x."""
    return np.asarray(array, np.float32).reshape([-1 if place == axis else 1 for place in range(x.ndim)])


def _bias(t: Tensors, get: Attributes, x: Tensor, bias: Any) -> Tensor:
    return t.add(x, _along(bias, x, _channels(get, x)))


def _convolution(t: Tensors, get: Attributes, x: Any, kernel: Any) -> Any:
    _require_fixed(kernel)
    image = x.padded if isinstance(x, Spread) else x
    channels = _channels(get, image)
    strides, dilation = (_spatial(get(name), channels) for name in ("strides", "dilations"))
    if isinstance(x, Spread):
        dilation = x.block
    groups = image.shape[channels] // kernel.shape[2]
    made = t.image(layers.conv2d(kernel, None, strides, _padding(get, channels), groups, dilation), image, channels)
    return Spread(made, x.block) if isinstance(x, Spread) else made


def _depthwise(t: Tensors, get: Attributes, x: Any, kernel: Any) -> Any:
    _require_fixed(kernel)
    return _convolution(t, get, x, kernel.reshape(*kernel.shape[:2], 1, -1))


@dataclass(frozen=True)
class Spread:
    """The pixels of a padded image as several smaller images, which TensorFlow makes for a dilated convolution."""

    padded: Tensor
    block: list[int]


def _spread(t: Tensors, get: Attributes, x: Tensor, block: Any, pairs: Any) -> Spread:
    return Spread(t.pad(x, [(0, 0), *pairs.tolist(), *[(0, 0)] * (x.ndim - 1 - len(pairs))]), block.tolist())


def _gathered(t: Tensors, get: Attributes, x: Any, block: Any, crops: Any) -> Tensor:
    if not isinstance(x, Spread):
        raise ValueError("it merges the batch axis with others")
    pairs = [(-before, -after) for before, after in crops.tolist()]
    return t.pad(x.padded, [(0, 0), *pairs, *[(0, 0)] * (x.padded.ndim - 1 - len(pairs))])


def _transposed(t: Tensors, get: Attributes, sizes: Any, kernel: Any, x: Any) -> Tensor:
    _require_fixed(kernel)
    channels = _channels(get, x)
    strides, dilation = (_spatial(get(name), channels) for name in ("strides", "dilations"))
    padding, crops = _padding(get, channels), []
    to, have = _spatial(list(map(int, sizes)), channels), _spatial(x.shape, channels)
    for axis, (out, length) in enumerate(zip(to, have)):
        full = (length - 1) * strides[axis] + (kernel.shape[axis] - 1) * dilation[axis] + 1
        before = max(full - out, 0) // 2 if padding == "same" else 0 if padding == "valid" else padding[axis][0]
        crops.append([before, full - out - before])
    groups = int(sizes[channels]) // kernel.shape[2]
    height, width, out, into = kernel.shape
    kernel = kernel.reshape(height, width, out, groups, -1).transpose(0, 1, 4, 3, 2)
    kernel = kernel.reshape(height, width, into // groups, out * groups)
    return t.image(layers.conv2d_transpose(kernel, None, strides, crops, groups, dilation), x, channels)


def _require_fixed(kernel: Any) -> None:
    if isinstance(kernel, Tensor):
        raise ValueError("its kernel depends on the codes")


def _padding(get: Attributes, channels: int) -> Any:
    padding = text(get, "padding")
    if padding != "EXPLICIT":
        return padding.lower()
    numbers = list(get("explicit_paddings"))
    return [list(pair) for pair in _spatial(list(zip(numbers[::2], numbers[1::2])), channels)]


def _pool(make: Callable[..., Any]) -> Callable[..., Tensor]:
    def operation(t: Tensors, get: Attributes, x: Tensor) -> Tensor:
        channels = _channels(get, x)
        size, strides = (_spatial(get(name), channels) for name in ("ksize", "strides"))
        return t.image(make(size, strides, _padding(get, channels)), x, channels)

    return operation


def _resize(matrix: Callable[..., np.ndarray], **options: Any) -> Callable[..., Tensor]:
    def operation(t: Tensors, get: Attributes, x: Tensor, size: Any) -> Tensor:
        given = dict(options)
        if matrix is resampling.nearest:
            given["center"] = get("half_pixel_centers")
            supported = not get("align_corners")
        elif matrix is resampling.linear:
            given["align_corners"] = get("align_corners")
            supported = get("align_corners") != get("half_pixel_centers")
        else:
            supported = get("half_pixel_centers") and not get("align_corners")
        if not supported:
            raise ValueError("this way to place the pixels is not supported, use tf.image.resize of TensorFlow 2")
        rows, columns = (matrix(have, int(to), **given) for have, to in zip(x.shape[1:3], size))
        return t.resize(x, rows, columns, 3)

    return operation


def _batch_norm(t: Tensors, get: Attributes, x: Tensor, scale: Any, offset: Any, mean: Any, variance: Any) -> list[Any]:
    axis, epsilon = _channels(get, x), get("epsilon")
    if get("is_training"):
        x = t.normalize(x, [place for place in range(x.ndim) if place != axis], epsilon)
        return [t.add(t.multiply(x, _along(scale, x, axis)), _along(offset, x, axis)), *[None] * 5]
    factor = scale / np.sqrt(variance.astype(np.float64) + epsilon)
    return [t.add(t.multiply(x, _along(factor, x, axis)), _along(offset - mean * factor, x, axis)), *[None] * 5]


def _depth_to_space(t: Tensors, get: Attributes, x: Tensor) -> Tensor:
    size = get("block_size")
    if _channels(get, x) != 3:
        raise ValueError("it is supported with channels last")
    batch, height, width, channels = x.shape
    parts = t.reshape(x, (batch, height, width, size, size, channels // size**2))
    return t.reshape(t.transpose(parts, (0, 1, 3, 2, 4, 5)), (batch, height * size, width * size, channels // size**2))


def _space_to_depth(t: Tensors, get: Attributes, x: Tensor) -> Tensor:
    size = get("block_size")
    if _channels(get, x) != 3:
        raise ValueError("it is supported with channels last")
    batch, height, width, channels = x.shape
    parts = t.reshape(x, (batch, height // size, size, width // size, size, channels))
    return t.reshape(t.transpose(parts, (0, 1, 3, 2, 4, 5)), (batch, height // size, width // size, channels * size**2))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "BiasAdd": _bias,
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "Conv2DBackpropInput": _transposed,
    "SpaceToBatchND": _spread,
    "BatchToSpaceND": _gathered,
    "AvgPool": _pool(layers.average_pool),
    "MaxPool": _pool(layers.max_pool),
    "ResizeNearestNeighbor": _resize(resampling.nearest),
    "ResizeBilinear": _resize(resampling.linear),
    "ResizeBicubic": _resize(resampling.cubic, a=-0.5, edge="cut"),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _batch_norm),
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
}
