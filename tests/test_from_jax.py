"""Decoders converted from JAX functions, flax's among them, against what the functions compute."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("flax", reason="NOT TESTED with JAX and flax: the extra `frameworks` is not installed")

import jax
import jax.numpy as jnp
from flax import linen, nnx
from jax import lax

from tb_plugin.decoder import Decoder
from tb_plugin.from_jax import from_jax


def same(function, dims, expected=None, **options):
    """Asserts that the stored form of a function's decoder returns what `expected` does, by default the function."""
    decoder = Decoder.from_blob(from_jax(function, dims, **options).to_blob())
    codes = np.random.default_rng(1).normal(size=(5, dims)).astype(np.float32)
    theirs = np.asarray((expected or function)(jnp.asarray(codes)))
    theirs = theirs if theirs.ndim > 1 else theirs[:, None]
    found = decoder(codes)
    assert found.shape == theirs.shape
    np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-4)
    assert found.std(axis=0).max() > 1e-4, "the pictures do not depend on the codes"
    return decoder


def kinds(decoder):
    return [layer.kind for layer in decoder.layers]


def applied(module, dims, **options):
    """Returns the function of a module of flax.linen with random variables."""
    variables = module.init(jax.random.key(0), jnp.ones((1, dims)), **options)
    leaves, tree = jax.tree_util.tree_flatten(variables)
    drawn = np.random.default_rng(0)
    leaves = [leaf + jnp.asarray(drawn.uniform(0, 0.05, leaf.shape), jnp.float32) for leaf in leaves]
    variables = jax.tree_util.tree_unflatten(tree, leaves)
    return lambda z: module.apply(variables, z, **options)


class Vae(linen.Module):
    """The VAE of flax's examples."""

    def setup(self):
        self.fc1, self.fc2 = linen.Dense(500), linen.Dense(784)

    def generate(self, z):
        return linen.sigmoid(self.fc2(linen.relu(self.fc1(z))))


def test_the_vae_of_flax_examples():
    decoder = same(applied(Vae(), 20, method="generate"), 20)
    assert kinds(decoder) == ["dense", "relu", "dense", "sigmoid"]


class Transposed(linen.Module):
    """Transposed convolutions, whose kernels flax stores the other way round than TensorFlow."""

    padding: str = "SAME"
    flip: bool = False

    @linen.compact
    def __call__(self, z):
        x = linen.Dense(4 * 4 * 8)(z).reshape(-1, 4, 4, 8)
        x = linen.leaky_relu(linen.ConvTranspose(6, (3, 4), (2, 2), self.padding, transpose_kernel=False)(x))
        x = linen.ConvTranspose(3, (4, 3), (2, 3), self.padding)(x)
        return linen.tanh(linen.Conv(2, (3, 3), kernel_dilation=(1, 2), feature_group_count=1)(x))


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_transposed_convolutions_of_flax(padding):
    decoder = same(applied(Transposed(padding), 3), 3)
    assert kinds(decoder) == [
        *("dense", "reshape", "conv2d_transpose", "leaky_relu", "conv2d_transpose", "conv2d", "tanh"),
    ]


class Residual(linen.Module):
    """A residual block with the normalizations of image models, and attention over the pixels."""

    @linen.compact
    def __call__(self, z):
        x = linen.Dense(4 * 4 * 8)(z).reshape(-1, 4, 4, 8)
        y = linen.Conv(8, (3, 3))(linen.swish(linen.GroupNorm(num_groups=4)(x)))
        y = linen.Conv(8, (3, 3), strides=(1, 1), padding="CIRCULAR")(linen.gelu(linen.LayerNorm()(y)))
        x = x + y
        x = x + linen.MultiHeadDotProductAttention(num_heads=2)(linen.RMSNorm()(x).reshape(-1, 16, 8)).reshape(x.shape)
        x = jax.image.resize(x, (x.shape[0], 8, 8, 8), "bilinear")
        x = jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
        x = linen.avg_pool(x, (2, 2), (2, 2)) + linen.max_pool(x, (3, 3), (2, 2), padding="SAME")
        x = linen.elu(linen.BatchNorm(use_running_average=True)(x))
        return linen.softmax(linen.Conv(3, (1, 1))(x))


def test_a_residual_block_of_flax():
    same(applied(Residual(), 3), 3)


class NnxDecoder(nnx.Module):
    def __init__(self, rngs):
        self.linear = nnx.Linear(2, 4 * 4 * 8, rngs=rngs)
        self.norm = nnx.BatchNorm(8, rngs=rngs)
        self.up = nnx.ConvTranspose(8, 3, (4, 4), strides=(2, 2), rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, z):
        x = nnx.relu(self.norm(self.linear(z).reshape(-1, 4, 4, 8)))
        return nnx.sigmoid(self.up(self.drop(x)))


