"""Conversion of a Keras model into a decoder. Works with tf_keras and Keras 3, and imports neither."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.layers import Layer

# Layers that do nothing at inference.
_IDENTITIES = (
    "InputLayer",
    "Dropout",
    "SpatialDropout2D",
    "GaussianNoise",
    "GaussianDropout",
    "ActivityRegularization",
)


def from_keras(model: Any) -> Decoder:
    """Returns a Keras model as a decoder.

    In a `tf.compat.v1` graph the weights are read from Keras's session.

    Args:
      model: a Sequential model, or a functional model that is a chain of layers. Its input is codes [N, D].

    Raises:
      ValueError: a layer is not supported; the message says which one and why.
    """
    shape = model.input_shape
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[1] is None:
        raise ValueError(f"the model's input is {shape}, it must be codes [N, D]")
    return Decoder(shape[1], _chain(model))


def _chain(model: Any) -> list[Layer]:
    chain = list(model.layers)
    if type(model).__name__ != "Sequential":
        for before, after in zip(chain, chain[1:]):
            if after.input is not before.output:
                raise ValueError(
                    f"the layer {after.name!r} does not follow {before.name!r}, the model must be a chain of layers"
                )
        if model.output is not chain[-1].output:
            raise ValueError("the model's output must be the output of its last layer")
    return [converted for layer in chain for converted in _layer(layer)]


def _layer(layer: Any) -> list[Layer]:
    kind = type(layer).__name__
    if kind in _IDENTITIES:
        return []
    if hasattr(layer, "layers"):
        return _chain(layer)
    if kind not in _CONVERTERS:
        raise ValueError(f"the layer {layer.name!r} is a {kind}, which is not supported")
    config = layer.get_config()
    try:
        _require_supported(config)
        return _CONVERTERS[kind](config, [np.asarray(weight) for weight in layer.get_weights()])
    except ValueError as error:
        raise ValueError(f"the layer {layer.name!r} ({kind}): {error}") from error


def _require_supported(config: dict[str, Any]) -> None:
    for key, supported in (
        ("data_format", "channels_last"),
        ("groups", 1),
        ("output_padding", None),
        ("interpolation", "nearest"),
    ):
        if config.get(key, supported) not in (supported, None):
            raise ValueError(f"{key}={config[key]!r} is not supported")
    if any(rate != 1 for rate in np.ravel(config.get("dilation_rate", 1))):
        raise ValueError("dilation is not supported")


def _activation(config: dict[str, Any]) -> list[Layer]:
    name = config.get("activation") or "linear"
    if not isinstance(name, str):
        raise ValueError("an activation must be one of Keras's names, a function is not supported")
    return [] if name == "linear" else [layers.activation(name)]


def _dense(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    return [layers.dense(*weights), *_activation(config)]


def _conv2d(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    bias = weights[1] if len(weights) == 2 else None
    return [layers.conv2d(weights[0], bias, config["strides"], config["padding"]), *_activation(config)]


def _conv2d_transpose(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    kernel = weights[0].transpose(0, 1, 3, 2)  # from [height, width, out, in]
    bias = weights[1] if len(weights) == 2 else None
    return [layers.conv2d_transpose(kernel, bias, config["strides"], config["padding"]), *_activation(config)]


def _relu(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    if config.get("max_value") is not None or config.get("threshold"):
        raise ValueError("max_value and threshold are not supported")
    slope = config.get("negative_slope") or 0.0
    return [layers.activation("leaky_relu", alpha=float(slope)) if slope else layers.activation("relu")]


def _leaky_relu(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    slope = config["negative_slope"] if "negative_slope" in config else config["alpha"]
    return [layers.activation("leaky_relu", alpha=float(slope))]


def _softmax(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    if config.get("axis", -1) != -1:
        raise ValueError("softmax is supported over the last axis only")
    return [layers.activation("softmax")]


def _reshape(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    if -1 in config["target_shape"]:
        raise ValueError("a target shape with -1 is not supported, give the number")
    return [layers.reshape(config["target_shape"])]


def _batch_normalization(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    axis = config["axis"]
    if (axis[0] if isinstance(axis, (list, tuple)) else axis) not in (-1, 3):
        raise ValueError("batch normalization is supported over the last axis only")
    remaining = iter(weights)
    gamma = next(remaining) if config["scale"] else 1.0
    beta = next(remaining) if config["center"] else 0.0
    mean, variance = remaining
    factor = gamma / np.sqrt(variance + config["epsilon"])
    return [layers.scale(factor, beta - mean * factor)]


# How each kind of layer is converted, from its config and weights.
_CONVERTERS: dict[str, Callable[[dict[str, Any], list[np.ndarray]], list[Layer]]] = {
    "Dense": _dense,
    "Conv2D": _conv2d,
    "Conv2DTranspose": _conv2d_transpose,
    "UpSampling2D": lambda config, weights: [layers.upsample(config["size"])],
    "Flatten": lambda config, weights: [layers.flatten()],
    "Reshape": _reshape,
    "Permute": lambda config, weights: [layers.permute([axis - 1 for axis in config["dims"]])],
    "Rescaling": lambda config, weights: [layers.scale(config["scale"], config["offset"])],
    "BatchNormalization": _batch_normalization,
    "Activation": lambda config, weights: _activation(config),
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": lambda config, weights: [layers.activation("elu", alpha=float(config["alpha"]))],
    "Softmax": _softmax,
}
