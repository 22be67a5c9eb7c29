"""Decoders converted from PyTorch against what the models compute; what cannot be converted is refused in one line."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="NOT TESTED with PyTorch: the extra `frameworks` is not installed")

from helpers.architectures import ARCHITECTURES  # noqa: E402 - it needs PyTorch
from helpers.js_decoder import assert_same  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from tb_plugin import layers  # noqa: E402
from tb_plugin.convert import conversion  # noqa: E402
from tb_plugin.decoder import Decoder  # noqa: E402
from tb_plugin.encoder import Encoder  # noqa: E402
from tb_plugin.from_torch import encoder_from_torch, from_torch  # noqa: E402


def same(model, dims, expected=None, **options):
    """Asserts that the stored form of the decoder of a model returns what `expected` does, by default the model."""
    decoder = Decoder.from_blob(from_torch(model, dims, **options).to_blob())
    codes = torch.randn(5, dims, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        theirs = (expected or model)(codes).numpy()
    found = decoder(codes.numpy())
    assert found.shape == theirs.shape
    np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-4)
    return decoder


def kinds(decoder):
    return [layer.kind for layer in decoder.layers]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_public_architectures(name, modules):
    """`from_torch` itself compares each with its model on other codes than it followed."""
    model, options = ARCHITECTURES[name]()
    decoder = from_torch(model, **options)
    assert_same(modules, decoder, np.random.default_rng(0).normal(size=(3, decoder.dims)), 1e-4)
    pictures = decoder(np.random.default_rng(1).normal(size=(4, options["dims"])).astype("f4"))
    assert np.isfinite(pictures).all()
    assert pictures.std(axis=0).max() > 1e-4, "the pictures do not depend on the codes"


def test_there_are_at_least_twenty():
    assert len(ARCHITECTURES) >= 20


class Crossed(nn.Module):
    """Its children stand in another order than its `forward` takes them."""

    def __init__(self):
        super().__init__()
        self.b, self.a = nn.Linear(50, 9), nn.Linear(2, 50)

    def forward(self, z):
        return torch.sigmoid(self.b(torch.relu(self.a(z))))


def test_it_follows_forward():
    assert kinds(same(Crossed(), 2)) == ["dense", "relu", "dense", "sigmoid"]


def test_a_module_that_appears_twice():
    relu = nn.ReLU()
    model = nn.Sequential(nn.Linear(2, 50), relu, nn.Linear(50, 50), relu, nn.Linear(50, 9))
    assert kinds(same(model, 2)) == ["dense", "relu", "dense", "relu", "dense"]


def test_a_single_layer():
    assert kinds(same(nn.Linear(2, 4), 2)) == ["dense"]


class Flatten(nn.Module):
    """A module of one's own with the name of one of PyTorch's."""

    def forward(self, x):
        return 2 * x


def test_a_name_says_nothing():
    same(nn.Sequential(nn.Linear(2, 4), Flatten()), 2)


def test_the_order_of_the_numbers_in_a_vector():
    model = nn.Sequential(nn.Linear(2, 3 * 4 * 5), nn.Sigmoid())
    with pytest.raises(ValueError, match='image_order: is the vector in the order "HWC" or "CHW"'):
        from_torch(model, 2, image_shape=(4, 5, 3))
    same(model, 2, lambda z: model(z).view(-1, 3, 4, 5).permute(0, 2, 3, 1), image_shape=(4, 5, 3), image_order="CHW")
    same(model, 2, lambda z: model(z).view(-1, 4, 5, 3), image_shape=(4, 5, 3), image_order="HWC")
    with pytest.raises(ValueError, match=r"image_shape: it is \[4, 4, 3\], the model returns \[60\]"):
        from_torch(model, 2, image_shape=(4, 4, 3), image_order="HWC")


def test_the_range_of_pixels():
    model = nn.Sequential(nn.Linear(2, 9), nn.Tanh())
    same(model, 2, lambda z: (model(z) + 1) / 2, value_range=(-1, 1))
    same(model, 2, lambda z: torch.sigmoid(model(z)), value_range="logits")
    for wrong in ((1, -1), "sigmoid", 2):
        with pytest.raises(ValueError, match="value_range: it is .* it must be"):
            from_torch(model, 2, value_range=wrong)


def test_weights_are_those_of_this_moment():
    model = nn.Sequential(nn.utils.weight_norm(nn.Linear(2, 3)))
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    codes = torch.ones(1, 2)
    decoded = from_torch(model, 2)(codes.numpy())
    with torch.no_grad():
        np.testing.assert_allclose(decoded, model(codes).numpy(), atol=1e-6)


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 4))
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.random.get_rng_state()
    from_torch(model, 2)
    assert [module.training for module in model] == [True, False, True, True]
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())


def test_modules_that_a_function_calls_are_put_into_eval_and_back():
    model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 4))
    same(lambda z: model(z) + 1, 2, lambda z: model.eval()(z) + 1)
    model.train()[1].eval()
    from_torch(lambda z: model(z) + 1, 2)
    assert [module.training for module in (model, *model)] == [True, True, False, True, True]


def test_a_concatenation_of_one():
    same(lambda z: torch.cat([z], 1) * 2, 2)


def test_autocast_of_a_training_loop():
    model = nn.Linear(2, 4)
    with torch.autocast("cpu", torch.bfloat16):
        decoder = from_torch(model, 2)
    codes = torch.ones(1, 2)
    np.testing.assert_allclose(decoder(codes.numpy()), model(codes).detach().numpy(), atol=1e-6)


def test_a_condition_that_the_model_looks_at():
    """As VAE-CVAE-MNIST does: idx2onehot asserts that the class is there."""

    def model(codes, label):
        assert torch.max(label).item() < 3
        return torch.cat((codes, torch.zeros(len(label), 3).scatter_(1, label[:, None], 1)), 1)

    same(model, 2, lambda z: model(z, torch.full((len(z),), 2)), condition=2)
    with pytest.raises(ValueError, match="fails on codes"):
        from_torch(model, 2, condition=3)


class Sequence(nn.Module):
    """Runs a module on a code as a sequence, the batch axis first or second, and returns its first output."""

    def __init__(self, module, batch_first=True):
        super().__init__()
        self.module, self.batch_first = module, batch_first

    def forward(self, z):
        x = z.view(-1, 4, 6)
        x = x if self.batch_first else x.transpose(0, 1)
        more = {nn.MultiheadAttention: (x, x), nn.TransformerDecoder: (x,)}.get(type(self.module), ())
        y = self.module(x, *more)
        y = y[0] if isinstance(y, tuple) else y
        return y if self.batch_first else y.transpose(0, 1)


SEQUENCES = {
    "attention": lambda first: nn.MultiheadAttention(6, 2, batch_first=first),
    "encoder": lambda first: nn.TransformerEncoderLayer(6, 2, 12, batch_first=first),
    "decoder": lambda first: nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 2, 12, batch_first=first), 2),
    "gru": lambda first: nn.GRU(6, 5, batch_first=first),
    "lstm": lambda first: nn.LSTM(6, 5, 2, batch_first=first),
}


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences(name, batch_first):
    torch.manual_seed(0)
    model = Sequence(SEQUENCES[name](batch_first), batch_first)
    same(model, 24, lambda z: model.eval()(z))


def test_a_transformer_with_learned_queries():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.queries = nn.Parameter(torch.randn(1, 7, 6))
            self.layers = nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 2, 12, batch_first=True), 2)

        def forward(self, z):
            return self.layers(self.queries.expand(len(z), -1, -1), z.view(-1, 4, 6))

    model = Model()
    same(model, 24, lambda z: model.eval()(z))


# Functions of images that move the batch axis, or merge it with others.
MOVED = {
    "pixels as rows": lambda x: F.linear(x.permute(0, 2, 3, 1).reshape(-1, 4), torch.arange(8.0).view(2, 4)).view(
        -1, 72
    ),
    "channels as images": lambda x: F.conv2d(
        x.reshape(-1, 1, 6, 6), torch.arange(18.0).view(2, 1, 3, 3), torch.arange(2.0)
    ).view(-1, 128),
    "channels as images, enlarged": lambda x: F.interpolate(
        F.conv_transpose2d(x.reshape(-1, 2, 6, 6), torch.arange(12.0).view(2, 3, 1, 2)), scale_factor=2
    ).reshape(-1, 3 * 2 * 12 * 14),
    "rows as batch": lambda x: (x.transpose(0, 2) * torch.arange(6.0).view(6, 1, 1, 1)).transpose(0, 2).flatten(1),
    "normalized": lambda x: F.layer_norm(x.reshape(-1, 36), (36,)).view(-1, 144),
    "groups": lambda x: F.group_norm(x.flatten(0, 1).view(-1, 2, 6, 6), 2, torch.tensor([2.0, 3.0])).view(-1, 144),
    "shuffled": lambda x: F.pixel_shuffle(x.unsqueeze(0).squeeze(0), 2).flatten(1),
    "a loop": lambda x: torch.stack([each * 2 for each in x]).flatten(1),
    "norm": lambda x: x.flatten(1) / x.flatten(1).norm(dim=1)[:, None],
}


@pytest.mark.parametrize("name", MOVED)
def test_a_batch_axis_that_moves(name):
    same(lambda z: MOVED[name](z.view(-1, 4, 6, 6)), 144)


def test_double_precision():
    model = nn.Linear(2, 4).double()
    same(model, 2, lambda z: model(z.double()).float())


def test_a_function_of_codes_and_a_method():
    model = Crossed()
    model.decode = lambda z: (model(z), "more")
    same(lambda z: model.decode(z)[0], 2, model)
    model.decode = model.forward
    same(model, 2, method="decode")


REFUSED = {
    "draws random numbers; give a function that draws none": lambda z: z + torch.randn_like(z),
    r"randn_like.default at \"return noisy\(z\)\"|random": lambda z: z * torch.rand(2),
    "a tuple of 2; give a function": lambda z: (z, z),
    "a dict of 1; give a function": lambda z: {"x": z},
    "do not depend on the codes": lambda z: torch.ones(len(z), 4),
    "fft_fft.*not supported; give `reconstructions`": lambda z: torch.fft.fft(z).real,
    "merges the batch axis": lambda z: z.reshape(-1),
    "along the batch axis": lambda z: z - z.mean(0),
    "moves the batch axis": lambda z: z.view(-1, 2, 1).permute(1, 0, 2),
    r"fails on codes \[3, 2\]: RuntimeError": nn.Linear(3, 4),
    r"; does it take input_shape=\(2, 1, 1\)\?": nn.ConvTranspose2d(2, 4, 3),
    "eval.. with running statistics": nn.BatchNorm1d(2, track_running_stats=False),
    "computes in bfloat16; give a copy in float32": nn.Linear(2, 2).bfloat16(),
    "it writes into a part of a tensor; use torch.cat": lambda z: (part := z * 1, part[:, 0].add_(1))[0],
    r"fails on codes .* at .*test_from_torch.py:\d+\): ValueError: it reads a number that depends": lambda z: (
        z if z.mean() > 0 else -z
    ),
    "or it leaves PyTorch in between": lambda z: torch.from_numpy(z.numpy() * 2),
    "aten.fft_fft.default.*aten._fft_r2c.default: this operation is not supported": lambda z: torch.fft.fft(z).abs(),
    "its kernel depends on the codes": lambda z: F.conv2d(z.view(-1, 2, 1, 1), z.view(-1, 2, 1, 1)),
    "cannot be called": "a model",
}


@pytest.mark.parametrize("message", REFUSED)
def test_refused(message):
    with pytest.raises(ValueError, match=message) as refused:
        from_torch(REFUSED[message], 2)
    assert "\n" not in str(refused.value)


def test_the_line_of_the_model_is_named():
    class Odd(nn.Module):
        def forward(self, z):
            return torch.cummax(z, 1)[0]

    with pytest.raises(
        ValueError, match=r'cummax.default at "return torch.cummax\(z, 1\)\[0\]" \(test_from_torch.py:\d+\)'
    ):
        from_torch(Odd(), 2)


def test_arguments_that_do_not_fit():
    for wrong in (0, -1, 2.5, None, True):
        with pytest.raises(ValueError, match="dims: it is .*, it must be the length of a code, an integer from 1"):
            from_torch(nn.Linear(2, 2), wrong)
    with pytest.raises(ValueError, match=r"input_shape: it is \[4, 1, 1\], it must have 2 numbers"):
        from_torch(nn.Linear(2, 2), 2, input_shape=(4, 1, 1))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["script", "trace", "freeze", "parallel", "export"])
def test_models_in_other_forms(kind):
    model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.SiLU(), nn.Linear(8, 4)).eval()
    codes = torch.randn(3, 2)
    batch = {0: torch.export.Dim("batch")}
    made = {
        "script": lambda: torch.jit.script(model),
        "trace": lambda: torch.jit.trace(model, codes),
        "freeze": lambda: torch.jit.freeze(torch.jit.script(model)),
        "parallel": lambda: nn.DataParallel(model),
        "export": lambda: torch.export.export(model, (codes,), dynamic_shapes=(batch,)).module(),
    }[kind]()
    same(made, 2, model)


def test_a_method_that_is_not_there():
    with pytest.raises(ValueError, match="the Linear has no method 'decode'"):
        from_torch(nn.Linear(2, 2), 2, method="decode")


def test_wrong_pictures_are_refused(monkeypatch):
    """What an operation should not become is found by the comparison with the model, with its size and place."""
    from tb_plugin.convert import aten

    monkeypatch.setitem(aten.OPERATIONS, "tanh", lambda t, x: t.graph.layer(layers.activation("softsign"), x))
    with pytest.raises(ValueError, match=r"differs from the model by 0\.\d+, most at \[\d\] of picture \d+"):
        from_torch(nn.Sequential(nn.Linear(2, 4), nn.Tanh()), 2)


def test_a_model_that_remembers_is_refused():
    class Counter(nn.Module):
        count = 0.0

        def forward(self, z):
            self.count += 1
            return z * self.count

    with pytest.raises(ValueError, match="differs from the model"):
        from_torch(Counter(), 2)


def test_pytorch_is_not_imported_before_it_is_needed():
    code = "import sys, tb_plugin.from_torch; print(sorted({'torch', 'tensorflow'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Each in a process of its own: PyTorch imports Triton where it is installed, and Triton's LLVM ends a process that has
# TensorFlow's, as this one has if other tests ran before.
ALONE = {
    "beside TensorFlow": "import tensorflow; model = torch.nn.Tanh()",
    "compiled": "model = torch.compile(torch.nn.Tanh())",
}


@pytest.mark.parametrize("name", ALONE)
def test_in_a_process_of_its_own(name):
    code = f"import torch; from tb_plugin.from_torch import from_torch; {ALONE[name]}; print(from_torch(model, 2).dims)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr[-300:]


# Functions of images [N, 4, 6, 6], each with operations that a chain of modules does not reach.
FUNCTIONS = {
    "reflection": lambda x: F.pad(x, (1, 2, 2, 1), mode="reflect"),
    "replication": lambda x: F.pad(x, (1, 2, 2, 1), mode="replicate"),
    "circular": lambda x: F.pad(x, (1, 2, 2, 1), mode="circular"),
    "constant, crop": lambda x: F.pad(x, (-1, 2, 0, 1), value=0.5),
    "nearest, size": lambda x: F.interpolate(x, (7, 9)),
    "nearest-exact": lambda x: F.interpolate(x, (7, 9), mode="nearest-exact"),
    "bicubic": lambda x: F.interpolate(x, scale_factor=1.7, mode="bicubic"),
    "bilinear, corners": lambda x: F.interpolate(x, (11, 3), mode="bilinear", align_corners=True),
    "bilinear, antialias": lambda x: F.interpolate(x, (3, 2), mode="bilinear", antialias=True),
    "average pool": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "average pool, uncounted": lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    "adaptive pool": lambda x: F.adaptive_avg_pool2d(x, (3, 2)),
    "max pool": lambda x: F.max_pool2d(x, 3, 2, 1),
    "pixel unshuffle": lambda x: F.pixel_unshuffle(x, 2),
    "glu": lambda x: F.glu(x, 1),
    "flip": lambda x: x.flip((2, 3)),
    "normalize": lambda x: F.normalize(x, dim=1),
    "stack, chunk": lambda x: torch.stack(x.chunk(2, 1), 2).flatten(1, 2),
    "standardized": lambda x: (x - x.mean((2, 3), keepdim=True)) / x.std((2, 3), keepdim=True),
    "stretched": lambda x: (x - x.amin((2, 3), keepdim=True)) / (x.amax((2, 3), True) - x.amin((2, 3), True)),
    "layer norm": lambda x: F.layer_norm(x, x.shape[1:]),
    "rms norm": lambda x: F.rms_norm(x, x.shape[-1:]),
    "repeat": lambda x: x.repeat(1, 1, 2, 2),
    "repeat_interleave": lambda x: x.repeat_interleave(2, 2),
    "softmax of channels": lambda x: F.softmax(x, 1),
    "log_softmax": lambda x: F.log_softmax(x, 1),
    "logsumexp": lambda x: 30 * x - torch.logsumexp(100 * x, (1, 3), keepdim=True) + torch.logsumexp(x, 2)[:, :, None],
    "einsum with a matrix": lambda x: torch.einsum("bchw,cd->bdhw", x, torch.arange(12.0).view(4, 3)),
    "einsum, matrix first": lambda x: torch.einsum("hk,bchw->bckw", torch.arange(12.0).view(6, 2), x),
    "einsum of two": lambda x: torch.einsum("bchw,bdhw->bcdh", x, x.tanh()[:, :3]),
    "matrix from the left": lambda x: torch.ones(5, 6) @ x,
    "max along an axis": lambda x: x.max(1).values[:, None] - x.min(2, keepdim=True)[0],
    "max of two": lambda x: torch.max(x, torch.tensor(0.2)) + torch.min(x, -x),
    "constants like x": lambda x: torch.cat((x + torch.ones_like(x), torch.zeros_like(x), x.new_full((1,), 2) * x), 1),
    "places": lambda x: x[:, [2, 0, -1]] + x.index_select(2, torch.tensor([5, 5, 0, 1, 2, 3]))[:, :3],
    "mask": lambda x: x.masked_fill(torch.eye(6).bool(), 0.5),
    "rolled": lambda x: x.roll((1, -2), (2, 3)).rot90(1, (2, 3)),
    "any power": lambda x: x.abs() ** 1.3 + x**5 + 2**x + torch.exp2(x) + (x.abs() + 1).log2() + (x**2 + 1) ** -3,
    "by smaller operations": lambda x: (
        torch.addcmul(x.mT, x, x.swapaxes(2, 3)) + F.cosine_similarity(x, x + 1)[:, None]
    ),
    "lerp": lambda x: torch.lerp(x, x.tanh(), 0.3) + torch.erfc(x),
    "distribution": lambda x: torch.distributions.Bernoulli(logits=x).mean,
    "check": lambda x: x if torch.isfinite(x).all() and torch.tensor([1, 2]).max() > 1 else None,
    "attention": lambda x: (
        F.scaled_dot_product_attention(*[x.flatten(2).transpose(1, 2)] * 3).transpose(1, 2).view_as(x)
    ),
    "attention, causal": lambda x: F.scaled_dot_product_attention(x, x.tanh(), x, is_causal=True),
    "attention, mask": lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=torch.eye(6).bool().roll(1, 0)),
    "attention, bias": lambda x: F.scaled_dot_product_attention(x, x, x, torch.full((6, 6), -torch.inf).triu(1)),
    "attention, fixed queries": lambda x: F.scaled_dot_product_attention(torch.eye(5, 6).expand(len(x), 4, 5, 6), x, x),
    "powers": lambda x: x**2 + x**3 - (x**2 + 1) ** 0.5 + (x.abs() + 1).rsqrt() + 1 / (x.exp() + 1),
    "limits": lambda x: torch.maximum(x, torch.tensor(0.1)) - torch.minimum(x, -x) + x.clamp(-1, 1).clamp(min=0),
    "in place": lambda x: (x * 1).add_(1).mul_(2).relu_(),
    "constants": lambda x: x * torch.arange(6.0) + torch.arange(24.0).view(4, 6, 1) - torch.ones(len(x), 4, 6, 6),
    "slices": lambda x: torch.cat((x[:, 1:3], x[:, ::2, :, :], x[:, 3].unsqueeze(1), x.narrow(1, 0, 1)), 1),
    "split": lambda x: torch.cat([part * k for k, part in enumerate(x.split((1, 3), 1))], 1),
    "movedim": lambda x: x.movedim(1, -1).permute(0, 3, 2, 1),
    "expand": lambda x: x.mean((2, 3), keepdim=True).expand(-1, -1, 3, 5),
    "tanhshrink, log1p": lambda x: F.tanhshrink(x) + torch.log1p(x.abs()) + torch.expm1(x),
    "minus a constant": lambda x: 1 - x,
    "hard": lambda x: F.hardsigmoid(x) + F.hardswish(x) + F.hardtanh(x) + F.relu6(x) + F.softsign(x) + F.logsigmoid(x),
    "more": lambda x: F.celu(x, 0.5) + F.selu(x) + F.elu(x, 0.3) + F.softplus(x, 2, 3) + F.gelu(x, approximate="tanh"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_images(name):
    def model(codes):
        return FUNCTIONS[name](codes.view(-1, 4, 6, 6))

    same(model, 144, lambda codes: model(codes).permute(0, 2, 3, 1))


MODULES = {
    "conv": lambda c, n: nn.Conv2d(c, n, 3, padding=1),
    "strided": lambda c, n: nn.Conv2d(c, n, (2, 3), stride=(1, 2), padding=1, bias=False),
    "dilated": lambda c, n: nn.Conv2d(c, c, 3, padding="same", dilation=2, groups=c),
    "transposed": lambda c, n: nn.ConvTranspose2d(c, n, 3, stride=2, padding=1, output_padding=1),
    "grouped": lambda c, n: nn.ConvTranspose2d(c, 2 * c, 2, groups=c, dilation=2),
    "batch norm": lambda c, n: nn.BatchNorm2d(c),
    "instance norm": lambda c, n: nn.InstanceNorm2d(c, affine=True),
    "group norm": lambda c, n: nn.GroupNorm(c, c),
    "upsample": lambda c, n: nn.Upsample(scale_factor=2),
    "bilinear": lambda c, n: nn.Upsample(size=(5, 7), mode="bilinear"),
    "pool": lambda c, n: nn.AvgPool2d(2, ceil_mode=False),
    "prelu": lambda c, n: nn.PReLU(c),
    "activation": lambda c, n: [nn.SiLU(), nn.Mish(), nn.SELU(), nn.Softplus(), nn.LeakyReLU(0.1), nn.ELU()][n % 6],
    "pad": lambda c, n: nn.ReflectionPad2d((1, 0, 0, 1)),
    "zero pad": lambda c, n: nn.ZeroPad2d((1, 0, 2, -1)),
    "softmax": lambda c, n: nn.Softmax2d(),
    "dropout": lambda c, n: nn.Dropout2d(),
    "channel shuffle": lambda c, n: nn.Sequential(nn.Conv2d(c, 4, 1), nn.PixelShuffle(2)),
}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(list(MODULES)), st.integers(1, 5)), min_size=1, max_size=7), st.integers(0, 99)
)
def test_any_chain_of_modules(chain, seed):
    torch.manual_seed(seed)
    modules, image = [nn.Linear(3, 2 * 16), nn.Unflatten(1, (2, 4, 4))], torch.zeros(2, 2, 4, 4)
    for name, number in chain:
        module = MODULES[name](image.shape[1], number).eval()
        try:
            image = module(image)
        except (RuntimeError, ValueError):  # the image has become too small for it
            continue
        if max(image.shape[2:]) > 40 or not image.numel():
            break
        modules.append(module)
    model = nn.Sequential(*modules).eval()
    same(model, 3, lambda codes: model(codes).permute(0, 2, 3, 1))


def test_the_comparison_has_limits_on_both_sides():
    """Absolute for small values, relative for large ones, and never passed by NaN."""
    decoder = Decoder(1, [layers.scale(1.0)])
    conversion.check(decoder, lambda codes: codes + 0.9e-4)
    for off in (1.1e-4, np.nan, np.inf):
        with pytest.raises(ValueError, match="differs"):
            conversion.check(decoder, lambda codes, off=off: codes + off)
    large = Decoder(1, [layers.scale(0.0, 1e4)])
    conversion.check(large, lambda codes: codes * 0 + 1e4 + 0.9)
    with pytest.raises(ValueError, match="differs"):
        conversion.check(large, lambda codes: codes * 0 + 1e4 + 1.1)


class Variational(nn.Module):
    """An encoder of images of one to three channels that returns a mean and a log variance."""

    def __init__(self, channels=1, returned=tuple):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, 4, 3, 2, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.mean, self.variance, self.returned = nn.Linear(196, 3), nn.Linear(196, 3), returned

    def encode(self, x):
        h = F.dropout(self.body(x), training=self.training)
        return self.returned([self.mean(h), self.variance(h)])

    def forward(self, x):
        mean, variance = self.encode(x)
        return mean + torch.randn_like(mean) * torch.exp(variance / 2), mean, variance


def encodes(model, input_shape, expected, **options):
    """Asserts that the encoder of a model, once it was stored, gives the codes of images in the tab's order."""
    encoder = Encoder.from_blob(encoder_from_torch(model, input_shape, **options).to_blob())
    images = torch.rand(5, *input_shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        theirs = expected(images).numpy()
    shown = images.movedim(1, 3) if len(input_shape) == 3 else images
    np.testing.assert_allclose(encoder(shown.reshape(5, -1).numpy()), theirs, rtol=0, atol=1e-4)
    return encoder


def test_encoders():
    for channels in (1, 3, 4):
        vae = Variational(channels).train()
        shape = (channels, 28, 28)
        encodes(vae, shape, lambda x, v=vae: v.eval().encode(x)[0], method="encode", output=0)
        vae = Variational(channels, lambda each: dict(zip(("mu", "logvar"), each)))
        encodes(vae.encode, shape, lambda x, v=vae: v.eval().encode(x)["logvar"], output="logvar")
    flat = nn.Sequential(nn.Linear(784, 50), nn.Tanh(), nn.Linear(50, 2))
    encodes(flat, (784,), flat)
    encodes(lambda x: flat(x.flatten(1)), (28, 28), lambda x: flat(x.flatten(1)))
    for value_range in ((-1, 1), (-0.1307 / 0.3081, (1 - 0.1307) / 0.3081)):
        low, high = value_range
        encodes(flat, (784,), lambda x, a=low, b=high: flat(a + (b - a) * x), value_range=value_range)


def test_an_encoder_is_the_same_in_the_tab(modules):
    vae = Variational(3)
    encoder = encoder_from_torch(vae, (3, 28, 28), method="encode", output=0)
    assert_same(modules, encoder, np.random.default_rng(0).random((3, 2352)), 1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: encoder_from_torch(Variational(), (1, 28, 28), method="encode"),
            "returns 2 tensors.*output=0 for the",
        ),
        (
            lambda: encoder_from_torch(Variational(1, lambda each: {"mu": each[0]}), (1, 28, 28), method="encode"),
            "returns 1 tensors; say which one is the codes: output='mu'",
        ),
        (lambda: encoder_from_torch(Variational(), (1, 28, 28), method="encode", output=2), "output: it is 2"),
        (lambda: encoder_from_torch(Variational(), (1, 28, 28), output=0), "random|chance"),
        (lambda: encoder_from_torch(Variational(), (28, 28, 3)), r"input_shape: it is \[28, 28, 3\].*channels, height"),
        (
            lambda: encoder_from_torch(Variational(3), (1, 28, 28), method="encode", output=0),
            r"on images \[3, 1, 28, 28",
        ),
        (lambda: encoder_from_torch(nn.Linear(784, 2), (784,), value_range=(1, 0)), "value_range"),
        (lambda: encoder_from_torch(lambda x: torch.ones(len(x), 2), (784,)), "codes do not depend on the images"),
    ],
)
def test_an_encoder_that_cannot_be_is_refused_in_one_line(make, message):
    with pytest.raises(ValueError, match=message) as error:
        make()
    assert "\n" not in str(error.value)
