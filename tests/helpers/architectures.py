"""Decoders as public repositories have them, rebuilt in PyTorch after papers and descriptions, some of them narrower.

Each is a function that returns (model, the arguments of `from_torch`). The weights are random, and so are the running
statistics of batch normalizations, so that nothing is the identity by chance.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def seeded(make):
    """Returns a function of no arguments that builds a model from the same random weights at each call."""

    def build():
        torch.manual_seed(0)
        model, options = make()
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is not None:
                nn.init.normal_(module.running_mean, std=0.3)
                nn.init.uniform_(module.running_var, 0.5, 2)
        return model, options

    return build


class Reshape(nn.Module):
    """A view as a module of one's own, of which every other repository has one."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.view(x.size(0), *self.shape)


class LinearVae(nn.Module):
    """The VAE of PyTorch's examples: 20-400-784, a method `decode`."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.fc3, self.fc4 = nn.Linear(20, 400), nn.Linear(400, 784)

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))


class Dcgan(nn.Module):
    """The generator of DCGAN: a code enters as an image of one pixel."""

    def __init__(self, width=8, dims=100):
        super().__init__()
        sizes = [dims, width * 8, width * 4, width * 2, width]
        blocks = []
        for number, (before, after) in enumerate(zip(sizes, sizes[1:])):
            stride, padding = (1, 0) if number == 0 else (2, 1)
            blocks += [nn.ConvTranspose2d(before, after, 4, stride, padding, bias=False)]
            blocks += [nn.BatchNorm2d(after), nn.ReLU(True)]
        self.main = nn.Sequential(*blocks, nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z)


class VanillaVae(nn.Module):
    """A convolutional VAE of 64 x 64: a dense layer, then transposed convolutions with leaky ReLUs."""

    def __init__(self):
        super().__init__()
        widths = [64, 32, 16, 8]
        self.decoder_input = nn.Linear(16, widths[0] * 4)
        self.decoder = nn.Sequential(
            *(
                nn.Sequential(
                    nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=1),
                    nn.BatchNorm2d(after),
                    nn.LeakyReLU(),
                )
                for before, after in zip(widths, widths[1:])
            )
        )
        self.final_layer = nn.Sequential(
            nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1),
            nn.BatchNorm2d(8),
            nn.LeakyReLU(),
            nn.Conv2d(8, 3, 3, padding=1),
            nn.Tanh(),
        )

    def decode(self, z):
        return self.final_layer(self.decoder(self.decoder_input(z).view(-1, 64, 2, 2)))


class ClassGan(nn.Module):
    """A conditional GAN: the class is embedded and joined to the code."""

    def __init__(self):
        super().__init__()
        self.label_emb = nn.Embedding(10, 10)
        blocks = []
        for before, after, normal in ((42, 128, False), (128, 256, True), (256, 512, True)):
            blocks += [
                nn.Linear(before, after),
                *([nn.BatchNorm1d(after, 0.8)] * normal),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.model = nn.Sequential(*blocks, nn.Linear(512, 28 * 28), nn.Tanh())

    def forward(self, noise, labels):
        image = self.model(torch.cat((self.label_emb(labels), noise), -1))
        return image.view(image.size(0), 1, 28, 28)


class InfoGan(nn.Module):
    """InfoGAN: code, class and continuous factors are joined; upsampling by nearest neighbors between convolutions."""

    def __init__(self):
        super().__init__()
        self.l1 = nn.Sequential(nn.Linear(16 + 10 + 2, 32 * 8 * 8))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(32), nn.Upsample(scale_factor=2), nn.Conv2d(32, 32, 3, stride=1, padding=1),
            nn.BatchNorm2d(32, 0.8), nn.LeakyReLU(0.2, inplace=True), nn.Upsample(scale_factor=2),
            nn.Conv2d(32, 16, 3, stride=1, padding=1), nn.BatchNorm2d(16, 0.8), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(16, 1, 3, stride=1, padding=1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, noise, labels, code):
        out = self.l1(torch.cat((noise, labels, code), -1))
        return self.conv_blocks(out.view(out.shape[0], 32, 8, 8))


class ConditionalVae(nn.Module):
    """A CVAE: a one-hot class beside the code, logits out."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(2 + 10, 64), nn.SiLU(), nn.Linear(64, 784))

    def decode(self, z, *, y):
        return self.fc(torch.cat([z, y], dim=1)).reshape(-1, 28, 28)


