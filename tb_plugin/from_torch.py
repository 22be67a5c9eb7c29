"""Conversion of a `torch.nn.Sequential` into a decoder, without importing PyTorch.

PyTorch's images are channels, height, width. A decoder's are height, width, channels. So kernels are transposed, and
where a vector becomes an image or an image a vector, the numbers are reordered.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.layers import Layer

# Modules that do nothing at inference.
_IDENTITIES = ("Identity", "Dropout", "Dropout2d", "AlphaDropout")


def from_torch(model: Any, dims: int) -> Decoder:
    """Returns a `torch.nn.Sequential` as a decoder for codes [N, dims].

    The decoder's pictures are [height, width, channels], or vectors if the model ends in a vector.

    Raises:
      ValueError: a module is not supported; the message says which one and why.
    """
    chain: list[Layer] = []
    rank = 1  # of what the next module takes: 1 for a vector, 3 for an image
    for name, module in _flat(model):
        kind = type(module).__name__
        if kind in _IDENTITIES:
            continue
        try:
            if kind not in _CONVERTERS:
                raise ValueError("this kind of layer is not supported")
            required, convert = _CONVERTERS[kind]
            if required not in (None, rank):
                raise ValueError(f"this layer is not supported on {'a vector' if rank == 1 else 'an image'}")
            more = convert(module, rank)
        except ValueError as error:
            raise ValueError(f"the layer {name} ({kind}): {error}") from error
        chain += more
        rank = {"Flatten": 1, "Unflatten": 3}.get(kind, rank)
    return Decoder(dims, chain)


def _flat(model: Any, prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, module in model.named_children():
        nested = type(module).__name__ == "Sequential"
        found += _flat(module, f"{prefix}{name}.") if nested else [(prefix + name, module)]
    return found


def _numbers(parameter: Any) -> Any:
    return None if parameter is None else np.asarray(parameter.detach().cpu().float().numpy())


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _require_plain_convolution(module: Any) -> None:
    if module.groups != 1 or _pair(module.dilation) != (1, 1):
        raise ValueError("groups and dilation are not supported")
    if module.padding_mode != "zeros":
        raise ValueError(f"padding_mode={module.padding_mode!r} is not supported")


def _conv2d(module: Any, rank: int) -> list[Layer]:
    _require_plain_convolution(module)
    padding = module.padding
    if not isinstance(padding, str):
        padding = [[side, side] for side in _pair(padding)]
    kernel = _numbers(module.weight).transpose(2, 3, 1, 0)  # from [out, in, height, width]
    return [layers.conv2d(kernel, _numbers(module.bias), module.stride, padding)]


def _conv2d_transpose(module: Any, rank: int) -> list[Layer]:
    _require_plain_convolution(module)
    padding = [[side, side - extra] for side, extra in zip(_pair(module.padding), _pair(module.output_padding))]
    kernel = _numbers(module.weight).transpose(2, 3, 0, 1)  # from [in, out, height, width]
    return [layers.conv2d_transpose(kernel, _numbers(module.bias), module.stride, padding)]


def _upsample(module: Any, rank: int) -> list[Layer]:
    factors: Any = [] if module.scale_factor is None else np.ravel(module.scale_factor)
    if module.mode != "nearest" or not len(factors) or any(factor != int(factor) for factor in factors):
        raise ValueError("upsampling is supported with mode='nearest' and an integer scale_factor only")
    return [layers.upsample([int(factors[0]), int(factors[-1])])]


def _flatten(module: Any, rank: int) -> list[Layer]:
    if (module.start_dim, module.end_dim) not in ((1, -1), (1, 3)):
        raise ValueError("flattening is supported with start_dim=1 and end_dim=-1 only")
    return [] if rank == 1 else [layers.permute((2, 0, 1)), layers.flatten()]


def _unflatten(module: Any, rank: int) -> list[Layer]:
    size = tuple(module.unflattened_size)
    if module.dim not in (1, -1) or len(size) != 3 or min(size) < 1:
        raise ValueError("unflattening is supported with dim=1 to (channels, height, width) only")
    return [layers.reshape(size), layers.permute((1, 2, 0))]


def _softmax(module: Any, rank: int) -> list[Layer]:
    if module.dim not in ((1, -1) if rank == 1 else (1, -3)):
        raise ValueError("softmax is supported with dim=1 only")
    return [layers.activation("softmax")]


def _batch_norm(module: Any, rank: int) -> list[Layer]:
    if module.running_var is None:
        raise ValueError("batch normalization is not supported without running statistics")
    factor = 1 / np.sqrt(_numbers(module.running_var) + module.eps)
    offset: Any = 0.0
    if module.affine:
        factor, offset = factor * _numbers(module.weight), _numbers(module.bias)
    return [layers.scale(factor, offset - _numbers(module.running_mean) * factor)]


def _named(name: str, **attributes: str) -> tuple[None, Callable[[Any, int], list[Layer]]]:
    """Returns the converter to an activation whose options are the module's `attributes`."""
    return None, lambda module, rank: [
        layers.activation(name, **{key: float(getattr(module, theirs)) for key, theirs in attributes.items()})
    ]


# For each kind of module the rank of its input (None for any), and its conversion from the module and that rank.
_CONVERTERS: dict[str, tuple[int | None, Callable[[Any, int], list[Layer]]]] = {
    "Linear": (1, lambda module, rank: [layers.dense(_numbers(module.weight).T, _numbers(module.bias))]),
    "Conv2d": (3, _conv2d),
    "ConvTranspose2d": (3, _conv2d_transpose),
    "Upsample": (3, _upsample),
    "UpsamplingNearest2d": (3, _upsample),
    "Flatten": (None, _flatten),
    "Unflatten": (1, _unflatten),
    "BatchNorm1d": (1, _batch_norm),
    "BatchNorm2d": (3, _batch_norm),
    "ReLU": _named("relu"),
    "Tanh": _named("tanh"),
    "Sigmoid": _named("sigmoid"),
    "Softmax": (None, _softmax),
    "LeakyReLU": _named("leaky_relu", alpha="negative_slope"),
    "ELU": _named("elu", alpha="alpha"),
    "GELU": (None, lambda module, rank: [layers.activation("gelu", approximate=module.approximate == "tanh")]),
}
