"""Converts public PyTorch decoders as their authors wrote them, and prints the table of docs/models.md.

    python tests/public/torch_decoders.py CHECKOUTS [NAME ...]

CHECKOUTS has a folder owner+name for each repository of MODELS, e.g. pytorch+examples. Of a file only its imports,
classes and functions are run, because many of these scripts train when they are imported. An import that is not
installed is left out, and so is one of another file of the repository: that file stands beside it in MODELS.
"""

import __future__

import ast
import json
import sys
import time
import warnings
from contextlib import redirect_stdout, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch

from tb_plugin.decoder import Decoder
from tb_plugin.from_torch import from_torch


class Model(NamedTuple):
    """A model: its name, `setup` builds it as its author does, and `typed` is what its user types."""

    name: str
    repository: str
    files: str
    setup: str
    typed: str


GAN = "opt = SimpleNamespace(latent_dim=100, n_classes=10, num_classes=10, code_dim=2, img_size=32, channels={c}); " \
      "img_shape = (opt.channels, opt.img_size, opt.img_size); cuda = False; {more}model = {cls}"  # fmt: skip
PYTHAE = "src/pythae/models/base/base_utils.py src/pythae/models/nn/base_architectures.py " \
         "src/pythae/models/nn/benchmarks/utils.py src/pythae/models/nn/"  # fmt: skip
ANTIX = "models/types_.py models/base.py models/"
RGB = ", value_range=(-1, 1))"


def gan(name: str, typed: str = "from_torch(model, 100" + RGB, cls: str = "Generator()", more: str = "") -> Model:
    setup = GAN.format(c=1, cls=cls, more=more)
    return Model(f"{name}, {cls.partition('(')[0].lower()}", "eriklindernoren/PyTorch-GAN",
                 f"implementations/{name}/{name}.py", setup, typed)  # fmt: skip


def pythae(name: str, folder: str, cls: str, typed: str = '(lambda z: model(z)["reconstruction"], 16)') -> Model:
    setup = f"model = {cls}(SimpleNamespace(latent_dim=16, input_dim=(3, 64, 64)))"
    return Model(name, "clementchadebec/benchmark_VAE", PYTHAE + folder, setup, "from_torch" + typed)