class Residual(nn.Module):
    def __init__(self, width, between):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReLU(), nn.Conv2d(width, between, 3, padding=1), nn.ReLU(), nn.Conv2d(between, width, 1)
        )

    def forward(self, x):
        return x + self.conv_block(x)


class ResNetDecoder(nn.Module):
    """A decoder of residual blocks for MNIST."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 32 * 4 * 4)
        self.layers = nn.ModuleList(
            [
                nn.ConvTranspose2d(32, 32, 3, 2, padding=1),
                nn.Sequential(Residual(32, 8), Residual(32, 8), nn.ReLU()),
                nn.Sequential(nn.ConvTranspose2d(32, 16, 3, 2, padding=1, output_padding=1), nn.ReLU()),
                nn.Sequential(nn.ConvTranspose2d(16, 1, 3, 2, padding=1, output_padding=1), nn.Sigmoid()),
            ]
        )

    def forward(self, z):
        out = self.fc(z).reshape(z.shape[0], 32, 4, 4)
        for layer in self.layers:
            out = layer(out)
        return {"reconstruction": out}


class Interpolate(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.options = options

    def forward(self, x):
        return F.interpolate(x, **self.options)


class BasicBlock(nn.Module):
    """A residual block that may enlarge its image, with a convolution on the shortcut."""

    def __init__(self, before, after, scale=1):
        super().__init__()
        self.first = nn.Sequential(Interpolate(scale_factor=scale), nn.Conv2d(before, after, 3, padding=1, bias=False))
        self.bn1, self.conv2, self.bn2 = (
            nn.BatchNorm2d(after),
            nn.Conv2d(after, after, 3, padding=1),
            nn.BatchNorm2d(after),
        )
        self.upsample = nn.Sequential(
            Interpolate(scale_factor=scale), nn.Conv2d(before, after, 1), nn.BatchNorm2d(after)
        )

    def forward(self, x):
        identity = self.upsample(x)
        out = F.relu(self.bn1(self.first(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return F.relu(out)


class LargeResNet(nn.Module):
    """A ResNet upside down: a dense layer, an image of given size, four stages, a fixed final size."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(32, 64 * 2 * 2)
        self.layers = nn.Sequential(
            BasicBlock(64, 32), BasicBlock(32, 32, 2), BasicBlock(32, 16, 2), BasicBlock(16, 8, 2)
        )
        self.conv1 = nn.Conv2d(8, 3, 3, padding=1, bias=False)

    def forward(self, x):
        x = self.linear(x).view(x.size(0), 64, 2, 2)
        x = F.interpolate(x, size=4)
        return self.conv1(F.interpolate(self.layers(x), size=(28, 28)))


class TinyBlock(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.Conv2d(after, after, 3, padding=1), nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1),
        )  # fmt: skip
        self.skip = nn.Conv2d(before, after, 1, bias=False) if before != after else nn.Identity()

    def forward(self, x):
        return F.relu(self.conv(x) + self.skip(x))


