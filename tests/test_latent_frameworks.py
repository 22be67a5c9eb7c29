"""Decoders in NumPy against TensorFlow, and decoders converted from Keras against it."""

import numpy as np
import pytest

from legacy_ports import ports
from legacy_ports.tf1 import keras, tf
from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.from_keras import from_keras
from tb_plugin.layers import conv2d, dense, reshape, scale

random = np.random.default_rng(0)


def same(decoder, codes, expected, tolerance=1e-5):
    """Asserts that the stored form of a decoder returns the expected pictures, so that a reader does."""
    stored = Decoder.from_blob(decoder.to_blob())
    decoded = stored(codes)
    assert decoded.dtype == np.float32
    assert decoded.shape == expected.shape
    np.testing.assert_allclose(decoded, expected, rtol=0, atol=tolerance)


def of_arrays(dims, weights, activations):
    chain = []
    for kernel, bias, name in zip(weights[::2], weights[1::2], activations):
        chain += [dense(kernel, bias), name]
    return Decoder(dims, chain)


PORTS = {
    "vandenburg": (2, {}, ["tanh", "tanh", "linear"]),
    "vandenburg relu": (2, {"readout": "relu"}, ["tanh", "tanh", "relu"]),
    "vandenburg softmax": (2, {"readout": "softmax"}, ["tanh", "tanh", "softmax"]),
    "kajuvonen": (100, {}, ["linear", "linear"]),
    "smith": (128, {}, ["relu", "relu", "relu"]),
    "mathybit_dense": (16, {}, None),
    "mathybit_conv": (16, {}, None),
    "mathybit_conv transpose": (16, {"upsampling": "transpose"}, None),
}


@pytest.mark.parametrize("name", PORTS)
def test_every_port_decodes_as_in_tensorflow(name):
    dims, options, activations = PORTS[name]
    codes = random.normal(size=(20, dims)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        model = ports.load(name.split()[0]).build(**options)
        session.run(tf.global_variables_initializer())
        expected = session.run(model.output, {model.codes: codes})
        if activations is None:
            keras.backend.set_session(session)
            decoder = from_keras(model.decoder)
        else:
            variables = session.run(tf.trainable_variables()[-2 * len(activations) :])
            decoder = of_arrays(dims, variables, activations)
            if "softmax" in name:
                decoder = Decoder(dims, [*decoder.layers, scale(255.0)])
    assert expected.std() > 1e-3
    same(decoder, codes, expected)


CONVOLUTIONS = [
    (size, stride, padding) for size in (1, 2, 3, 5) for stride in (1, 2, 3) for padding in ("same", "valid")
]


def test_convolutions_as_in_tensorflow():
    images = random.normal(size=(3, 7, 6, 2)).astype(np.float32)
    bias = random.normal(size=4).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        for size, stride, padding in CONVOLUTIONS:
            kernel = random.normal(size=(size, size + 1, 2, 4)).astype(np.float32)
            expected = session.run(tf.nn.conv2d(images, kernel, [1, stride, stride, 1], padding.upper()) + bias)
            decoder = Decoder(84, [reshape((7, 6, 2)), conv2d(kernel, bias, stride, padding)])
            same(decoder, images.reshape(3, 84), expected)


def test_transposed_convolutions_as_in_keras():
    images = random.normal(size=(3, 5, 4, 2)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        keras.backend.set_session(session)
        for size, stride, padding in CONVOLUTIONS:
            model = keras.Sequential(
                [
                    keras.layers.Reshape((5, 4, 2), input_shape=(40,)),
                    keras.layers.Conv2DTranspose(
                        3, (size, size + 1), strides=stride, padding=padding, bias_initializer="normal"
                    ),
                ]
            )
            expected = model.predict(images.reshape(3, 40), verbose=0)
            same(from_keras(model), images.reshape(3, 40), expected)


@pytest.mark.parametrize("name", layers.ACTIVATIONS)
def test_activations_as_in_tensorflow(name):
    x = np.concatenate([random.normal(size=(50, 7)) * 5, np.full((1, 7), 90.0), np.full((1, 7), -90.0)])
    x = x.astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        theirs = {"linear": tf.identity, "tanh": tf.tanh, "sigmoid": tf.sigmoid}.get(name)
        theirs = theirs or getattr(tf.compat.v2.nn, name, None) or getattr(tf.compat.v2.math, name, None)
        if theirs is None:
            pytest.skip("TensorFlow has no such function; test_layers_torch.py compares it with PyTorch's")
        x = x / 100 if name == "exp" else x  # of large numbers no digits would be the same
        expected = session.run(theirs(x))
    same(Decoder(7, [name]), x, expected)
