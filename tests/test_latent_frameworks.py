"""Decoders in NumPy against TensorFlow, and decoders converted from Keras and PyTorch against those."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from legacy_ports import ports
from legacy_ports.tf1 import keras, tf
from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.from_keras import from_keras
from tb_plugin.from_torch import from_torch
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


def every_keras_layer(keras, slope):
    """Tests all layers of a Keras, tf_keras or Keras 3; `slope` is its name for LeakyReLU's parameter."""
    L = keras.layers
    inner = keras.Sequential([L.Dense(24, activation="elu"), L.Dropout(0.5), L.Dense(36, activation="gelu")])
    model = keras.Sequential(
        [
            L.InputLayer((3,)),
            inner,
            L.LeakyReLU(**{slope: 0.1}),
            L.Reshape((3, 4, 3)),
            L.Conv2D(5, 3, strides=2, padding="same", activation="leaky_relu"),
            L.UpSampling2D((2, 3)),
            L.BatchNormalization(),
            L.Conv2DTranspose(4, 4, strides=2, padding="same", use_bias=False),
            L.ELU(alpha=0.5),
            L.Conv2D(4, 2, padding="valid"),
            L.Activation("softmax"),
            L.Permute((3, 1, 2)),
            L.ReLU(),
            L.Softmax(),
            L.Rescaling(2.0, 0.1),
            L.Flatten(),
            L.Dense(12, activation="sigmoid"),
            L.Activation("tanh"),
        ]
    )
    drawn = [random.normal(size=weights.shape) / 2 for weights in model.get_weights()]
    model.set_weights(
        [
            np.abs(numbers) + 0.1 if "variance" in variable.name else numbers
            for variable, numbers in zip(model.weights, drawn)
        ]
    )
    codes = random.normal(size=(5, 3)).astype(np.float32)
    same(from_keras(model), codes, model.predict(codes, verbose=0))
    # functional: a chain of layers, then one that is not a chain
    inputs = keras.Input((3,))
    hidden = L.Dense(4, name="left")(inputs)
    model = keras.Model(inputs, L.Dense(2, activation="relu")(hidden))
    same(from_keras(model), codes, model.predict(codes, verbose=0))
    other = L.Dense(4, name="right")(inputs)
    for model, message in (
        (keras.Model(inputs, L.Add(name="sum")([hidden, other])), "follow|not supported"),
        (keras.Sequential([L.InputLayer((3,)), L.Dense(4), L.LayerNormalization(name="ln")]), "'ln'.*Layer"),
        (keras.Sequential([L.InputLayer((3,)), L.Dense(4, activation="selu", name="d")]), "'d'.*selu"),
        (keras.Sequential([L.InputLayer((4, 4, 1)), L.Conv2D(1, 3)]), "input"),
        (
            keras.Sequential([L.InputLayer((3,)), L.Reshape((1, 3, 1)), L.Conv2D(2, 1, dilation_rate=2, name="c")]),
            "'c'.*dilation",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            from_keras(model)


def test_every_layer_of_tf_keras():
    with tf.Graph().as_default(), tf.Session() as session:
        keras.backend.set_session(session)
        every_keras_layer(keras, "alpha")


@pytest.mark.slow
def test_every_layer_of_keras_3():
    """Runs in a process of its own, because `tf.keras` is tf_keras in this one."""
    script = f"""
import sys, types
import keras
assert keras.__version__ >= "3"
sys.path.insert(0, {str(Path(__file__).parent)!r})
sys.modules["legacy_ports.tf1"] = types.SimpleNamespace(keras=None, tf=None)  # which would choose tf_keras
from test_latent_frameworks import every_keras_layer
every_keras_layer(keras, "negative_slope")
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=300)


def test_every_layer_of_pytorch():
    torch = pytest.importorskip("torch", reason="NOT TESTED with PyTorch: the extra `torch` is not installed")
    nn = torch.nn
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(3, 24),
        nn.BatchNorm1d(24),
        nn.GELU(),
        nn.Dropout(),
        nn.Linear(24, 24, bias=False),
        nn.ELU(0.7),
        nn.Unflatten(1, (6, 2, 2)),
        nn.Sequential(nn.ConvTranspose2d(6, 5, 4, stride=2, padding=1), nn.LeakyReLU(0.3), nn.BatchNorm2d(5)),
        nn.ConvTranspose2d(5, 4, 3, stride=2, padding=1, output_padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 4, 2, stride=3),
        nn.ConvTranspose2d(4, 4, (1, 2), stride=2, output_padding=1),
        nn.Upsample(scale_factor=2),
        nn.UpsamplingNearest2d(scale_factor=2),
        nn.Conv2d(4, 3, 3, stride=2, padding=1),
        nn.Conv2d(3, 3, (3, 4), padding="same"),
        nn.Softmax(dim=1),
        nn.Conv2d(3, 2, 5, stride=3),
        nn.GELU("tanh"),
        nn.Flatten(),
        nn.LazyLinear(12),
        nn.Identity(),
        nn.Tanh(),
        nn.Unflatten(1, (3, 2, 2)),
        nn.Sigmoid(),
    )
    codes = torch.randn(5, 3)
    model(codes)  # gives the lazy layer its shape, and the batch normalizations their statistics
    model.eval()
    with torch.no_grad():
        expected = model(codes).permute(0, 2, 3, 1).numpy()
    same(from_torch(model, 3), codes.numpy(), expected)
    for module, message in (
        (nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4)), "1 .LayerNorm"),
        (nn.Sequential(nn.Linear(3, 4), nn.Conv2d(1, 1, 3)), "1 .Conv2d.: .*vector"),
        (nn.Sequential(nn.Unflatten(1, (1, 3, 1)), nn.Linear(1, 4)), "1 .Linear.: .*image"),
        (nn.Sequential(nn.Linear(3, 4), nn.Softmax(dim=0)), "dim"),
        (nn.Sequential(nn.Linear(3, 4), nn.Unflatten(1, (2, 2))), "channels"),
    ):
        with pytest.raises(ValueError, match=message):
            from_torch(module, 3)


@pytest.mark.parametrize("name", layers.ACTIVATIONS)
def test_activations_as_in_tensorflow(name):
    x = np.concatenate([random.normal(size=(50, 7)) * 5, np.full((1, 7), 90.0), np.full((1, 7), -90.0)])
    x = x.astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        theirs = {"linear": tf.identity, "tanh": tf.tanh, "sigmoid": tf.sigmoid}.get(name)
        expected = session.run((theirs or getattr(tf.compat.v2.nn, name))(x))
    same(Decoder(7, [name]), x, expected)