class Clamp(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


def tiny_latents():
    """A small decoder of Stable Diffusion's latents, 4 x 4 x 4 here: a soft clamp, residual blocks, upsampling."""
    chain = [Clamp(), nn.Conv2d(4, 16, 3, padding=1), nn.ReLU()]
    for _ in range(2):
        chain += [
            TinyBlock(16, 16),
            TinyBlock(16, 16),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(16, 16, 3, padding=1, bias=False),
        ]
    return nn.Sequential(*chain, TinyBlock(16, 16), nn.Conv2d(16, 3, 3, padding=1)), {
        "dims": 64,
        "input_shape": (4, 4, 4),
    }


class Discrete(nn.Module):
    """A block of a discrete VAE: a gain on the residual path, convolutions written with functions."""

    def __init__(self, before, after):
        super().__init__()
        self.post_gain = 1 / 4
        self.id_path = nn.Conv2d(before, after, 1)
        self.w = nn.ParameterList(
            [nn.Parameter(torch.randn(after, before, 1, 1) / 4), nn.Parameter(torch.randn(after, after, 3, 3) / 4)]
        )
        self.b = nn.ParameterList([nn.Parameter(torch.randn(after)) for _ in range(2)])

    def forward(self, x):
        out = F.conv2d(F.relu(x), self.w[0], self.b[0])
        return self.id_path(x) + self.post_gain * F.conv2d(F.relu(out), self.w[1], self.b[1], padding=1)


class GeneDecoder(nn.Module):
    """A decoder of gene counts: a library size and a batch beside the code, several outputs."""

    def __init__(self, genes=60):
        super().__init__()
        self.px_decoder = nn.Sequential(
            nn.Sequential(
                nn.Linear(10 + 3, 128), nn.BatchNorm1d(128, momentum=0.01, eps=0.001), nn.ReLU(), nn.Dropout(0.1)
            )
        )
        self.px_scale = nn.Sequential(nn.Linear(128, genes), nn.Softmax(dim=-1))
        self.px_dropout = nn.Linear(128, genes)

    def forward(self, dispersion, z, library, batch):
        px = self.px_decoder(torch.cat((z, F.one_hot(batch.squeeze(-1), 3).expand(len(z), 3)), -1))
        scale = self.px_scale(px)
        return scale, None, torch.exp(library) * scale, self.px_dropout(px)


class Siren(nn.Module):
    """Sine layers at given coordinates, modulated by the code."""

    def __init__(self, side=8):
        super().__init__()
        ticks = torch.linspace(-1, 1, side)
        self.register_buffer("places", torch.stack(torch.meshgrid(ticks, ticks, indexing="ij"), -1).view(-1, 2))
        self.first, self.shift, self.last, self.side = nn.Linear(2, 32), nn.Linear(4, 32), nn.Linear(32, 3), side

    def forward(self, z):
        hidden = torch.sin(30 * self.first(self.places)[None] + self.shift(z)[:, None])
        return torch.sigmoid(self.last(hidden)).transpose(1, 2).reshape(-1, 3, self.side, self.side)


class SpatialAttention(nn.Module):
    """The attention over the pixels of an image, between group normalization and a residual connection."""

    def __init__(self, width=16):
        super().__init__()
        self.norm, self.qkv, self.proj = (
            nn.GroupNorm(4, width),
            nn.Conv2d(width, 3 * width, 1),
            nn.Conv2d(width, width, 1),
        )

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(b, 3, c, h * w).unbind(1)
        weights = torch.softmax(torch.bmm(q.permute(0, 2, 1), k) * c**-0.5, dim=2)
        return x + self.proj(torch.bmm(v, weights.permute(0, 2, 1)).reshape(b, c, h, w))


def diffusion_vae():
    chain = [nn.Conv2d(4, 16, 3, padding=1), SpatialAttention(), nn.GroupNorm(4, 16, eps=1e-6), nn.SiLU()]
    chain += [
        nn.Upsample(scale_factor=2.0, mode="nearest"),
        nn.Conv2d(16, 8, 3, padding=1),
        nn.GroupNorm(2, 8),
        nn.SiLU(),
    ]
    return nn.Sequential(*chain, nn.Conv2d(8, 3, 3, padding=1)), {
        "dims": 64,
        "input_shape": (4, 4, 4),
        "value_range": (-1, 1),
    }


class UNet(nn.Module):
    """Down and up again, with concatenated skip connections."""

    def __init__(self):
        super().__init__()
        self.enter, self.down = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.up, self.out = nn.ConvTranspose2d(16, 8, 2, stride=2), nn.Conv2d(16, 1, 3, padding=1)

    def forward(self, z):
        a = F.elu(self.enter(z))
        b = F.elu(self.down(F.max_pool2d(a, 2)))
        return torch.sigmoid(self.out(torch.cat([self.up(b), a], dim=1)))


class StyleLike(nn.Module):
    """A mapping network, a learned constant, and styles that scale and shift normalized images."""

    def __init__(self):
        super().__init__()
        self.mapping = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2))
        self.const = nn.Parameter(torch.randn(1, 16, 4, 4))
        self.style = nn.ModuleList([nn.Linear(32, 32) for _ in range(2)])
        self.conv = nn.ModuleList([nn.Conv2d(16, 16, 3, padding=1) for _ in range(2)])
        self.rgb = nn.Conv2d(16, 3, 1)

    def forward(self, z):
        w = self.mapping(z / z.norm(dim=1, keepdim=True) * math.sqrt(8))
        x = self.const.expand(len(z), -1, -1, -1)
        for style, conv in zip(self.style, self.conv):
            x = F.instance_norm(conv(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)))
            factor, offset = style(w)[:, :, None, None].chunk(2, dim=1)
            x = F.leaky_relu(x * (factor + 1) + offset, 0.2)
        return self.rgb(x)


