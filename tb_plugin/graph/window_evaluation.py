"""The evaluation in NumPy of the layers that work on windows of an image: convolutions and pooling."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tb_plugin.graph.layer import Layer


def conv2d(layer: Layer, x: np.ndarray) -> np.ndarray:
    """Evaluates conv2d: adds up, for each position in the kernel, the product of the pixels that lie under it."""
    kernel, bias = layer.weights
    dilation, strides = layer.config.get("dilation", [1, 1]), layer.config["strides"]
    x = np.pad(x, ((0, 0), *layer.config["padding"], (0, 0)))
    windows = [(length - 1) * step + 1 for length, step in zip(kernel.shape, dilation)]
    height, width = _counts(x, windows, strides)
    out = np.zeros((len(x), height, width, kernel.shape[3]), np.float32)
    for position, pixels in _positions(kernel.shape[:2], dilation, (height, width), strides):
        out += _product(x[pixels], kernel[position], layer.config.get("groups", 1))
    return out + bias


def conv2d_transpose(layer: Layer, x: np.ndarray) -> np.ndarray:
    """Evaluates conv2d_transpose: for each position in the kernel, adds the product to the pixels that lie under it."""
    (kernel, bias), strides, padding = layer.weights, layer.config["strides"], layer.config["padding"]
    dilation = layer.config.get("dilation", [1, 1])
    height, width = (
        (size - 1) * stride + (length - 1) * step + 1
        for size, stride, length, step in zip(x.shape[1:3], strides, kernel.shape, dilation)
    )
    out = np.zeros((len(x), height, width, kernel.shape[3]), np.float32)
    for position, pixels in _positions(kernel.shape[:2], dilation, x.shape[1:3], strides):
        out[pixels] += _product(x, kernel[position], layer.config.get("groups", 1))
    (top, bottom), (left, right) = padding
    out = np.pad(out, ((0, 0), (max(-top, 0), max(-bottom, 0)), (max(-left, 0), max(-right, 0)), (0, 0)))
    out = out[:, max(top, 0) : out.shape[1] - max(bottom, 0), max(left, 0) : out.shape[2] - max(right, 0)]
    return out + bias


def _product(x: np.ndarray, kernel: np.ndarray, groups: int) -> np.ndarray:
    """Returns x [N, H, W, in] @ kernel [in / groups, out], each group of channels by its part of the kernel."""
    if groups == 1:
        return x @ kernel
    per_group = np.moveaxis(kernel.reshape(len(kernel), groups, -1), 1, 0)
    parts = np.moveaxis(x.reshape(-1, groups, len(kernel)), 1, 0)
    return np.moveaxis(parts @ per_group, 0, 1).reshape(*x.shape[:3], -1)


def max_pool(layer: Layer, x: np.ndarray) -> np.ndarray:
    """Evaluates max_pool."""
    size, strides = layer.config["size"], layer.config["strides"]
    x = np.pad(x, ((0, 0), *layer.config["padding"], (0, 0)), constant_values=-np.inf)
    counts = _counts(x, size, strides)
    out = np.full((len(x), *counts, x.shape[3]), -np.inf, np.float32)
    for _, pixels in _positions(size, [1, 1], counts, strides):
        np.maximum(out, x[pixels], out=out)
    return out


def average_pool(layer: Layer, x: np.ndarray) -> np.ndarray:
    """Evaluates average_pool."""
    size, strides, padding = layer.config["size"], layer.config["strides"], layer.config["padding"]
    counted = np.ones((1, *x.shape[1:3], 1), np.float32)
    sides = ((0, 0), *padding, (0, 0))
    x, counted = np.pad(x, sides), np.pad(counted, sides, constant_values=layer.config["count_padding"])
    counts = _counts(x, size, strides)
    total, number = np.zeros((len(x), *counts, x.shape[3]), np.float32), np.zeros((1, *counts, 1), np.float32)
    for _, pixels in _positions(size, [1, 1], counts, strides):
        total += x[pixels]
        number += counted[pixels]
    return total / number


def _counts(x: np.ndarray, windows: list[int], strides: list[int]) -> tuple[int, int]:
    """Returns how many windows fit into a batch of padded images, down and across."""
    height, width = ((size - window) // s + 1 for size, window, s in zip(x.shape[1:3], windows, strides))
    return height, width


def _positions(size: Any, dilation: Any, counts: Any, strides: Any) -> Iterator[tuple[Any, Any]]:
    """Yields each position in a window, and the index of the pixels that lie there in all windows of a batch."""
    for position in np.ndindex(*size):
        starts = (i * step for i, step in zip(position, dilation))
        parts = (slice(i, i + (count - 1) * s + 1, s) for i, count, s in zip(starts, counts, strides))
        yield position, (slice(None), *parts)
