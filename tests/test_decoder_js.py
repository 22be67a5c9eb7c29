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
from tb_plugin.graph import resampling
from tb_plugin.graph.evaluation import EVALUATORS
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
        "softplus": [activation("softplus", beta=0.5, threshold=2.0)],
        "celu": [activation("celu", alpha=0.7)],
        "prelu": [*PICTURE, layers.prelu([0.1, 0.2, -0.3])],
        "clamp": [layers.clamp(-1, 2)],
        "clamp from below": [layers.clamp(low=0.5)],
        "normalize": [*PICTURE, layers.normalize([0, 1], 1e-5)],
        "normalize vectors": [layers.normalize(-1, 1e-2, center=False)],
        "average_pool": [*PICTURE, layers.average_pool((2, 3), 1, [[1, 1], [2, 2]])],
        "average_pool with padding": [*PICTURE, layers.average_pool(3, 2, "same", True)],
        "max_pool": [*PICTURE, layers.max_pool((2, 3), (1, 2), [[1, 0], [0, 2]])],
        "mean": [*PICTURE, layers.mean([0, 2])],
        "sum": [*PICTURE, layers.sum(1)],
        "max": [*PICTURE, layers.max([0, 1])],
        "pad": [*PICTURE, layers.pad([[2, -1], [-1, 3]], value=2.5)],
        "pad by reflection": [*PICTURE, layers.pad([[3, 1], [-1, 2]], "reflect")],
        "pad by the edge": [*PICTURE, layers.pad([[2, 9], [-1, 3], [1, 0]], "edge")],
        "pad around": [*PICTURE, layers.pad([[4, 1], [-2, 3]], "wrap")],
        "slice": [*PICTURE, layers.slice(1, 1, None, 2)],
        "resample": [*PICTURE, layers.resample(resampling.linear(4, 9), resampling.cubic(5, 7))],
        "resample to less": [*PICTURE, layers.resample(resampling.nearest(4, 3), resampling.linear(5, 1))],
        "concat": [*PICTURE, "sin", layers.concat(1).on(1, 2, 1)],
        "constant": [layers.constant(bias(7))],
        "constant kept": [layers.constant(bias(60)), layers.add().on(0, 1), "sin", layers.multiply().on(1, 3)],
        "constant whose memory no other takes": [
            layers.constant(bias(60)),
            layers.add().on(0, 1),
            *(dense(kernel(60, 60)) for _ in range(3)),
        ],
        "add": [activation("sin").on(0), layers.add().on(0, 1)],
        "subtract": [*PICTURE, layers.mean([0]), layers.subtract().on(2, 1)],
        "multiply": [*PICTURE, layers.mean([1]), layers.multiply().on(1, 2)],
        "divide": [*PICTURE, "hard_sigmoid", scale(1.0, 1.0), layers.divide().on(1, 3)],
        "maximum": [*PICTURE, layers.constant(bias(3)), layers.maximum().on(2, 1)],
        "matmul": [reshape((3, 4, 5)), permute((0, 2, 1)), layers.matmul().on(1, 2)],
        "matmul of many": [reshape((6, 10)), layers.constant(kernel(2, 1, 10, 9)), layers.matmul().on(1, 2)],
        "a residual block": [*PICTURE, conv2d(kernel(3, 3, 3, 3)), "relu", layers.add().on(1, 3), "tanh"],
        "an output that none reads": [activation("sin").on(0), activation("cos").on(0), dense(kernel(60, 3)).on(0)],
    }
    | {name: [name] for name in layers.ACTIVATIONS}
    | {"exp": [scale(0.1), "exp"], "log": ["square", scale(1.0, 1.0), "log"], "sqrt": ["square", "sqrt"]}
    | {
        f"{kind.__name__} in {groups} groups, {dilation}": [
            reshape((5, 3, 4)),
            kind(kernel(3, 2, 4 // groups, 8), bias(8), (2, 1), [[1, 1], [1, 0]], groups, dilation),
        ]
        for kind in (conv2d, conv2d_transpose)
        for groups in (1, 2, 4)
        for dilation in (1, (2, 2))
    }
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
    """Returns the layers of the largest port's decoder, weights at random."""
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
    """Returns a decoder of dense layers."""
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


KINDS = sorted(set(EVALUATORS) - {"exp", "square", "reciprocal", "log", "sqrt"})  # of which rounding errors grow
BINARY = {"add", "subtract", "multiply", "divide", "maximum"}


def fits(kind, a, b):
    """Returns whether a layer of this kind may read values of these shapes."""
    if kind == "matmul":
        return len(a) > 1 and len(b) > 1 and a[-1] == b[-2] and a[:-2] == b[:-2]
    if kind == "concat":
        return a[1:] == b[1:]
    return kind not in BINARY or all(1 in pair or pair[0] == pair[1] for pair in zip(a[::-1], b[::-1]))


@st.composite
def decoders(draw):
    """Draws up to eight layers at random, each of a kind and of numbers that fit what comes before."""
    dims = draw(st.integers(1, 12))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    made = Decoder(dims, ["linear"])
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=8)):
        if kind == "divide":
            made = Decoder(dims, [*made.layers, "hard_sigmoid", scale(1.0, 1.0)])  # nothing is divided by 0
        last = len(made.layers)
        fitting = [position for position in range(last + 1) if fits(kind, made.shapes[position], made.output_shape)]
        other = draw(st.sampled_from(fitting)) if fitting else last
        try:
            grown = Decoder(dims, [*made.layers, layer(draw, kind, made.shapes, other, numbers)])
        except ValueError:  # it does not fit: an empty picture, say
            continue
        if math.prod(grown.output_shape) <= 5000:
            made = grown
    return made