def test_a_module_of_nnx():
    model = NnxDecoder(nnx.Rngs(0))
    with pytest.raises(ValueError, match="differs from code to code|draws random|fails on codes"):
        from_jax(model, 2)  # in training
    model.eval()
    assert kinds(same(model, 2)) == ["dense", "reshape", "scale", "relu", "conv2d_transpose", "sigmoid"]


W = jnp.asarray(np.random.default_rng(2).normal(size=(3, 24)), jnp.float32)
FUNCTIONS = {
    "leaky_relu": lambda z: jax.nn.leaky_relu(z @ W, 0.3),
    "elu": lambda z: jax.nn.elu(z @ W, 0.7),
    "celu": lambda z: jax.nn.celu(z @ W, 0.7),
    "selu": lambda z: jax.nn.selu(z @ W),
    "gelu": lambda z: jax.nn.gelu(z @ W, approximate=False),
    "softplus": lambda z: jax.nn.softplus(z @ W),
    "mish": lambda z: jax.nn.mish(z @ W),
    "hard": lambda z: jax.nn.hard_swish(z @ W) + jax.nn.hard_sigmoid(z @ W) + jax.nn.hard_tanh(z @ W),
    "relu6": lambda z: jax.nn.relu6(9 * (z @ W)),
    "log_softmax": lambda z: jax.nn.log_softmax(z @ W),
    "glu": lambda z: jax.nn.glu(z @ W),
    "where": lambda z: jnp.where(z @ W > 0.2, jnp.sin(z @ W), jnp.abs(z @ W) ** 3),
    "where not": lambda z: jnp.where(~((z @ W >= 0.2) & (z @ W < 1)), -1.0, z @ W),
    "sign": lambda z: jnp.sign(z @ W),
    "fixed choice": lambda z: jnp.where(jnp.arange(24) % 2 == 0, z @ W, 0.5),
    "clip": lambda z: jnp.clip(z @ W, -0.3, 0.4) + jnp.minimum(z @ W, 0.1) + jnp.maximum(z @ W, z @ W[::-1]),
    "powers": lambda z: (z @ W) ** 2 + (jnp.abs(z @ W) + 1) ** -0.5 + lax.rsqrt(1 + (z @ W) ** 4) + (1 + z @ W) ** 3,
    "exp": lambda z: jnp.expm1(z @ W / 9) + jnp.log1p(jnp.exp(z @ W)) + lax.erf(z @ W) + jnp.cos(z @ W),
    "minimum over axes": lambda z: (z @ W).reshape(-1, 4, 6).min(1) + (z @ W).reshape(-1, 4, 6).max((1, 2))[:, None],
    "flip": lambda z: (z @ W).reshape(-1, 4, 6)[:, ::-1, 1:6:2],
    "gather": lambda z: (z @ W)[:, jnp.asarray([3, 1, 1, 23])],
    "one number": lambda z: (z @ W)[:, 3],
    "pad": lambda z: jnp.pad((z @ W).reshape(-1, 4, 6), ((0, 0), (1, 2), (0, 3)), constant_values=0.5),
    "reflect": lambda z: jnp.pad((z @ W).reshape(-1, 4, 6), ((0, 0), (1, 2), (0, 3)), mode="reflect"),
    "crop": lambda z: lax.pad((z @ W).reshape(-1, 4, 6), 0.0, ((0, 0, 0), (-1, 2, 0), (0, -3, 0))),
    "batch axis last": lambda z: (W.T @ z.T).T,
    "einsum": lambda z: jnp.einsum(
        "nij,kj,nlj->nikl", (z @ W).reshape(-1, 4, 6), W[:, :6], jnp.tanh(z @ W).reshape(-1, 4, 6)
    ),
    "pixel shuffle": lambda z: (z @ W).reshape(-1, 2, 2, 3, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 6, 4, 1),
    "split": lambda z: sum(jnp.split(z @ W, [8, 16], axis=1)),
    "stack": lambda z: jnp.stack([z @ W, jnp.ones_like(z @ W), -(z @ W)], axis=1),
    "vmap": jax.vmap(lambda z: jnp.tanh(z @ W).reshape(4, 6).mean(0)),
    "jit": jax.jit(lambda z: jnp.tanh(z @ W)),
    "custom_vjp": jax.custom_vjp(lambda z: jnp.tanh(z @ W)),
    "remat": jax.checkpoint(lambda z: jnp.tanh(z @ W)),
    "one dimension": lambda z: lax.conv_general_dilated(
        (z @ W).reshape(-1, 4, 6), W[:, :20].reshape(3, 4, 5), (2,), "SAME", dimension_numbers=("NCW", "WIO", "NWC")
    ),
    "channels first": lambda z: lax.conv_transpose(
        (z @ W).reshape(-1, 2, 3, 4), W[:, :16].reshape(3, 2, 2, 4), (2, 1), "SAME",
        dimension_numbers=("NCHW", "HWIO", "NCHW"),
    ),
    "groups": lambda z: lax.conv_general_dilated(
        (z @ W).reshape(-1, 3, 2, 4), W.reshape(3, 2, 2, 6)[..., :4], (1, 1), [(1, -1), (2, 0)],
        dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=2, rhs_dilation=(1, 2),
    ),
}  # fmt: skip
FUNCTIONS["custom_vjp"].defvjp(lambda z: (z, None), lambda _, g: (g,))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    same(FUNCTIONS[name], 3)


