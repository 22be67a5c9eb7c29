"""Conversion of a Keras model into a decoder or an encoder.

It follows what the model computes on the framework below, whatever its layers are.
Works with tf_keras, also in a graph of TensorFlow 1, and with Keras 3 on TensorFlow, JAX and PyTorch.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from tb_plugin import from_jax, from_tensorflow, from_torch
from tb_plugin.convert.conversion import Codes, Means, Pictures, check
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder


def from_keras(
    model: Any,
    *,
    value_range: tuple[float, float] | str | None = None,
    image_shape: Sequence[int] | None = None,
    image_order: str | None = None,
) -> Decoder:
    """Returns a Keras model as a decoder for codes [N, D].

    The model may be Sequential, functional, or subclassed and built. It is converted as it computes at inference. The
    decoder is compared with the model on random codes before it is returned.

    In a `tf.compat.v1` graph the weights are those of the default session, or of Keras's, and nothing is added to the
    graph.

    Args:
      model: its input is codes [N, D], or codes of another shape, e.g. [N, 1, 1, D], which the decoder takes as [N, D].
      value_range: (low, high) of the pixels, which become 0..1; "logits" applies a sigmoid; by default they are 0..1.
      image_shape: [height, width, channels] of the pictures if the model returns vectors.
      image_order: the order in such a vector, "HWC" or "CHW". Needed if it has several channels.

    Raises:
      ValueError: the shape of a code is not known, the model does something that a decoder cannot (the message says
        what and where), or the decoder differs from it by more than 1e-4.
    """
    shape = _shape(model, "codes")
    return _converted(model, shape, Pictures(value_range, image_shape, image_order, channels_first=False))


def encoder_from_keras(
    model: Any, *, output: int | str | None = None, value_range: tuple[float, float] | None = None
) -> Encoder:
    """Returns a Keras model as an encoder of images. It is converted and compared as `from_keras` does with a decoder.

    Args:
      model: its input is images [N, height, width, channels], [N, height, width] or [N, pixels].
      output: the index or the key of the codes where the model returns several tensors, e.g. 0 for the mean of a
        variational autoencoder.
      value_range: (low, high) of the pixels that the model takes: what it takes for black and for white. By default
        (0, 1), as the tab shows them.

    Returns:
      The encoder. It takes pixels in 0..1, in the order height, width, channels.

    Raises:
      ValueError: as `from_keras`, or the model returns several tensors and `output` is missing.
    """
    shape = _shape(model, "images")
    return _converted(model, shape, Codes(shape, value_range, output, channels_first=False))


def _converted(model: Any, shape: tuple[int, ...], means: Means) -> Any:
    """Returns the network of a model that takes inputs [N, *shape]."""
    keras = sys.modules.get("keras") if _is_keras_3(model) else None
    backend = keras.backend.backend() if keras is not None else "tensorflow"

    def run(call: Any) -> Any:
        """Returns the function that applies `call` to inputs, and finds the codes among what it returns."""
        return call if isinstance(means, Pictures) else lambda x: means.codes(call(means.scaled(x)))

    if backend == "jax":
        weights = [[variable.value for variable in each] for each in _variables(model)]
        return from_jax.convert(run(lambda x: model.stateless_call(*weights, x, training=False)[0]), shape, means)
    infer = run(lambda x: model(x, training=False))
    if backend == "torch":
        return from_torch.convert(infer, model, int(np.prod(shape)), shape, means)
    import tensorflow as tf

    if tf.executing_eagerly():
        return from_tensorflow.convert_function(infer, shape, means)
    session = tf.compat.v1.get_default_session() or tf.compat.v1.keras.backend.get_session()
    return _of_graph(model, session, shape, means)


def _of_graph(model: Any, session: Any, shape: tuple[int, ...], means: Means) -> Any:
    """Returns the network of a model in a graph of TensorFlow 1."""
    zeros = np.zeros((3, *shape), np.float32)
    output = model.output
    if isinstance(means, Codes):
        output = means.codes(output)
        if means.value_range is not None:
            raise ValueError(
                "value_range: in a graph of TensorFlow 1 nothing is added to the model; begin the encoder with a layer "
                "of tb_plugin.layers: Encoder(n, [scale(high - low, low), *encoder.layers])"
            )

    def run(tensors: Any, inputs: np.ndarray) -> Any:
        return session.run(tensors, {model.input: inputs})

    made = from_tensorflow.convert(
        model.input, output, lambda tensors: _values(tensors, lambda each: run(each, zeros)), shape, means
    )
    return check(made, lambda inputs: means.array(run(output, inputs.reshape(-1, *shape))))


def _values(tensors: list[Any], run: Any) -> list[np.ndarray]:
    """Returns the values of tensors, also of those in a branch, which a session does not fetch."""
    import tensorflow as tf

    outside = [_outside(each) for each in tensors]
    constant = [each.op.type == "Const" for each in outside]
    fetched = iter(run([each for each, known in zip(outside, constant) if not known]))
    return [
        tf.make_ndarray(each.op.get_attr("value")) if known else next(fetched) for each, known in zip(outside, constant)
    ]


def _outside(tensor: Any) -> Any:
    """Returns the tensor that a session fetches in place of one in a branch."""
    graph = tensor.graph
    while not graph.is_fetchable(tensor.op) and tensor.op.type in ("Identity", "Switch"):
        tensor = tensor.op.inputs[0]
    if tensor.op.type == "ReadVariableOp" and not graph.is_fetchable(tensor.op):
        for each in _outside(tensor.op.inputs[0]).consumers():
            if each.type == "ReadVariableOp" and graph.is_fetchable(each) and not each.control_inputs:
                return each.outputs[0]
    return tensor


def _is_keras_3(model: Any) -> bool:
    return any(each.__module__.split(".")[0] == "keras" for each in type(model).__mro__)


def _variables(model: Any) -> tuple[Any, Any]:
    return model.trainable_variables, model.non_trainable_variables


def _shape(model: Any, takes: str) -> tuple[int, ...]:
    """Returns the shape of an input as the model takes it, without the batch axis; `takes` is its name in errors."""
    try:
        shape = model.input_shape
    except (AttributeError, ValueError, RuntimeError):  # of a model that is subclassed, or not built
        shape = getattr(model, "_build_shapes_dict", None) or getattr(model, "_build_input_shape", None)
        if isinstance(shape, dict):
            shape = next(iter(shape.values()), None) if len(shape) == 1 else None
    if shape is None or not getattr(model, "built", True):
        raise ValueError(
            f"the {type(model).__name__} is not built, so the shape of the {takes} is not known; call it on {takes} "
            f"first, model({takes}), or model.build((None, D))"
        )
    if isinstance(shape, (list, dict)) and len(shape) != 1 or shape and isinstance(shape[0], (list, tuple)):
        raise ValueError(
            f"the model has several inputs, {shape}; hold all but the {takes} fixed: "
            "from_tensorflow(lambda z: model([z, other]), D), or from_jax, from_torch"
        )
    if len(shape) < 2 or None in shape[1:]:
        raise ValueError(f"the model's input is {shape}, it must be {takes} of a fixed length")
    return tuple(int(size) for size in shape[1:])
