"""Decoders: whether their layers fit, how they are stored and evaluated in batches, and which are refused."""

import numpy as np
import pytest
from scipy import special

from tb_plugin import codec, layers
from tb_plugin.decoder import Decoder
from tb_plugin.layer_evaluation import EVALUATORS
from tb_plugin.layer_sizes import SIZES
from tb_plugin.layers import activation, conv2d, dense, flatten, permute, reshape, scale, upsample
from tb_plugin.metadata import FormatError

random = np.random.default_rng(0)


def test_every_kind_of_layer_has_a_size_an_evaluator_and_a_constructor():
    assert SIZES.keys() == EVALUATORS.keys()
    for kind in SIZES:
        assert kind in layers.ACTIVATIONS or callable(getattr(layers, kind))


def test_float16_halves_the_bytes_and_keeps_three_digits():
    decoder = Decoder(2, [dense(random.normal(size=(2, 784)), np.zeros(784)), "tanh"])
    codes = random.normal(size=(9, 2))
    half = decoder.to_blob(float16=True)
    assert len(half) < 0.6 * len(decoder.to_blob())
    error = np.abs(Decoder.from_blob(half)(codes) - decoder(codes)).max()
    assert 0 < error < 5e-3
    with pytest.raises(ValueError, match="float16"):
        Decoder(2, [dense(np.full((2, 2), 1e6))]).to_blob(float16=True)


def test_a_large_batch_is_evaluated_in_parts():
    decoder = Decoder(1, [dense(np.ones((1, 1024))), reshape((32, 32, 1)), upsample(16)])
    pictures = decoder(np.arange(50)[:, None])
    assert pictures.shape == (50, 512, 512, 1)
    np.testing.assert_array_equal(pictures[:, 100, 7, 0], np.arange(50))


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ([dense(np.ones((3, 4)))], r"layer 1 \(dense\): the kernel is \[3, 4\] and the input \[2\]"),
        ([dense(np.ones((2, 4)), np.ones(3))], r"layer 1 \(dense\).*bias \[3\]"),
        (
            [dense(np.ones((2, 4))), "tanh", reshape((3, 3))],
            r"layer 3 \(reshape\): the input \[4\] cannot be reshaped",
        ),
        ([conv2d(np.ones((3, 3, 1, 1)))], r"layer 1 \(conv2d\): the input is \[2\], it must be \[height"),
        ([reshape((1, 2, 1)), conv2d(np.ones((3, 3, 1, 1)), padding="valid")], "empty picture"),
        ([reshape((1, 2, 1)), conv2d(np.ones((3, 3, 1, 1)), padding="full")], "padding is 'full'"),
        ([reshape((1, 2, 1)), conv2d(np.ones((3, 3, 1, 1)), strides=0, padding=[[0, 0], [0, 0]])], "strides"),
        ([reshape((1, 2, 1)), upsample(4096)], "one picture takes 33,554,432 values"),
        ([permute((1, 0))], "axes"),
        ([scale([1, 2, 3])], "channels"),
        ([activation("leaky_relu", alpha=1e9)], "number"),
        ([], "0 layers"),
        (["tanh"] * 300, "300 layers"),
        ([layers.Layer("lstm")], r"layer 1 \(lstm\): this kind"),
    ],
)
def test_a_layer_that_does_not_fit_is_refused_by_name(chain, message):
    with pytest.raises(ValueError, match=message):
        Decoder(2, chain)


def test_an_unknown_activation_and_weights_that_are_not_finite():
    with pytest.raises(ValueError, match="'mish' is not supported, use one of linear, relu"):
        activation("mish")
    with pytest.raises(ValueError, match="finite"):
        dense([[np.nan]])
    with pytest.raises(ValueError, match=r"\[3, 5\], this decoder takes \[N, 2\]"):
        Decoder(2, [flatten()])(np.ones((3, 5)))


def test_a_convolution_without_a_kernel_is_refused():
    spec = [{"kind": "reshape", "shape": [2, 2, 1], "weights": 0}, {"kind": "conv2d", "padding": "same", "weights": 0}]
    with pytest.raises(FormatError, match=r"layer 2 \(conv2d\): it must have a kernel and a bias"):
        Decoder.from_blob(codec.pack({"dims": 4, "layers": spec}))


def test_a_damaged_decoder_is_refused():
    decoder = Decoder(2, [dense(np.ones((2, 4))), "tanh"])
    header, arrays = codec.unpack(decoder.to_blob())
    for change in (
        {"dims": 3},
        {"dims": "2"},
        {"layers": []},
        {"layers": 7},
        {"layers": [{"kind": "dense"}]},
        {"layers": [{"kind": ["dense"], "weights": 2}]},
        {"layers": [{"kind": "dense", "weights": 1}]},
        {"layers": [{"kind": "conv2d", "weights": 2}]},
        {"layers": [{"kind": "elu", "weights": 2}]},
        {"layers": [{"kind": "lstm", "padding": "same", "weights": 2}]},
        {"layers": [{"kind": "conv2d", "padding": "same", "weights": 2}]},
        {"layers": [{"kind": "dense", "weights": 2}, {"kind": "elu", "alpha": "x", "weights": 0}]},
        {"layers": [{"kind": "dense", "weights": 2}, {"kind": "upsample", "size": 2, "weights": 0}]},
        {"layers": [{"kind": "dense", "weights": 2}, {"kind": "permute", "axes": [0.0], "weights": 0}]},
    ):
        with pytest.raises(FormatError):
            Decoder.from_blob(codec.pack({**header, **change}, *arrays))
    with pytest.raises(FormatError, match="finite"):
        Decoder.from_blob(codec.pack(header, arrays[0] * np.float32(np.nan), arrays[1]))


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_has_the_error_function_without_scipy(approximate):
    x = np.linspace(-12, 12, 100_001).astype(np.float32)
    expected = 0.5 * x * (1 + special.erf(x.astype(np.float64) / np.sqrt(2)))
    found = Decoder(1, [activation("gelu", approximate=approximate)])(x[:, None])[:, 0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 if approximate else 1e-6)
