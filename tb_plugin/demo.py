"""A latent space to look at within a minute: `python -m tb_plugin.demo --logdir DIR`.

This program draws the digits, 5,000 of them (tb_plugin/digits.py). The autoencoder is principal component analysis,
fitted to 4,000 of them by orthogonal iteration on mini-batches (after Oja, 1982). It logs the codes of the other 1,000,
in two runs, of 2 and of 16 components.
"""

import argparse
import functools
import io
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tb_plugin import digits
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.layers import clamp, dense, reshape
from tb_plugin.summary import LatentWriter

STEPS = 200
BATCH = 100
LOGGED = [*range(10), *range(10, STEPS + 1, 10)]


def oja(images: np.ndarray, components: int, seed: int) -> Iterator[np.ndarray]:
    """Yields the directions [784, components] before the first step and after each of STEPS, columns orthonormal.

    A step adds the mini-batch's covariance times the directions, by a rate that falls, and makes the columns
    orthonormal again.
    """
    random = np.random.default_rng(seed)
    directions = np.linalg.qr(random.normal(size=(images.shape[1], components)))[0]
    yield directions
    for step in range(STEPS):
        batch = images[random.choice(len(images), BATCH, replace=False)]
        change = batch.T @ (batch @ directions) / BATCH
        directions = np.linalg.qr(directions + 5 / (step + 10) * change)[0]
        yield directions


def write(logdir: str, components: int, seed: int = 0) -> tuple[float, float]:
    """Logs a run. Returns the mean squared error that it ends with, and the error of exact PCA."""
    images, labels = _drawn()
    test = np.arange(len(images)) % 5 == 0
    train_images, test_images, test_labels = images[~test], images[test], labels[test]
    mean = train_images.mean(axis=0)
    error = np.inf
    with LatentWriter(logdir) as writer:
        for step, directions in enumerate(oja(train_images - mean, components, seed)):
            if step not in LOGGED:
                continue
            codes = (test_images - mean) @ directions
            reconstructions = mean + codes @ directions.T
            error = np.mean((test_images - reconstructions) ** 2)
            errors = np.mean((test_images - np.clip(reconstructions, 0, 1)) ** 2, axis=1)  # of what is shown
            center = codes.mean(axis=0)
            writer.add(
                "digits",
                step,
                codes,
                labels=test_labels,
                images=test_images.reshape(-1, 28, 28),
                errors=errors,
                class_names=[str(digit) for digit in range(10)],
                decoder=Decoder(components, [dense(directions.T, mean), reshape((28, 28)), clamp(0, 1)]),
                encoder=Encoder(784, [dense(directions, -mean @ directions)]),
                walk={"center": center, "radius": np.linalg.norm((codes - center)[:, :2], axis=1).mean()},
                display_name=f"Digits, {components} principal components",
                description="1,000 digits that a program drew; PCA fitted to 4,000 others by orthogonal iteration "
                "on mini-batches.",
            )
    exact = np.linalg.eigh(np.cov(train_images.T))[1][:, -components:]
    rest = (test_images - mean) @ (np.eye(784) - exact @ exact.T)
    return float(error), float(np.mean(rest**2))


@functools.cache
def _drawn() -> tuple[np.ndarray, np.ndarray]:
    """Returns 5,000 images float64 [5000, 784] and their labels."""
    images, labels = digits.draw(5000)
    return images.reshape(-1, 784).astype(np.float64), labels


def main(argv: list[str] | None = None) -> int:
    """Writes the demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tb_plugin.demo", description=__doc__.splitlines()[0])
    parser.add_argument("--logdir", required=True, help="the folder where the runs are written, on this machine")
    given = parser.parse_args(argv).logdir
    if not given or "://" in given:
        print(f"{given!r} is no folder of this machine; give one as --logdir, and copy it afterwards", file=sys.stderr)
        return 2
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for a folder's name that its encoding does not have
    logdir = Path(given)
    for components in (2, 16):
        run = logdir / f"pca-{components}"
        try:
            run.mkdir(parents=True)
            mse, floor = write(str(run), components)
        except FileExistsError as error:
            print(f"{error.filename} exists already; give another --logdir", file=sys.stderr)
            return 2
        except OSError as error:
            print(f"the demo cannot be written to {error.filename}: {error.strerror}", file=sys.stderr)
            return 2
        print(f"pca-{components}: mean squared error {mse:.5f} after {STEPS} steps; exact PCA: {floor:.5f}", flush=True)
    print(f"tensorboard --logdir {shlex.quote(str(logdir))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
