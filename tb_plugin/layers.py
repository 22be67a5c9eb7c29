"""The layers of a decoder: one constructor for each kind.

Images are height, width, channels throughout, as in TensorFlow. Kernels are [in, out] and [height, width, in, out].

The layers are dense, conv2d, conv2d_transpose, upsample, flatten, reshape, permute, scale, and the activations linear,
relu, tanh, sigmoid, softmax, leaky_relu, elu and gelu, which may be given by name.

A new layer is a constructor here, a line in SIZES of `layer_sizes`, and a line in each of the two evaluators:
EVALUATORS of `layer_evaluation`, and the browser's in static/decode. A new activation is a line in ACTIVATIONS and one
in each evaluator.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# The activations, each with its options and their defaults, which are those of `tf.nn`.
ACTIVATIONS: dict[str, dict[str, float]] = {
    "linear": {},
    "relu": {},
    "tanh": {},
    "sigmoid": {},
    "softmax": {},
    "leaky_relu": {"alpha": 0.2},
    "elu": {"alpha": 1.0},
    "gelu": {"approximate": False},
}


@dataclass(frozen=True)
class Layer:
    """A layer of a decoder.

    Attributes:
      kind: the name of its constructor, or of the activation.
      config: its options, which must be valid JSON.
      weights: its arrays, float32.
    """

    kind: str
    config: dict[str, Any] = field(default_factory=dict)
    weights: tuple[np.ndarray, ...] = ()


def dense(kernel: Any, bias: Any = None) -> Layer:
    """Returns the layer x @ kernel + bias over the last axis.

    Args:
      kernel: [in, out].
      bias: [out], zeros by default.

    Raises:
      ValueError: a weight is not finite.
    """
    return Layer("dense", {}, _kernel_and_bias(kernel, bias))


def conv2d(kernel: Any, bias: Any = None, strides: Any = 1, padding: Any = "same") -> Layer:
    """Returns a 2-D convolution, computed as TensorFlow does.

    Args:
      kernel: [height, width, in, out].
      bias: [out], zeros by default.
      strides: one integer, or (height, width).
      padding: "same", "valid", or [[top, bottom], [left, right]], the number of zeros added to the input.

    Raises:
      ValueError: a weight is not finite.
    """
    return Layer("conv2d", {"strides": _pair(strides), "padding": padding}, _kernel_and_bias(kernel, bias))


def conv2d_transpose(kernel: Any, bias: Any = None, strides: Any = 1, padding: Any = "same") -> Layer:
    """Returns a transposed 2-D convolution: input pixel i adds to output pixels i * stride ... i * stride + size - 1.

    Args:
      kernel: [height, width, in, out]. Mind the order, TensorFlow's is [height, width, out, in].
      bias: [out], zeros by default.
      strides: one integer, or (height, width).
      padding: [[top, bottom], [left, right]], the number of pixels cropped from the output. A negative number adds
        zeros instead. "same" gives stride times the input's size, "valid" at least that; both crop as TensorFlow does.

    Raises:
      ValueError: a weight is not finite.
    """
    return Layer("conv2d_transpose", {"strides": _pair(strides), "padding": padding}, _kernel_and_bias(kernel, bias))


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


def activation(name: str, **config: float) -> Layer:
    """Returns the activation `name`, one of ACTIVATIONS.

    Args:
      name: its name. "softmax" works on the last axis.
      **config: its options: alpha of "leaky_relu" (0.2 by default) and "elu" (1.0), approximate of "gelu" (False).

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
