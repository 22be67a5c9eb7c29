"""Decoders: whether their layers fit, how they are stored and evaluated in batches, and which are refused."""

import numpy as np
import pytest
from scipy import special

from tb_plugin import codec, layers
from tb_plugin.decoder import Decoder
from tb_plugin.graph import sizes as layer_sizes
from tb_plugin.graph.evaluation import EVALUATORS
from tb_plugin.graph.sizes import SIZES
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
        ([layers.add()], r"layer 1 \(add\): it has 1 inputs, and takes 2 to 2"),
        (["tanh", layers.add().on(0, 2)], r"layer 2 \(add\): it reads \[0, 2\], it may read 0 to 1"),
        ([layers.add().on(0, -1)], r"it reads \[0, -1\]"),
        ([reshape((1, 2)), layers.constant(np.ones(3)), layers.add().on(1, 2)], "do not broadcast"),
        ([reshape((1, 2)), layers.matmul().on(1, 1)], "no matrices that fit"),
        ([reshape((1, 2)), layers.concat(0).on(1, 0)], "do not fit along axis 0"),
        ([layers.constant(np.ones((1,) * 9))], "9 axes"),
        ([layers.normalize(1, 1e-5)], "different axes"),
        ([layers.normalize([0, 0], 1e-5)], "different axes"),
        ([layers.mean([])], "different axes"),
        ([layers.slice(0, 2)], "empty picture"),
        ([layers.slice(0, 0, 1, 0)], "step positive"),
        ([layers.pad([[-2, 0]])], "crops more"),
        ([layers.pad([[2, 0]], "reflect")], "pads by more"),
        ([layers.pad([[0, 0]] * 2)], "for each of the first axes"),
        ([layers.pad([[1, 1]], "mirror")], "mode must be"),
        ([reshape((1, 2, 1)), layers.average_pool(2, padding=[[0, 2], [0, 0]])], "padding must be smaller"),
        ([reshape((1, 1, 2)), conv2d(np.ones((1, 1, 1, 3)), groups=2)], "in 2 groups"),
        ([reshape((1, 2, 1)), layers.resample(np.ones((1, 2)), np.ones((1, 2)))], "rows and columns"),
        ([layers.clamp()], "no limit"),
        ([layers.clamp(2, 1)], "above high"),
        ([layers.prelu([1, 2, 3])], "channels"),
        ([activation("softplus", beta=0)], "beta"),
        ([], "0 layers"),
        (["tanh"] * 1100, "1100 layers"),
        ([layers.Layer("lstm")], r"layer 1 \(lstm\): this kind"),
    ],
)
def test_a_layer_that_does_not_fit_is_refused_by_name(chain, message):
    with pytest.raises(ValueError, match=message):
        Decoder(2, chain)


def test_an_unknown_activation_and_weights_that_are_not_finite():
    with pytest.raises(ValueError, match="'swish' is not supported, use one of linear, relu"):
        activation("swish")
    with pytest.raises(ValueError, match="finite"):
        dense([[np.nan]])
    with pytest.raises(ValueError, match=r"\[3, 5\], this decoder takes \[N, 2\]"):
        Decoder(2, [flatten()])(np.ones((3, 5)))


def test_a_convolution_without_a_kernel_is_refused():
    spec = [{"kind": "reshape", "shape": [2, 2, 1], "weights": 0}, {"kind": "conv2d", "padding": "same", "weights": 0}]
    with pytest.raises(FormatError, match=r"layer 2 \(conv2d\): it must have a kernel and a bias"):
        Decoder.from_blob(codec.pack({"dims": 4, "layers": spec}))


# Kinds that need options, inputs or weights.
NEEDY = sorted(SIZES.keys() - layers.ACTIVATIONS.keys() - {"flatten"}) + [k for k, v in layers.ACTIVATIONS.items() if v]


def test_a_damaged_decoder_is_refused():
    odd = dict.fromkeys(
        ("axes", "axis", "padding", "strides", "size", "shape", "start", "stop", "step", "groups", "low", "alpha"), "x"
    ) | {"mode": [], "value": {}, "epsilon": [[]], "center": 1, "inputs": [1]}
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
        {"layers": [{"kind": "dense", "weights": 2, "inputs": [1]}]},
        {"layers": [{"kind": "dense", "weights": 2, "inputs": 0}]},
        {"layers": [{"kind": "dense", "weights": 2, "inputs": [False]}]},
        {"layers": [{"kind": "dense", "weights": 2, "inputs": [0, 0]}]},
        *({"layers": [{"kind": "dense", "weights": 2}, {"kind": kind, "weights": 0}]} for kind in NEEDY),
        *({"layers": [{"kind": "dense", "weights": 2}, {**odd, "kind": kind, "weights": 0}]} for kind in NEEDY),
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


def test_a_chain_is_stored_as_before_and_a_graph_with_its_inputs():
    chain = Decoder(2, [dense(np.ones((2, 4))), "tanh"])
    assert chain.header()["layers"] == [{"kind": "dense", "weights": 2}, {"kind": "tanh", "weights": 0}]
    graph = Decoder(2, [dense(np.ones((2, 2))), layers.add().on(0, 1), layers.mean(-1)])
    assert [spec.get("inputs") for spec in graph.header()["layers"]] == [None, [0, 1], None]
    codes = random.normal(size=(5, 2)).astype(np.float32)
    np.testing.assert_allclose(Decoder.from_blob(graph.to_blob())(codes), 1.5 * codes.sum(1, keepdims=True), 1e-6)


def test_values_are_freed_after_their_last_use():
    """A picture of 2^22 numbers is made again and again; if all stayed, they would be 64 of them."""
    large = [reshape((1, 1, 2)), upsample((1024, 2048))]
    many = Decoder(2, [*large, *[scale(1.0)] * 61, layers.mean([0, 1])])
    np.testing.assert_allclose(many([[1, 2]]), [[[[1, 2]]]])
    assert many._live_values([layer_sizes.size(*pair) for pair in zip(many.layers, many.shapes)]) == 2**22
    kept = [layer for k in range(5) for layer in (scale(1.0).on(2), layers.add().on(2, 3))]
    assert Decoder(2, [*large, *kept])
    with pytest.raises(ValueError, match="one picture takes 20,971,520 values in memory at layer 6"):
        Decoder(2, [*large, *[scale(1.0).on(2)] * 4, *(layers.add().on(k, k + 1) for k in (2, 3, 4, 5))])


def test_a_constant_counts_for_all_codes():
    decoder = Decoder(1, [layers.constant([[1.0, 2.0]]), layers.permute((1, 0))])
    np.testing.assert_array_equal(decoder(np.zeros((3, 1))), [[[1], [2]]] * 3)
    assert decoder(np.zeros((0, 1))).shape == (0, 2, 1)