def layer(draw, kind, shapes, other, numbers):
    """Returns a layer that reads the value at position `other`, and perhaps the last one."""
    shape, last = shapes[other], len(shapes) - 1

    def weights(*sizes):
        return numbers.normal(size=sizes) / math.sqrt(math.prod(sizes[:-1]))

    def pair(low, high):
        return [draw(st.integers(low, high)), draw(st.integers(low, high))]

    def axes():
        return draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))

    def one_input():
        out = draw(st.integers(1, 9))
        match kind:
            case "dense":
                return dense(weights(shape[-1], out), numbers.normal(size=out))
            case "conv2d" | "conv2d_transpose":
                low = 0 if kind == "conv2d" else -2
                padding = draw(st.one_of(st.sampled_from(["same", "valid"]), st.just([pair(low, 3), pair(low, 3)])))
                groups = draw(st.sampled_from([n for n in range(1, shape[-1] + 1) if shape[-1] % n == 0]))
                made = weights(*pair(1, 4), shape[-1] // groups, groups * draw(st.integers(1, 3)))
                biases = numbers.normal(size=made.shape[-1])
                return getattr(layers, kind)(made, biases, pair(1, 3), padding, groups, pair(1, 2))
            case "average_pool":
                return layers.average_pool(pair(1, 4), pair(1, 3), [pair(0, 2), pair(0, 2)], draw(st.booleans()))
            case "max_pool":
                return layers.max_pool(pair(1, 4), pair(1, 3), [pair(0, 2), pair(0, 2)])
            case "resample":
                matrix = draw(st.sampled_from([resampling.linear, resampling.cubic, resampling.nearest]))
                return layers.resample(matrix(shape[0], draw(st.integers(1, 9))), matrix(shape[len(shape) > 1], out))
            case "upsample":
                return upsample(pair(1, 3))
            case "reshape":
                size = math.prod(shape)
                height = draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
                width = draw(st.sampled_from([n for n in range(1, size // height + 1) if size // height % n == 0]))
                return reshape((height, width, size // height // width))
            case "permute":
                return permute(draw(st.permutations(range(len(shape)))))
            case "pad":
                mode = draw(st.sampled_from(["constant", "edge", "reflect", "wrap"]))
                return layers.pad([pair(-2, 4) for _ in shape[: draw(st.integers(1, 3))]], mode, numbers.normal())
            case "slice":
                ends = [draw(st.none() | st.integers(-5, 5)) for _ in range(2)]
                return layers.slice(*axes()[:1], *ends, draw(st.integers(1, 3)))
            case "mean" | "sum" | "max":
                return getattr(layers, kind)(axes())
            case "normalize":
                return layers.normalize(axes(), 0.1, draw(st.booleans()))
            case "scale":
                return scale(numbers.normal(size=draw(st.sampled_from([1, shape[-1]]))), numbers.normal())
            case "prelu":
                return layers.prelu(numbers.normal(size=draw(st.sampled_from([1, shape[-1]]))))
            case "clamp":
                return layers.clamp(-1, draw(st.none() | st.floats(0, 2)))
            case "leaky_relu" | "elu":
                return activation(kind, alpha=draw(st.floats(0, 2)))
            case "gelu":
                return activation(kind, approximate=draw(st.booleans()))
        return flatten() if kind == "flatten" else activation(kind)

    if kind == "constant":
        return layers.constant(numbers.normal(size=shape))
    if kind == "concat":
        return layers.concat(0).on(other, last, other)
    if kind in BINARY or kind == "matmul":
        return getattr(layers, kind)().on(other, last)
    return one_input().on(other)


@settings(max_examples=200, deadline=None)
@given(decoder=decoders(), n=st.integers(0, 4), seed=st.integers(0, 2**32 - 1))
def test_decoders_at_random(same, decoder, n, seed):
    same(decoder, np.random.default_rng(seed).normal(size=(n, decoder.dims)) * 3, tolerance=1e-4)


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
        codec.pack(header, arrays[0].astype(np.float16), arrays[1]): "no known type",
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
