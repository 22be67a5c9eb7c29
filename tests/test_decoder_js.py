"""The tab's decoder against the one in NumPy: every kind of layer, every port, random decoders."""

import base64
import functools
import math
import re

import numpy as np
import pytest
from helpers.js_decoder import assert_same
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_plugin import codec, layers
from tb_plugin.decoder import Decoder
from tb_plugin.layer_evaluation import EVALUATORS
from tb_plugin.layers import activation, conv2d, conv2d_transpose, dense, flatten, permute, reshape, scale, upsample


@pytest.fixture(scope="module")
def same(modules):
    return functools.partial(assert_same, modules)


random = np.random.default_rng(0)
PICTURE = [reshape((4, 5, 3))]  # of 60 numbers


def kernel(*shape):
    return random.normal(size=shape) / math.sqrt(math.prod(shape[:-1]))


def bias(width):
    return random.normal(size=width)


LAYERS = (
    {
        "dense": [dense(kernel(60, 7), bias(7))],
        "dense of one": [dense(kernel(60, 1), bias(1))],
        "dense on pictures": [*PICTURE, dense(kernel(3, 6), bias(6))],
        "upsample": [*PICTURE, upsample((3, 2))],
        "flatten": [*PICTURE, permute((2, 0, 1)), flatten()],
        "reshape": [reshape((15, 4)), permute((1, 0)), reshape((6, 10))],
        "permute": [*PICTURE, permute((1, 2, 0))],
        "scale": [*PICTURE, scale([1, -2, 3], [0, 1, 2])],
        "scale by a number": [*PICTURE, scale(255.0)],
        "leaky_relu 0.3": [activation("leaky_relu", alpha=0.3)],
        "elu 0.7": [activation("elu", alpha=0.7)],
        "gelu approximate": [activation("gelu", approximate=True)],
    }
    | {name: [name] for name in layers.ACTIVATIONS}
    | {
        f"{kind.__name__} {size} {stride} {padding}": [
            *PICTURE,
            kind(kernel(*size, 3, width), bias(width), stride, padding),
        ]
        for kind, numbers in ((conv2d, [[2, 0], [1, 3]]), (conv2d_transpose, [[1, -2], [-1, 2]]))
        for size, width in (((1, 1), 2), ((3, 2), 4), ((4, 5), 1))
        for stride in ((1, 1), (2, 3))
        for padding in ("same", "valid", numbers)
    }
)


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(same, name):
    codes = np.concatenate([random.normal(size=(4, 60)) * 4, np.full((1, 60), 90.0), np.full((1, 60), -90.0)])
    decoder = Decoder(60, LAYERS[name])
    assert decoder(codes).std() > 1e-3
    same(decoder, codes)


def test_every_kind_is_among_them():
    assert {Decoder(60, chain).layers[-1].kind for chain in LAYERS.values()} == set(EVALUATORS)


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_is_exact_enough(same, approximate):
    decoder = Decoder(1, [activation("gelu", approximate=approximate)])
    same(decoder, np.linspace(-6, 6, 1001)[:, None], tolerance=5e-7)


def mathybit_conv():
    """The layers of the largest port's decoder, weights at random."""
    return Decoder(
        16,
        [
            dense(kernel(16, 120), bias(120)),
            "relu",
            dense(kernel(120, 320), bias(320)),
            "relu",
            dense(kernel(320, 784), bias(784)),
            "relu",
            reshape((7, 7, 16)),
            upsample(2),
            conv2d(kernel(5, 5, 16, 8), bias(8)),
            "relu",
            upsample(2),
            conv2d(kernel(6, 6, 8, 4), bias(4)),
            "relu",
            conv2d(kernel(7, 7, 4, 1), bias(1)),
            "sigmoid",
        ],
    )


def chain(*widths, between, last):
    """A decoder of dense layers."""
    made = []
    for number, (width, following) in enumerate(zip(widths, widths[1:]), 2):
        made += [dense(kernel(width, following), bias(following)), last if number == len(widths) else between]
    return Decoder(widths[0], made)


PORTS = {
    "vandenburg": lambda: chain(2, 50, 50, 784, between="tanh", last="linear"),
    "kajuvonen": lambda: chain(100, 500, 784, between="linear", last="linear"),
    "smith": lambda: chain(128, 128, 256, 784, between="relu", last="relu"),
    "mathybit_dense": lambda: chain(16, 320, 784, between="relu", last="sigmoid"),
    "mathybit_conv": mathybit_conv,
}


@pytest.mark.parametrize("name", PORTS)
def test_decoders_of_the_ports_sizes(same, name):
    decoder = PORTS[name]()
    codes = random.normal(size=(20, decoder.dims)) * 2
    assert decoder(codes).std() > 1e-3
    same(decoder, codes)