def super_resolution():
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2), nn.Tanh(), nn.Conv2d(8, 4, 3, padding=1), nn.PixelShuffle(2), nn.Sigmoid()
    ), {"dims": 36, "input_shape": (1, 6, 6)}  # fmt: skip


class SqueezeExcite(nn.Module):
    """Depthwise convolutions with channel attention, as in EfficientNet and NVAE."""

    def __init__(self, width=8):
        super().__init__()
        self.expand = nn.Sequential(nn.Conv2d(width, 24, 1), nn.BatchNorm2d(24), nn.SiLU())
        self.depth = nn.Conv2d(24, 24, 5, padding=2, groups=24)
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(24, 4, 1), nn.ReLU(), nn.Conv2d(4, 24, 1), nn.Sigmoid()
        )
        self.project = nn.Conv2d(24, width, 1)

    def forward(self, x):
        y = F.hardswish(self.depth(self.expand(x)))
        return x + 0.1 * self.project(y * self.squeeze(y))


def nvae_like():
    chain = [
        nn.Linear(8, 8 * 4 * 4),
        nn.Unflatten(1, (8, 4, 4)),
        SqueezeExcite(),
        nn.Upsample(scale_factor=2),
        SqueezeExcite(),
    ]
    return nn.Sequential(*chain, nn.ELU(), nn.Conv2d(8, 3, 3, padding=1)), {"dims": 8, "value_range": "logits"}


def normalized_weights():
    from torch.nn.utils import parametrizations

    with torch.no_grad():
        old = nn.utils.weight_norm(nn.Linear(16, 32))
        new = parametrizations.weight_norm(nn.Linear(32, 48))
        spectral = parametrizations.spectral_norm(nn.Linear(48, 64))
    return nn.Sequential(old, nn.Mish(), new, nn.Softplus(), spectral, nn.Sigmoid()), {"dims": 16}


def signal():
    """A decoder of signals: convolutions in one dimension."""
    chain = [nn.Linear(4, 64), nn.Unflatten(1, (8, 8)), nn.ConvTranspose1d(8, 4, 4, 2, 1), nn.GELU()]
    return nn.Sequential(
        *chain, nn.Upsample(scale_factor=2, mode="linear"), nn.Conv1d(4, 1, 5, padding="same"), nn.Flatten()
    ), {"dims": 4}


class Mixer(nn.Module):
    """Layers over patches and over channels, with layer normalization."""

    def __init__(self):
        super().__init__()
        self.enter, self.norm = nn.Linear(6, 16 * 12), nn.LayerNorm(12)
        self.patches = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))
        self.channels = nn.Sequential(nn.Linear(12, 24), nn.GELU(approximate="tanh"), nn.Linear(24, 12))

    def forward(self, z):
        x = self.enter(z).unflatten(1, (16, 12))
        x = x + self.patches(self.norm(x).transpose(1, 2)).transpose(1, 2)
        x = x + self.channels(self.norm(x))
        x = x.view(-1, 4, 4, 2, 2, 3).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(-1, 3, 8, 8)


def _beta_vae(height=32):
    """The decoder of the beta-VAE papers: dense layers, then four transposed convolutions of 4 x 4."""
    chain = [nn.Linear(10, 256), nn.ReLU(True), nn.Linear(256, 32 * 4 * 4), nn.ReLU(True), Reshape(32, 4, 4)]
    for after in (32, 32):
        chain += [nn.ConvTranspose2d(32, after, 4, 2, 1), nn.ReLU(True)]
    return nn.Sequential(*chain, nn.ConvTranspose2d(32, 1, 4, 2, 1)), {"dims": 10, "value_range": "logits"}


def _autoencoder():
    chain = [nn.ConvTranspose2d(8, 16, 3, stride=2), nn.ReLU(True), nn.ConvTranspose2d(16, 8, 5, stride=3, padding=1)]
    return nn.Sequential(*chain, nn.ReLU(True), nn.ConvTranspose2d(8, 1, 2, stride=2, padding=1), nn.Tanh()), {
        "dims": 32, "input_shape": (8, 2, 2), "value_range": (-1, 1)}  # fmt: skip


