"""Each layer in NumPy against the module or function of PyTorch that it stands for."""

import numpy as np
import pytest

from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.graph import resampling
from tb_plugin.layers import activation, reshape

torch = pytest.importorskip("torch", reason="NOT TESTED against PyTorch: pip install torch")
F = torch.nn.functional
random = np.random.default_rng(0)
x = random.normal(size=(3, 6, 5, 4)).astype("f4") * 3  # images, height 6, width 5, 4 channels


def normal(*shape):
    return random.normal(size=shape).astype("f4")


def ours(*chain):
    return Decoder(120, [reshape((6, 5, 4)), *chain])(x.reshape(3, -1))


def theirs(function, *arguments, **options):
    return function(torch.tensor(x).permute(0, 3, 1, 2), *arguments, **options).permute(0, 2, 3, 1).numpy()


def check(found, expected, tolerance=1e-5):
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


ACTIVATIONS = {
    "silu": F.silu,
    "mish": F.mish,
    "selu": F.selu,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "log_sigmoid": F.logsigmoid,
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "reciprocal": torch.reciprocal,
    "abs": torch.abs,
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "gelu": F.gelu,
    "elu": F.elu,
    "celu": F.celu,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    check(ours(name), theirs(ACTIVATIONS[name]))


def test_activations_with_options():
    check(ours(activation("softplus", beta=2.0, threshold=3.0)), theirs(lambda v: F.softplus(v, 2, 3)))
    check(ours(activation("celu", alpha=0.3)), theirs(lambda v: F.celu(v, 0.3)))
    check(ours(layers.clamp(0, 6)), theirs(F.relu6))
    check(ours(layers.clamp(-1, 1)), theirs(F.hardtanh))
    check(ours(layers.clamp(low=0.5)), theirs(lambda v: torch.clamp(v, min=0.5)))
    alpha = normal(4)
    check(ours(layers.prelu(alpha)), theirs(lambda v: F.prelu(v, torch.tensor(alpha))))
    check(ours(layers.prelu(0.3)), theirs(lambda v: F.prelu(v, torch.tensor([0.3]))))


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("dilation", [1, (2, 1)])
@pytest.mark.parametrize("stride", [1, (2, 3)])
def test_convolutions(groups, dilation, stride):
    weight, bias = normal(8, 4 // groups, 3, 2), normal(8)
    expected = theirs(lambda v: F.conv2d(v, torch.tensor(weight), torch.tensor(bias), stride, (1, 2), dilation, groups))
    layer = layers.conv2d(weight.transpose(2, 3, 1, 0), bias, stride, [[1, 1], [2, 2]], groups, dilation)
    check(ours(layer), expected)
    weight = normal(4, 8 // groups, 3, 2)
    expected = theirs(
        lambda v: F.conv_transpose2d(
            v, torch.tensor(weight), torch.tensor(bias), stride, (1, 0), 0, groups, dilation=dilation
        )
    )
    kernel = weight.reshape(groups, 4 // groups, 8 // groups, 3, 2).transpose(3, 4, 1, 0, 2).reshape(3, 2, -1, 8)
    check(ours(layers.conv2d_transpose(kernel, bias, stride, [[1, 1], [0, 0]], groups, dilation)), expected)


@pytest.mark.parametrize("counted", [True, False])
def test_pooling(counted):
    average = layers.average_pool((3, 2), (2, 1), [[1, 1], [1, 1]], counted)
    check(ours(average), theirs(lambda v: F.avg_pool2d(v, (3, 2), (2, 1), 1, count_include_pad=counted)))
    check(ours(layers.max_pool(3, 2, [[1, 1], [1, 1]])), theirs(lambda v: F.max_pool2d(v, 3, 2, 1)))


@pytest.mark.parametrize(("mode", "name"), [("reflect",) * 2, ("edge", "replicate"), ("wrap", "circular")])
def test_padding(mode, name):
    check(ours(layers.pad([[2, 1], [1, 3]], mode)), theirs(lambda v: F.pad(v, (1, 3, 2, 1), name)))
    check(ours(layers.pad([[-2, 1], [3, -1]], value=5.0)), theirs(lambda v: F.pad(v, (3, -1, -2, 1), value=5.0)))


@pytest.mark.parametrize("size", [(12, 10), (13, 11), (3, 2), (6, 17), (1, 1)])
@pytest.mark.parametrize(("corners", "smooth"), [(False, False), (True, False), (False, True)])
def test_resampling(size, corners, smooth):
    for mode, matrix in (("bilinear", resampling.linear), ("bicubic", resampling.cubic)):
        made = [matrix(*pair, align_corners=corners, antialias=smooth) for pair in zip((6, 5), size)]
        expected = theirs(F.interpolate, size, mode=mode, align_corners=corners, antialias=smooth)
        check(ours(layers.resample(*made)), expected)
    for mode, center in (("nearest", False), ("nearest-exact", True)):
        made = [resampling.nearest(*pair, center=center) for pair in zip((6, 5), size)]
        check(ours(layers.resample(*made)), theirs(F.interpolate, size, mode=mode))


@pytest.mark.parametrize("factor", [2.0, 1.7, 0.6, 3.3])
def test_resampling_by_a_scale_factor(factor):
    for mode, matrix in (
        ("bilinear", resampling.linear),
        ("bicubic", resampling.cubic),
        ("nearest", resampling.nearest),
    ):
        made = [matrix(n, int(n * factor), scale=1 / factor) for n in (6, 5)]
        check(ours(layers.resample(*made)), theirs(F.interpolate, scale_factor=factor, mode=mode))


def test_normalization():
    check(ours(layers.normalize(-1, 1e-5)), torch.nn.functional.layer_norm(torch.tensor(x), [4]).numpy())
    check(ours(layers.normalize([0, 1, 2], 1e-5)), F.layer_norm(torch.tensor(x), [6, 5, 4]).numpy())
    check(ours(layers.normalize([0, 1], 1e-5)), theirs(F.instance_norm))
    groups = [reshape((6, 5, 2, 2)), layers.normalize([0, 1, 3], 1e-5), reshape((6, 5, 4))]
    check(ours(*groups), theirs(lambda v: F.group_norm(v, 2)))
    check(ours(layers.normalize(-1, 1e-5, center=False)), F.rms_norm(torch.tensor(x), [4], eps=1e-5).numpy())


def test_reductions_and_parts():
    t = torch.tensor(x)
    check(ours(layers.mean([0, 1])), t.mean((1, 2), keepdim=True).numpy())
    check(ours(layers.sum(-1)), t.sum(3, keepdim=True).numpy())
    check(ours(layers.max(1)), t.amax(2, keepdim=True).numpy())
    check(ours(layers.slice(-1, 1, -1)), x[..., 1:-1])
    check(ours(layers.slice(0, None, None, 2)), x[:, ::2])
    shuffled = [reshape((6, 5, 1, 2, 2)), layers.permute((0, 3, 1, 4, 2)), reshape((12, 10, 1))]
    check(ours(*shuffled), theirs(lambda v: F.pixel_shuffle(v, 2)))


def test_layers_of_several_inputs():
    """1 is the image, 2 and 3 are functions of it."""
    two = [layers.activation("sin").on(1), layers.activation("cos").on(1)]
    a, b = np.sin(x), np.cos(x)
    check(ours(*two, layers.add().on(2, 3)), a + b)
    check(ours(*two, layers.subtract().on(2, 3)), a - b)
    check(ours(*two, layers.multiply().on(2, 3)), a * b)
    check(ours(*two, layers.divide().on(2, 3)), a / b, 1e-4)
    check(ours(*two, layers.maximum().on(2, 3)), np.maximum(a, b))
    check(ours(*two, layers.concat(-1).on(3, 2, 1)), np.concatenate([b, a, x], -1))
    check(ours(*two, layers.permute((0, 2, 1)).on(3), layers.matmul().on(2, 4)), a @ b.swapaxes(-1, -2))
    check(ours(layers.constant(normal(5, 1) * 0 + 7), layers.multiply().on(1, 2)), x * 7)
    check(ours(layers.constant([[7.0] * 4]), layers.concat(0).on(2, 2)), np.full((3, 2, 4), 7, "f4"))