@st.composite
def decoders(draw):
    """Up to eight layers at random, each of a kind and of numbers that fit what comes before."""
    dims = draw(st.integers(1, 12))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    made = Decoder(dims, ["linear"])
    for kind in draw(st.lists(st.sampled_from(sorted(EVALUATORS)), min_size=1, max_size=8)):
        try:
            grown = Decoder(dims, [*made.layers, layer(draw, kind, made.output_shape, numbers)])
        except ValueError:  # it does not fit: an empty picture, say
            continue
        if math.prod(grown.output_shape) <= 5000:
            made = grown
    return made


def layer(draw, kind, shape, numbers):
    def weights(*sizes):
        return numbers.normal(size=sizes) / math.sqrt(math.prod(sizes[:-1]))

    def pair(low, high):
        return [draw(st.integers(low, high)), draw(st.integers(low, high))]

    out = draw(st.integers(1, 9))
    if kind == "dense":
        return dense(weights(shape[-1], out), numbers.normal(size=out))
    if kind in ("conv2d", "conv2d_transpose"):
        low = 0 if kind == "conv2d" else -2
        padding = draw(st.one_of(st.sampled_from(["same", "valid"]), st.just([pair(low, 3), pair(low, 3)])))
        return getattr(layers, kind)(
            weights(*pair(1, 4), shape[-1], out), numbers.normal(size=out), pair(1, 3), padding
        )
    if kind == "upsample":
        return upsample(pair(1, 3))
    if kind == "reshape":
        size = math.prod(shape)
        height = draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
        width = draw(st.sampled_from([n for n in range(1, size // height + 1) if size // height % n == 0]))
        return reshape((height, width, size // height // width))
    if kind == "permute":
        return permute(draw(st.permutations(range(len(shape)))))
    if kind == "scale":
        return scale(numbers.normal(size=draw(st.sampled_from([1, shape[-1]]))), numbers.normal())
    if kind in ("leaky_relu", "elu"):
        return activation(kind, alpha=draw(st.floats(0, 2)))
    if kind == "gelu":
        return activation(kind, approximate=draw(st.booleans()))
    return flatten() if kind == "flatten" else activation(kind)


@settings(max_examples=200, deadline=None)
@given(decoder=decoders(), n=st.integers(0, 4), seed=st.integers(0, 2**32 - 1))
def test_decoders_at_random(same, decoder, n, seed):
    same(decoder, np.random.default_rng(seed).normal(size=(n, decoder.dims)) * 3)


def refusal(modules, blob):
    """Returns the error about a blob, or an empty string."""
    return modules.evaluate(
        """async (text) => {
      const { Decoder } = await import("./decode/decoder.js");
      try {
        Decoder.parse(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
      } catch (error) {
        return error.constructor === Error ? error.message : `not a clear error: ${error.stack}`;
      }
      return "";
    }""",
        base64.b64encode(blob).decode(),
    )


def test_a_damaged_blob_is_refused_in_a_sentence(modules):
    good = Decoder(2, [dense(kernel(2, 4), bias(4)), "tanh"])
    blob = good.to_blob()
    header, arrays = codec.unpack(blob)
    assert refusal(modules, blob) == ""
    damaged = {
        b"": "not a blob",
        blob[:8]: "not a blob",
        b"X" + blob[1:]: "not a blob",
        blob[:40]: "cut short",
        blob[:-1]: "shorter",
        blob + b"0": "longer",
        codec.pack({**header, "dims": 3}, *arrays): r"Layer 1 \(dense\).*does not fit an input of",
        codec.pack({**header, "dims": "2"}, *arrays): "no layers",
        codec.pack({**header, "layers": []}, *arrays): "no layers",
        codec.pack({**header, "layers": 7}, *arrays): "no layers",
        codec.pack(header, *arrays, arrays[0]): "more weights",
        codec.pack(header, arrays[0]): "Layer 1 .dense.",
        codec.pack(header, *arrays, compress=True): "plain arrays",
        codec.pack(header, arrays[0] * np.float32(np.nan), arrays[1]): "not finite",
        codec.pack(header, arrays[0].astype(np.float16), arrays[1]): "float32",
        codec.pack({**header, "layers": [{"kind": "lstm", "weights": 2}]}, *arrays): "Layer 1 .lstm.*not known",
        codec.pack({**header, "layers": [{"kind": "toString", "weights": 2}]}, *arrays): "not known",
        codec.pack({**header, "layers": [{"kind": "conv2d", "weights": 2}]}, *arrays): "Layer 1 .conv2d.",
        codec.pack(
            {**header, "layers": [*header["layers"], {"kind": "upsample", "size": [9, 9], "weights": 0}]}, *arrays
        ): "Layer 3 .upsample.",
    }
    for data, message in damaged.items():
        said = refusal(modules, data)
        assert said.endswith("."), (message, said)
        assert re.search(message, said), (message, said)