MODELS = [
    Model("VAE", "pytorch/examples", "vae/main.py", "model = VAE()", 'from_torch(model, 20, method="decode")'),
    Model("DCGAN", "pytorch/examples", "dcgan/main.py", "nz, ngf, nc = 100, 64, 3; model = Generator(1)",
          "from_torch(model, 100, input_shape=(100, 1, 1)" + RGB),
    Model("VanillaVAE", "AntixK/PyTorch-VAE", ANTIX + "vanilla_vae.py", "model = VanillaVAE(3, 128)",
          'from_torch(model, 128, method="decode"' + RGB),
    Model("ConditionalVAE", "AntixK/PyTorch-VAE", ANTIX + "cvae.py", "model = ConditionalVAE(3, 40, 128)",
          "from_torch(lambda z: model.decode(torch.cat([z, attributes.expand(len(z), -1)], 1)), 128" + RGB),
    Model("WAE_MMD", "AntixK/PyTorch-VAE", ANTIX + "wae_mmd.py", "model = WAE_MMD(3, 128)",
          'from_torch(model, 128, method="decode"' + RGB),
    Model("CategoricalVAE", "AntixK/PyTorch-VAE", ANTIX + "cat_vae.py", "model = CategoricalVAE(3, 8, 10)",
          'from_torch(model, 80, method="decode"' + RGB),
    Model("VQVAE, from its quantized latents", "AntixK/PyTorch-VAE", ANTIX + "vq_vae.py",
          "model = VQVAE(3, 8, 64, img_size=32)",
          'from_torch(model, 512, method="decode", input_shape=(8, 8, 8)' + RGB),
    gan("gan"),
    gan("cgan", "from_torch(model, 100, condition=3" + RGB),
    gan("dcgan"),
    gan("infogan", "from_torch(model, 100, condition=(one_hot, [0.0, 0.0])" + RGB),
    gan("aae", cls="Decoder()"),
    gan("acgan", "from_torch(model, 100, condition=3" + RGB),
    gan("wgan_gp"),
    gan("began"),
    gan("ebgan"),
    Model("BetaVAE_H", "1Konny/Beta-VAE", "model.py", "model = BetaVAE_H(10, 3)",
          'from_torch(model, 10, method="_decode", value_range="logits")'),
    Model("BetaVAE_B", "1Konny/Beta-VAE", "model.py", "model = BetaVAE_B(10, 1)",
          'from_torch(model.decoder, 10, value_range="logits")'),
    Model("simple autoencoder", "L1aoXingyu/pytorch-beginner", "08-AutoEncoder/simple_autoencoder.py",
          "model = autoencoder()", "from_torch(model.decoder, 3" + RGB),
    Model("conv autoencoder", "L1aoXingyu/pytorch-beginner", "08-AutoEncoder/conv_autoencoder.py",
          "model = autoencoder()", "from_torch(model.decoder, 32, input_shape=(8, 2, 2)" + RGB),
    Model("tutorial 9", "phlippe/uvadlc_notebooks", "docs/tutorial_notebooks/tutorial9/AE_CIFAR10.ipynb",
          "model = Decoder(3, 32, 128)", "from_torch(model, 128" + RGB),
    pythae("MNIST conv", "benchmarks/mnist/convnets.py", "Decoder_Conv_AE_MNIST"),
    pythae("MNIST ResNet", "benchmarks/mnist/resnets.py", "Decoder_ResNet_AE_MNIST"),
    pythae("CIFAR conv", "benchmarks/cifar/convnets.py", "Decoder_Conv_AE_CIFAR"),
    pythae("CELEBA conv", "benchmarks/celeba/convnets.py", "Decoder_Conv_AE_CELEBA"),
    pythae("CELEBA ResNet", "benchmarks/celeba/resnets.py", "Decoder_ResNet_AE_CELEBA"),
    pythae("default MLP", "default_architectures.py", "Decoder_AE_MLP"),
    Model("VAE, ResNet-18 decoder", "Lightning-Universe/lightning-bolts",
          "src/pl_bolts/models/autoencoders/components.py", "model = resnet18_decoder(256, 32, False, False)",
          "from_torch(model, 256)"),
    Model("VAE, ResNet-50 decoder", "Lightning-Universe/lightning-bolts",
          "src/pl_bolts/models/autoencoders/components.py", "model = resnet50_decoder(256, 32, False, False)",
          "from_torch(model, 256)"),
    Model("TAESD decoder", "madebyollin/taesd", "taesd.py", "model = Decoder()",
          "from_torch(model, 256, input_shape=(4, 8, 8))"),
    Model("TAEF2 decoder", "madebyollin/taesd", "taesd.py", "model = Decoder(32, True)",
          "from_torch(model, 512, input_shape=(32, 4, 4))"),
    Model("DALL-E decoder", "openai/DALL-E", "dall_e/utils.py dall_e/decoder.py", "model = Decoder(vocab_size=1024)",
          "from_torch(lambda z: torch.sigmoid(model(z)[:, :3]), 4096, input_shape=(1024, 2, 2))"),
    Model("scVI, linear decoder", "scverse/scvi-tools", "src/scvi/nn/_base_components.py",
          "model = LinearDecoderSCVI(10, 2000)",
          'from_torch(lambda z: model("gene", z, torch.full((len(z), 1), 7.0))[0], 10)'),
    Model("scVI, decoder", "scverse/scvi-tools", "src/scvi/nn/_base_components.py",
          "model = DecoderSCVI(10, 2000, n_cat_list=[3], use_batch_norm=True)",
          'from_torch(lambda z: model("gene", z, torch.full((len(z), 1), 7.0), torch.ones(len(z), 1).long())[2], 10)'),
    Model("CVAE", "timbmg/VAE-CVAE-MNIST", "utils.py models.py", "model = VAE([784, 256], 2, [256, 784], True, 10)",
          'from_torch(model, 2, method="inference", condition=7)'),
    Model("VAE", "kuc2477/pytorch-vae", "model.py", "model = VAE('x', 32, 3, 128, 64)",
          "from_torch(lambda z: model.decoder(model.project(z).view(-1, 128, 4, 4)), 64)"),
    Model("VQ-VAE-2, lower decoder", "rosinality/vq-vae-2-pytorch", "vqvae.py",
          "model = Decoder(128, 3, 128, 2, 32, 4)", "from_torch(model, 2048, input_shape=(128, 4, 4)" + RGB),
    Model("StyleGAN, 32 x 32", "rosinality/style-based-gan-pytorch", "model.py",
          "blur = BlurFunction.apply; model = StyledGenerator(512); "
          "noise = [torch.randn(1, 1, 4 * 2**i, 4 * 2**i) for i in range(4)]",
          "from_torch(lambda z: model(z, noise=[n.expand(len(z), -1, -1, -1) for n in noise], step=3), 512" + RGB),
    Model("StyleGAN2, 32 x 32", "rosinality/stylegan2-pytorch",
          "op/conv2d_gradfix.py op/fused_act.py op/upfirdn2d.py model.py",
          "enabled = False; upfirdn2d = upfirdn2d.upfirdn2d; model = Generator(32, 64, 4); "
          "[setattr(m, 'fused', False) for m in model.modules()]",
          "from_torch(lambda z: model([z], randomize_noise=False)[0], 64" + RGB),
    Model("BigGAN, 32 x 32", "ajbrock/BigGAN-PyTorch", "layers.py BigGAN.py",
          "model = Generator(G_ch=16, dim_z=32, resolution=32, G_attn='16', n_classes=10, shared_dim=16, hier=True)",
          "from_torch(lambda z: model(z, model.shared(torch.full((len(z),), 3))), 32" + RGB),
    Model("autoencoder's decoder", "CompVis/latent-diffusion", "ldm/modules/diffusionmodules/model.py",
          "model = Decoder(ch=32, out_ch=3, ch_mult=(1, 2), num_res_blocks=1, attn_resolutions=[16], in_channels=3, "
          "resolution=32, z_channels=4)", "from_torch(model, 1024, input_shape=(4, 16, 16)" + RGB),
    Model("GAN, generator", "znxlwm/pytorch-generative-model-collections", "utils.py GAN.py",
          "model = generator(62, 1, 28)",
          "from_torch(model, 62" + RGB),
    Model("VAE", "csinva/gan-vae-pretrained-pytorch", "mnist_vae/vae.py", "model = VAE()",
          'from_torch(model, 20, method="decode")'),
    Model("DCGAN of MNIST", "csinva/gan-vae-pretrained-pytorch", "mnist_dcgan/dcgan.py", "model = Generator(1)",
          "from_torch(model, 100, input_shape=(100, 1, 1)" + RGB),
    Model("FastGAN, 64 x 64", "lucidrains/lightweight-gan", "lightweight_gan/lightweight_gan.py",
          "norm_class = nn.BatchNorm2d; Conv2d = nn.Conv2d; model = Generator(image_size=64, latent_dim=64)",
          "from_torch(model, 64, value_range=(0, 1))"),
]  # fmt: skip


