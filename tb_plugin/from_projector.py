"""Turns logs of TensorBoard's Projector into latent spaces: `python -m tb_plugin.from_projector LOGDIR`.

It reads each `projector_config.pbtxt` below LOGDIR with the files that it names: tensors as TSV, as bytes or in a
TensorFlow checkpoint (which takes TensorFlow), metadata as TSV, and sprite images.
"""

import argparse
import importlib
import os
import re
import shlex
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins.projector import projector_config_pb2

from tb_plugin.summary import LatentWriter
from tb_plugin.writer import projector_columns as columns

CONFIG = "projector_config.pbtxt"


class Embedding(NamedTuple):
    """An embedding of the Projector: its tag and step, and what `LatentWriter.add` takes."""

    tag: str
    step: int
    codes: np.ndarray
    arguments: dict[str, Any]


def convert(logdir: Path, out: Path) -> list[tuple[str, str, list[int]]]:
    """Writes the Projector's logs below `logdir` as runs below `out`.

    PyTorch's `add_embedding` logs a tag at several steps. They become the steps of one latent space if they have the
    same points, labels and images, and else latent spaces of their own.

    Returns:
      Run, name and steps of each latent space that was written.

    Raises:
      ValueError: a file does not fit, or there is none; the message names it.
      OSError: a file cannot be read or written.
    """
    configs = sorted(path for path in logdir.rglob(CONFIG) if out not in path.parents)
    if not configs:
        raise ValueError(f"{logdir}: there is no {CONFIG} below it")
    written = []
    for config in configs:
        run = config.parent.relative_to(logdir).as_posix()
        spaces = _spaces(embeddings(config))
        with LatentWriter(out / run) as writer:
            for name, steps in spaces.items():
                for embedding in sorted(steps, key=lambda embedding: embedding.step):
                    try:
                        writer.add(name, embedding.step, embedding.codes, **embedding.arguments)
                    except ValueError as error:
                        raise ValueError(f"{config}, {name}: {error}") from error
                written.append((run, name, sorted(embedding.step for embedding in steps)))
    return written


def embeddings(config: Path) -> list[Embedding]:
    """Returns the embeddings that a `projector_config.pbtxt` lists. Raises as `convert` does."""
    parsed = projector_config_pb2.ProjectorConfig()
    try:
        text_format.Parse(config.read_bytes(), parsed)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise ValueError(f"{config}: {error}") from None
    return [_embedding(config, parsed.model_checkpoint_path, info) for info in parsed.embeddings]


def _embedding(config: Path, checkpoint: str, info: Any) -> Embedding:
    tag, step = info.tensor_name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE"), 0
    logged = re.fullmatch(r"(.*):(\d{5,})", tag)  # by PyTorch's add_embedding
    if logged:
        tag, step = logged[1], int(logged[2])
    if info.tensor_path:
        codes = _tensor(_path(config, info.tensor_path), list(info.tensor_shape))
    else:
        codes, step = _of_checkpoint(config, checkpoint, info.tensor_name)
        tag = re.sub(r":\d+$", "", tag)
    if codes.ndim != 2:
        raise ValueError(f"{config}, {info.tensor_name}: shape is {list(codes.shape)}, it must be [N, D]")
    arguments: dict[str, Any] = {}
    if info.metadata_path:
        arguments |= _metadata(_path(config, info.metadata_path), len(codes))
    if info.sprite.image_path:
        size = list(info.sprite.single_image_dim)
        arguments |= {"images": _sprite(_path(config, info.sprite.image_path), size, len(codes)), "image_order": "HWC"}
    return Embedding(tag or "default", step, codes, arguments)


def _path(config: Path, path: str) -> Path:
    """Returns the path of a file that a config names, relative to its own folder, as TensorBoard does."""
    return config.parent / Path(path).expanduser()


