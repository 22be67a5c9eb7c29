"""The layers of a decoder: one constructor for each kind.

Images are height, width, channels throughout, as in TensorFlow. Kernels are [in, out] and [height, width, in, out].
Shapes and axes leave out the batch axis. Negative axes count from the last one.

Activations without options may be given by their name in ACTIVATIONS.

A layer reads the one before it. `layer.on(...)` reads others, so a decoder may be a graph:

    [dense(w1, b1), "relu", dense(w2, b2), add().on(2, 3)]  # a residual block: 0 is the codes, 1 the first layer

A new layer is a constructor here, a line in SIZES of `graph.sizes`, and a line in each of the two evaluators:
EVALUATORS of `graph.evaluation`, and the browser's in static/decode. A new activation is a line in ACTIVATIONS and one
in each evaluator.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_plugin.graph.layer import ACTIVATIONS, Layer


def dense(kernel: Any, bias: Any = None) -> Layer:
    """Returns the layer x @ kernel + bias over the last axis.

    Args:
      kernel: [in, out].
      bias: [out], zeros by default.

    Raises:
      ValueError: a weight is not finite.
    """
    return Layer("dense", {}, _kernel_and_bias(kernel, bias))


def conv2d(
    kernel: Any, bias: Any = None, strides: Any = 1, padding: Any = "same", groups: int = 1, dilation: Any = 1
) -> Layer:
    """Returns a 2-D convolution, computed as TensorFlow does.

    Args:
      kernel: [height, width, in / groups, out].
      bias: [out], zeros by default.
      strides: one integer, or (height, width).
      padding: "same", "valid", or [[top, bottom], [left, right]], the number of zeros added to the input.
      groups: the number of parts of the channels. The n-th part of the output is computed from the n-th of the input.
        A depthwise convolution has as many groups as channels.
      dilation: the distance of the pixels under neighboring numbers of the kernel; one integer, or (height, width).

    Raises:
      ValueError: a weight is not finite.
    """
    config = {"strides": _pair(strides), "padding": padding, **_grouping(groups, dilation)}
    return Layer("conv2d", config, _kernel_and_bias(kernel, bias))


def conv2d_transpose(
    kernel: Any, bias: Any = None, strides: Any = 1, padding: Any = "same", groups: int = 1, dilation: Any = 1
) -> Layer:
    """Returns a transposed 2-D convolution: input pixel i adds to output pixels i * stride ... i * stride + size - 1.

    Args:
      kernel: [height, width, in / groups, out]. Mind the order, TensorFlow's is [height, width, out, in].
      bias: [out], zeros by default.
      strides: one integer, or (height, width).
      padding: [[top, bottom], [left, right]], the number of pixels cropped from the output. A negative number adds
        zeros instead. "same" gives stride times the input's size, "valid" at least that; both crop as TensorFlow does.
      groups: as in `conv2d`.
      dilation: as in `conv2d`; of the pixels of the output.

    Raises:
      ValueError: a weight is not finite.
    """
    config = {"strides": _pair(strides), "padding": padding, **_grouping(groups, dilation)}
    return Layer("conv2d_transpose", config, _kernel_and_bias(kernel, bias))


def average_pool(size: Any, strides: Any = None, padding: Any = "valid", count_padding: bool = False) -> Layer:
    """Returns the mean of each window of `size` pixels.

    Args:
      size: one integer, or (height, width).
      strides: the same; `size` by default.
      padding: as in `conv2d`.
      count_padding: whether padding counts as zeros, as PyTorch has it by default, or is left out, as in TensorFlow.
    """
    config = {"size": _pair(size), "strides": _pair(size if strides is None else strides), "padding": padding}
    return Layer("average_pool", {**config, "count_padding": bool(count_padding)})


def max_pool(size: Any, strides: Any = None, padding: Any = "valid") -> Layer:
    """Returns the maximum of each window; the arguments are those of `average_pool`. Padding is left out."""
    config = {"size": _pair(size), "strides": _pair(size if strides is None else strides), "padding": padding}
    return Layer("max_pool", config)


def resample(rows: Any, columns: Any) -> Layer:
    """Returns the resizing of an image by two matrices; `tb_plugin.graph.resampling` has those of the usual ways.

    Args:
      rows: [new height, height], the weight of each row of the image in each new row.
      columns: [new width, width].

    Raises:
      ValueError: a weight is not finite.
    """
    return Layer("resample", {}, (_float32(rows), _float32(columns)))


def upsample(size: Any = 2) -> Layer:
    """Returns a nearest-neighbor upsampling that repeats each pixel `size` times; `size` may be (height, width)."""
    return Layer("upsample", {"size": _pair(size)})


def flatten() -> Layer:
    """Returns a layer that reshapes its input to one axis."""
    return Layer("flatten")


def reshape(shape: Sequence[int]) -> Layer:
    """Returns a layer that reshapes its input to `shape`, without the batch axis."""
    return Layer("reshape", {"shape": [int(size) for size in shape]})


def permute(axes: Sequence[int]) -> Layer:
    """Returns a layer whose output axis i is input axis axes[i], counted from 0 without the batch axis."""
    return Layer("permute", {"axes": [int(axis) for axis in axes]})


def scale(factor: Any, offset: Any = 0.0) -> Layer:
    """Returns the layer x * factor + offset, e.g. a batch normalization at inference.

    Args:
      factor: a number, or [channels] over the last axis.
      offset: the same.

    Raises:
      ValueError: a weight is not finite.
    """
    factor, offset = np.broadcast_arrays(_float32(factor).ravel(), _float32(offset).ravel())
    return Layer("scale", {}, (factor, offset))


def pad(padding: Sequence[Sequence[int]], mode: str = "constant", value: float = 0.0) -> Layer:
    """Returns a layer that pads its input.

    Args:
      padding: [before, after] for each of the first axes, e.g. [[top, bottom], [left, right]]. Negative numbers crop.
      mode: "constant", "reflect", "edge" or "wrap", as in `np.pad`. PyTorch calls the last two replicate and circular.
      value: the constant.
    """
    pairs = [[int(before), int(after)] for before, after in padding]
    return Layer("pad", {"padding": pairs, "mode": mode, "value": float(value)})


def slice(axis: int, start: int | None = None, stop: int | None = None, step: int = 1) -> Layer:
    """Returns x[start:stop:step] along an axis, as in Python; `step` must be positive."""
    return Layer("slice", {"axis": int(axis), "start": start, "stop": stop, "step": int(step)})


def concat(axis: int = -1) -> Layer:
    """Returns the concatenation of its inputs along an axis: `concat().on(3, 5)`."""
    return Layer("concat", {"axis": int(axis)})


def constant(value: Any) -> Layer:
    """Returns a layer without inputs whose output is `value` for every code.

    Raises:
      ValueError: a number is not finite.
    """
    return Layer("constant", {}, (np.atleast_1d(_float32(value)),), ())


def add() -> Layer:
    """Returns the sum of two inputs, whose shapes broadcast as in NumPy: `add().on(3, 5)`."""
    return Layer("add")


def subtract() -> Layer:
    """Returns the first of two inputs minus the second, as `add`."""
    return Layer("subtract")


def multiply() -> Layer:
    """Returns the product of two inputs, as `add`."""
    return Layer("multiply")


def divide() -> Layer:
    """Returns the first of two inputs divided by the second, as `add`."""
    return Layer("divide")


def maximum() -> Layer:
    """Returns the larger of two inputs, as `add`."""
    return Layer("maximum")


def matmul() -> Layer:
    """Returns the matrix product of two inputs over their last two axes. The axes before these broadcast."""
    return Layer("matmul")


def mean(axes: Any) -> Layer:
    """Returns the mean over the axes, one or several. They stay, with length 1."""
    return Layer("mean", {"axes": _axes(axes)})


def sum(axes: Any) -> Layer:
    """Returns the sum over the axes, as `mean`."""
    return Layer("sum", {"axes": _axes(axes)})


def max(axes: Any) -> Layer:
    """Returns the maximum over the axes, as `mean`."""
    return Layer("max", {"axes": _axes(axes)})


def normalize(axes: Any, epsilon: float, center: bool = True) -> Layer:
    """Returns (x - mean) / sqrt(variance + epsilon), both over the axes; its scale and offset are a layer `scale`.

    Over the last axis it is a layer normalization, over [0, 1] an instance normalization. A group normalization is one
    over axes of [height, width, groups, channels / groups].

    Args:
      axes: one or several.
      epsilon: added to the variance.
      center: whether the mean is subtracted. If not, the variance is the mean of the squares, as in RMSNorm.
    """
    return Layer("normalize", {"axes": _axes(axes), "epsilon": float(epsilon), "center": bool(center)})


def prelu(alpha: Any) -> Layer:
    """Returns x if x > 0, else alpha * x; `alpha` is a number or [channels].

    Raises:
      ValueError: a weight is not finite.
    """
    return Layer("prelu", {}, (_float32(alpha).ravel(),))


def clamp(low: float | None = None, high: float | None = None) -> Layer:
    """Returns x between two limits; None is no limit. relu6 is clamp(0, 6), hard_tanh clamp(-1, 1)."""
    return Layer("clamp", {"low": low if low is None else float(low), "high": high if high is None else float(high)})


def activation(name: str, **config: float) -> Layer:
    """Returns the activation `name`, one of ACTIVATIONS.

    Args:
      name: its name. "softmax" works on the last axis.
      **config: its options, of which ACTIVATIONS has the defaults.

    Raises:
      ValueError: there is no such activation.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"the activation {name!r} is not supported, use one of {', '.join(ACTIVATIONS)}")
    return Layer(name, {**ACTIVATIONS[name], **config})


def _float32(value: Any) -> np.ndarray:
    array = np.asarray(value, np.float32)
    if not np.isfinite(array).all():
        raise ValueError("a weight is not finite")
    return array


def _kernel_and_bias(kernel: Any, bias: Any) -> tuple[np.ndarray, np.ndarray]:
    kernel = _float32(kernel)
    out = kernel.shape[-1] if kernel.ndim else 0
    return kernel, np.zeros(out, np.float32) if bias is None else _float32(bias)


def _pair(value: Any) -> list[int]:
    pair = [value, value] if isinstance(value, (int, np.integer)) else list(value)
    return [int(size) for size in pair]


def _grouping(groups: int, dilation: Any) -> dict[str, Any]:
    """Returns the options that differ from their defaults."""
    dilation = _pair(dilation)
    return {
        **({} if groups == 1 else {"groups": int(groups)}),
        **({} if dilation == [1, 1] else {"dilation": dilation}),
    }


def _axes(value: Any) -> list[int]:
    return [int(axis) for axis in np.atleast_1d(value)]