def test_shapes_ranges_and_conditions():
    image = lambda z: (z.reshape(-1, 3) @ W).reshape(-1, 2, 4, 3)  # noqa: E731
    same(lambda z: image(z), 3, input_shape=(1, 1, 3))
    same(lambda z: jnp.tanh(z @ W), 3, lambda z: (jnp.tanh(z @ W) + 1) / 2, value_range=(-1, 1))
    same(lambda z: z @ W, 3, lambda z: jax.nn.sigmoid(z @ W), value_range="logits")
    order = {"image_shape": (2, 4, 3), "image_order": "CHW"}
    same(lambda z: z @ W, 3, lambda z: (z @ W).reshape(-1, 3, 2, 4).transpose(0, 2, 3, 1), **order)
    table = W.reshape(6, 12)
    joined = lambda z, c, y: jnp.concatenate([(z @ W), table[c], y], 1)  # noqa: E731
    fixed = (2, np.float32([0, 1]))
    same(joined, 3, lambda z: joined(z, jnp.full(len(z), 2), jnp.tile(fixed[1], (len(z), 1))), condition=fixed)


def test_weights_are_those_of_this_moment_and_kernels_are_not_flipped_unseen():
    """M8: flax's kernel of a transposed convolution, given to the layer as it is, is another one."""
    module = linen.ConvTranspose(2, (3, 3), (2, 2))
    variables = module.init(jax.random.key(0), jnp.ones((1, 4, 4, 3)))
    kernel = np.asarray(variables["params"]["kernel"])
    decoder = from_jax(lambda z: module.apply(variables, z.reshape(-1, 4, 4, 3)), 48)
    (layer,) = (layer for layer in decoder.layers if layer.kind == "conv2d_transpose")
    np.testing.assert_array_equal(layer.weights[0], kernel[::-1, ::-1])


REFUSED = {
    "cumsum": (lambda z: lax.cumsum(z, 1), r"cumsum at test_from_jax.py:\d+: this primitive is not supported"),
    "sort": (lambda z: jnp.sort(z, 1), "sort.*not supported"),
    "scan": (lambda z: lax.fori_loop(0, 3, lambda _, x: x * 2, z), "scan|while"),
    "random": (lambda z: z + jax.random.normal(jax.random.key(0), z.shape), "it draws random numbers"),
    "over the batch": (lambda z: z - z.mean(0), "it works along the batch axis, so pictures"),
    "codes with codes": (lambda z: z @ z.T, "it multiplies codes of a batch with each other"),
    "differs": (lambda z: z + jnp.arange(len(z))[:, None], "differs from code to code"),
    "rounds": (lambda z: z.astype(int), "it rounds to int32"),
    "half": (lambda z: z.astype(jnp.bfloat16) @ W.astype(jnp.bfloat16), "it computes in bfloat16"),
    "fixed": (lambda z: jnp.ones_like(z), "do not depend on the codes"),
    "codes last": (lambda z: z.T, "they must come first"),
    "several": (lambda z: (z, z), "the function returns a tuple; give one that returns the pictures"),
    "fails": (lambda z: z @ jnp.ones((9, 9)), r"the function fails on codes \[3, 3\]: TypeError: dot_general"),
    "power": (lambda z: jnp.abs(z) ** 0.3, "pow.*a power of 0.3 is not supported"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_in_one_line(name):
    function, message = REFUSED[name]
    with pytest.raises(ValueError, match=message) as error:
        from_jax(function, 3)
    assert "\n" not in str(error.value)


def test_importing_it_imports_no_jax():
    code = "import sys, tb_plugin.from_jax; assert 'jax' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