def _tensor(path: Path, shape: list[int]) -> np.ndarray:
    try:
        if path.suffix != ".bytes":
            return np.loadtxt(path, np.float32, delimiter="\t", ndmin=2, comments=None)
        if not shape:
            raise ValueError(f"tensor_shape is missing in {CONFIG}")
        return np.fromfile(path, "<f4").reshape(shape)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _of_checkpoint(config: Path, checkpoint: str, name: str) -> tuple[np.ndarray, int]:
    """Returns a tensor of a TensorFlow checkpoint, and the step in the checkpoint's name or 0."""
    try:
        tf = importlib.import_module("tensorflow")
    except ImportError:
        raise ValueError(
            f"{config}: {name} is in a TensorFlow checkpoint, which takes TensorFlow; type: pip install tensorflow"
        ) from None
    found = str(_path(config, checkpoint)) if checkpoint else tf.train.latest_checkpoint(str(config.parent))
    try:
        reader = tf.train.load_checkpoint(found)
        key = name if reader.has_tensor(name) else re.sub(r":\d+$", "", name)
        step = re.search(r"-(\d+)$", found)
        return np.asarray(reader.get_tensor(key)), int(step[1]) if step else 0
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise ValueError(f"{config}: {name} cannot be read from {found or 'a checkpoint'}: {error}") from None


def _metadata(path: Path, points: int) -> dict[str, Any]:
    """Returns labels and class names. As for the Projector, only a file with several columns has a header."""
    try:
        lines = path.read_text(encoding="utf-8").replace("\r\n", "\n").removesuffix("\n").split("\n")
        rows = [line.split("\t") for line in lines]
        header = rows.pop(0) if len(rows[0]) > 1 else ["label"]
        return columns.arguments(columns.of_rows(rows, header, points))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _sprite(path: Path, size: list[int], points: int) -> np.ndarray:
    """Returns the images uint8 [N, H, W, C] of a sprite, which has them row by row; `size` is [W, H]."""
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"{path}: single_image_dim is {size} in {CONFIG}, it must be width and height")
    try:
        with Image.open(path) as image:
            mode = image.mode if image.mode in ("L", "RGB", "RGBA") else "RGB"
            pixels = np.asarray(image.convert(mode))
    except (Image.UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: {error}") from None
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    width, height = size
    down, across = pixels.shape[0] // height, pixels.shape[1] // width
    if down * across < points:
        raise ValueError(f"{path}: it has {down} x {across} images of {width} x {height} for {points} points")
    grid = pixels[: down * height, : across * width].reshape(down, height, across, width, -1)
    return grid.swapaxes(1, 2).reshape(down * across, height, width, -1)[:points]


def _spaces(found: list[Embedding]) -> dict[str, list[Embedding]]:
    """Returns the embeddings by the name of the latent space that they become."""
    tags: dict[str, list[Embedding]] = {}
    for embedding in found:
        tags.setdefault(embedding.tag, []).append(embedding)
    return dict(pair for tag, group in tags.items() for pair in _of_tag(tag, group))


def _of_tag(tag: str, group: list[Embedding]) -> Iterator[tuple[str, list[Embedding]]]:
    steps = {embedding.step: embedding for embedding in group}  # a step that was logged twice: the last one
    if all(_same_points(group[0], embedding) for embedding in steps.values()):
        yield tag, list(steps.values())
    else:
        yield from ((f"{tag}:{step:05}", [embedding]) for step, embedding in steps.items())


def _same_points(a: Embedding, b: Embedding) -> bool:
    return a.codes.shape == b.codes.shape and _equal(a.arguments, b.arguments)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return a.dtype == getattr(b, "dtype", None) and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return bool(a == b)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tb_plugin.from_projector", description=__doc__)
    parser.add_argument("logdir", type=Path, metavar="LOGDIR", help="where the Projector's logs are")
    parser.add_argument("--out", type=Path, metavar="DIR", help="a new folder for the runs; default: LOGDIR/latent")
    options = parser.parse_args(arguments)
    out = options.out or options.logdir / "latent"
    try:
        if not options.logdir.is_dir():
            raise ValueError(f"{options.logdir}: no such directory")
        if out.exists() and os.listdir(out):
            raise ValueError(f"{out}: it exists already; give another --out")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            written = convert(options.logdir, out)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    for message in dict.fromkeys(str(warning.message) for warning in caught if warning.category is UserWarning):
        print(message, file=sys.stderr)
    for run, name, steps in written:
        print(f"{run}, {name}: {len(steps)} {'step' if len(steps) == 1 else 'steps'}")
    print(f"tensorboard --logdir {shlex.quote(str(out))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