def source(path: Path) -> str:
    if path.suffix != ".ipynb":
        return path.read_text()
    cells = [cell["source"] for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    lines = "".join(line for cell in cells for line in [*cell, "\n"]).splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


def definitions(paths: list[Path]) -> dict[str, object]:
    """Returns what the imports, classes and functions of files define."""
    space: dict[str, object] = {"from_torch": from_torch, "SimpleNamespace": SimpleNamespace, "__name__": "original"}
    space["under_review"] = lambda: lambda defined: defined  # of lightning-bolts: it only warns
    kinds = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)
    for path in paths:
        before = dict(space)
        for node in ast.parse(source(path)).body:
            first = node.body[0] if isinstance(node, ast.Try) else node  # an import with a fallback
            if isinstance(first, kinds) or (isinstance(node, ast.Assign) and "TypeVar" in ast.dump(node.value)):
                code = compile(ast.Module([node], []), str(path), "exec", __future__.annotations.compiler_flag)
                with suppress(ImportError, KeyError, NameError):  # not installed, or made of something that is not
                    exec(code, space)
        module = SimpleNamespace(**{name: value for name, value in space.items() if value is not before.get(name)})
        space[path.stem] = module
    return space


def train(module: torch.nn.Module) -> None:
    """Gives normalizations statistics and weights that differ from 0 and 1, as training does."""
    for each in module.modules():
        if "Norm" in type(each).__name__:
            for name, tensor in each.state_dict().items():
                if tensor.is_floating_point():
                    tensor.copy_(torch.rand(tensor.shape) + 0.5 if "var" in name else torch.randn(tensor.shape) / 4 + 1)