def _lightning():
    """The autoencoder of a Lightning tutorial: a dense layer, a view, transposed convolutions with GELUs."""
    chain = [nn.Linear(16, 2 * 16 * 8), nn.GELU(), Reshape(-1, 4, 4)]
    for before, after in ((16, 16), (16, 8)):
        chain += [nn.ConvTranspose2d(before, after, 3, output_padding=1, padding=1, stride=2), nn.GELU()]
        chain += [nn.Conv2d(after, after, 3, padding=1), nn.GELU()]
    return nn.Sequential(*chain, nn.ConvTranspose2d(8, 3, 3, output_padding=1, padding=1, stride=2), nn.Tanh()), {
        "dims": 16, "value_range": (-1, 1)}  # fmt: skip


def _plain_gan():
    chain, before = [], 32
    for after in (128, 256, 512):
        chain += [nn.Linear(before, after), nn.BatchNorm1d(after, 0.8), nn.LeakyReLU(0.2, inplace=True)]
        before = after
    return nn.Sequential(*chain, nn.Linear(before, 784), nn.Tanh(), Reshape(1, 28, 28)), {
        "dims": 32,
        "value_range": (-1, 1),
    }


def _adversarial():
    return nn.Sequential(
        nn.Linear(10, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.BatchNorm1d(64), nn.LeakyReLU(0.2),
        nn.Linear(64, 32 * 32 * 3), nn.Tanh(), Reshape(3, 32, 32),
    ), {"dims": 10, "value_range": (-1, 1)}  # fmt: skip


def _discrete():
    chain = [
        nn.Conv2d(8, 16, 1),
        Discrete(16, 16),
        nn.Upsample(scale_factor=2, mode="nearest"),
        Discrete(16, 8),
        nn.ReLU(),
    ]
    return nn.Sequential(*chain, nn.Conv2d(8, 6, 1)), {"dims": 128, "input_shape": (8, 4, 4)}


def _genes():
    decoder = GeneDecoder()
    batch, library = torch.tensor([1]), torch.tensor(0.3)
    decoder.decode = lambda z: decoder("gene", z, library, batch)[2]
    return decoder, {"dims": 10, "method": "decode"}


def _resnet():
    decoder = ResNetDecoder()
    decoder.decode = lambda z: decoder(z)["reconstruction"]
    return decoder, {"dims": 16, "method": "decode"}


ARCHITECTURES = {
    name: seeded(make)
    for name, make in {
        "linear VAE": lambda: (LinearVae(), {"dims": 20, "method": "decode", "image_shape": (28, 28, 1)}),
        "DCGAN": lambda: (Dcgan(), {"dims": 100, "input_shape": (100, 1, 1), "value_range": (-1, 1)}),
        "convolutional VAE": lambda: (VanillaVae(), {"dims": 16, "method": "decode", "value_range": (-1, 1)}),
        "GAN": _plain_gan,
        "conditional GAN": lambda: (ClassGan(), {"dims": 32, "condition": 7, "value_range": (-1, 1)}),
        "InfoGAN": lambda: (
            InfoGan(),
            {"dims": 16, "condition": (torch.eye(10)[3], torch.tensor([0.5, -1])), "value_range": (-1, 1)},
        ),
        "adversarial autoencoder": _adversarial,
        "conditional VAE": lambda: (
            ConditionalVae(),
            {"dims": 2, "method": "decode", "condition": {"y": torch.eye(10)[4]}, "value_range": "logits"},
        ),
        "beta-VAE": _beta_vae,
        "convolutional autoencoder": _autoencoder,
        "Lightning tutorial": _lightning,
        "ResNet for MNIST": _resnet,
        "ResNet upside down": lambda: (LargeResNet(), {"dims": 32}),
        "tiny latent decoder": tiny_latents,
        "diffusion VAE with attention": diffusion_vae,
        "discrete VAE": _discrete,
        "gene counts": _genes,
        "linear gene counts": lambda: (
            nn.Sequential(nn.Linear(10, 60, bias=False), nn.BatchNorm1d(60), nn.Softmax(-1)),
            {"dims": 10},
        ),
        "SIREN": lambda: (Siren(), {"dims": 4}),
        "U-Net": lambda: (UNet(), {"dims": 64, "input_shape": (1, 8, 8)}),
        "style-based generator": lambda: (StyleLike(), {"dims": 8}),
        "super-resolution": super_resolution,
        "NVAE cells": nvae_like,
        "normalized weights": normalized_weights,
        "signals": signal,
        "MLP-Mixer": lambda: (Mixer(), {"dims": 6}),
    }.items()
}
