"""A decoder from a Keras model: tf_keras or Keras 3, neither of which is imported here."""

from typing import Any

import numpy as np

from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.layers import Layer

_NOTHING = ("InputLayer", "Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "ActivityRegularization")


def from_keras(model: Any) -> Decoder:
    """The decoder that a Keras model is: Sequential, or functional with one layer after the other.

    In a `tf.compat.v1` graph the weights are read from Keras's session.

    Raises:
      ValueError: names the layer that is not supported, and why.
    """
    shape = model.input_shape
    if not isinstance(shape, tuple) or len(shape) != 2 or shape[1] is None:
        raise ValueError(f"the decoder's input has shape {shape}; a decoder takes codes [N, D]")
    return Decoder(shape[1], _chain(model))


def _chain(model: Any) -> list[Layer]:
    chain = list(model.layers)
    if type(model).__name__ != "Sequential":
        for before, after in zip(chain, chain[1:]):
            if after.input is not before.output:
                raise ValueError(
                    f"the layer {after.name!r} does not follow {before.name!r}; a decoder is one layer after the other"
                )
        if model.output is not chain[-1].output:
            raise ValueError("the model's output is not that of its last layer")
    return [converted for layer in chain for converted in _layer(layer)]


def _layer(layer: Any) -> list[Layer]:
    kind = type(layer).__name__
    if kind in _NOTHING:
        return []
    if hasattr(layer, "layers"):
        return _chain(layer)
    if kind not in _CONVERT:
        raise ValueError(f"the layer {layer.name!r} is a {kind}, which is not supported")
    config = layer.get_config()
    try:
        _check_config(config)
        return _CONVERT[kind](config, [np.asarray(weight) for weight in layer.get_weights()])
    except ValueError as error:
        raise ValueError(f"the layer {layer.name!r} ({kind}): {error}") from error


def _check_config(config: dict[str, Any]) -> None:
    for key, plain in (
        ("data_format", "channels_last"),
        ("groups", 1),
        ("output_padding", None),
        ("interpolation", "nearest"),
    ):
        if config.get(key, plain) not in (plain, None):
            raise ValueError(f"{key}={config[key]!r} is not supported")
    if any(rate != 1 for rate in np.ravel(config.get("dilation_rate", 1))):
        raise ValueError("dilation is not supported")


def _activation(config: dict[str, Any]) -> list[Layer]:
    name = config.get("activation") or "linear"
    if not isinstance(name, str):
        raise ValueError("an activation that is not one of Keras's names")
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
        raise ValueError("softmax over another axis than the last is not supported")
    return [layers.activation("softmax")]


def _reshape(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    if -1 in config["target_shape"]:
        raise ValueError("a target shape with -1 is not supported: write the number")
    return [layers.reshape(config["target_shape"])]


def _batch_normalization(config: dict[str, Any], weights: list[np.ndarray]) -> list[Layer]:
    axis = config["axis"]
    if (axis[0] if isinstance(axis, (list, tuple)) else axis) not in (-1, 3):
        raise ValueError("normalisation of another axis than the last is not supported")
    remaining = iter(weights)
    gamma = next(remaining) if config["scale"] else 1.0
    beta = next(remaining) if config["center"] else 0.0
    mean, variance = remaining
    factor = gamma / np.sqrt(variance + config["epsilon"])
    return [layers.scale(factor, beta - mean * factor)]


_CONVERT = {
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