def convert(model: Model, checkouts: Path) -> tuple[Decoder, float, float]:
    """Returns the decoder, the largest difference from the model on other codes than it was checked on, and seconds."""
    torch.manual_seed(0)
    folder = checkouts / model.repository.replace("/", "+")
    space = definitions([folder / file for file in model.files.split()])
    exec(model.setup, space)
    train(space["model"])
    space["attributes"], space["one_hot"] = torch.zeros(1, 40), torch.eye(10)[3]
    start = time.perf_counter()
    decoder = eval(model.typed, space)
    seconds = time.perf_counter() - start
    return decoder, check(model, space, decoder), seconds


def check(model: Model, space: dict[str, object], decoder: Decoder) -> float:
    """Returns the largest difference on 8 codes from a Decoder that was stored and read, with the model in eval()."""
    calls = []
    arguments = eval(model.typed, {**space, "from_torch": lambda *given, **options: calls.append((given, options))})
    assert arguments is None
    (what, dims), options = calls[0]
    space["model"].eval()
    codes = torch.randn(8, dims)
    decode = getattr(what, options["method"]) if "method" in options else what
    fixed = options.get("condition", ())
    fixed = fixed if isinstance(fixed, tuple) else (fixed,)
    fixed = [torch.as_tensor(value).expand(8, *torch.as_tensor(value).shape) for value in fixed]
    with torch.no_grad():
        expected = decode(codes.reshape(8, *options.get("input_shape", (dims,))), *fixed)
    if options.get("value_range") == "logits":
        expected = expected.sigmoid()
    elif options.get("value_range", (0, 1)) != (0, 1):
        expected = (expected + 1) / 2
    if expected.ndim == 4:
        expected = expected.permute(0, 2, 3, 1)
    found = Decoder.from_blob(decoder.to_blob())(codes.numpy())
    return float((np.abs(found - expected.numpy()) / np.maximum(np.abs(expected.numpy()), 1)).max())


def main() -> None:
    warnings.simplefilter("ignore")
    names = sys.argv[2:]
    print("| model | repository | what is typed | picture | layers | weights | error | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    failed = 0
    chosen = [model for model in MODELS if not names or any(name in model.name for name in names)]
    for model in chosen:
        try:
            with redirect_stdout(sys.stderr):
                decoder, off, seconds = convert(model, Path(sys.argv[1]))
        except Exception as error:  # whatever a stranger's code raises
            failed += 1
            print(
                f"| {model.name} | {model.repository} | `{model.typed}` | {type(error).__name__}: {error} |", flush=True
            )
            continue
        shape = " x ".join(map(str, decoder.output_shape))
        print(
            f"| {model.name} | {model.repository} | `{model.typed}` | {shape} | {len(decoder.layers)} | "
            f"{decoder.weights:,} | {off:.1e} | {seconds:.1f} |",
            flush=True,
        )
    print(f"\n{len(chosen) - failed} of {len(chosen)} convert.")


if __name__ == "__main__":
    main()
