"""The figures of the one post that both mathybit ports share, and their models as Keras files.

The recipes are those of the notebook that the post names, autoencoders.ipynb.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import KernelPCA

from legacy_ports import UserError
from legacy_ports.data.batches import keras_pixels
from legacy_ports.plots import figures
from legacy_ports.run.manifest import read_manifest
from tb_plugin.gif import gif


def combine_images(images: np.ndarray, cols: int) -> np.ndarray:
    """Lays out images [rows * cols, 28, 28, 1] row by row, as [rows * 28, cols * 28]."""
    rows = len(images) // cols
    return images.reshape(rows, cols, 28, 28).transpose(0, 2, 1, 3).reshape(rows * 28, cols * 28)


def random_images(images: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Returns some of the images uint8 [N, 28, 28], as float32 [count, 28, 28, 1]. NumPy's global state stays."""
    return keras_pixels(images[np.random.RandomState(seed).randint(0, len(images), count)])


def two_rows(originals: np.ndarray, images_out: np.ndarray) -> np.ndarray:
    """Returns the originals [N, 28, 28, 1] above as many reconstructions, as one picture [56, N * 28]."""
    return combine_images(np.concatenate([originals, images_out]), len(originals))


def reconstructions(originals: np.ndarray, images_out: np.ndarray, caption: str) -> Figure:
    """Draws the originals [N, 28, 28, 1] above the model's reconstructions."""
    figure = figures.new_figure(len(originals) + 1.0, 2.4)
    axes = figure.subplots()
    figures.show_pixels(axes, two_rows(originals, images_out))
    axes.set_yticks([13.5, 41.5], ["originals", "recon-\nstructions"])
    axes.tick_params(length=0)
    axes.set_title(caption)
    return figure


def progress(originals: np.ndarray, outputs: Sequence[np.ndarray]) -> bytes:
    """Draws the reconstructions after each epoch, from epoch 0 on, as a GIF."""
    figure = reconstructions(originals, outputs[0], "epoch 0")
    (axes,) = figure.axes

    def show(frame: tuple[int, np.ndarray]) -> None:
        epoch, images_out = frame
        axes.set_title(f"epoch {epoch}")
        figures.set_pixels(axes.images[0], two_rows(originals, images_out))

    moving = [axes.title, *figures.pixels_and_frame(axes.images[0])]
    return gif(figures.animation(figure, moving, enumerate(outputs), show), 250, hold=2000)


def generated_digits(images_out: np.ndarray, caption: str) -> bytes:
    """Draws 36 images [36, 28, 28, 1] in six rows."""
    figure = figures.new_figure(5.6, 6)
    axes = figure.subplots()
    figures.show_pixels(axes, combine_images(images_out, 6))
    axes.set_title(caption)
    return figures.png(figure)


def histograms(codes: np.ndarray, coordinates: tuple[int, ...]) -> bytes:
    """Draws the distributions of eight coordinates of the codes [N, n_codings], as 2 x 4 histograms."""
    figure = figures.new_figure(11, 5)
    figure.suptitle(f"encoding coordinate distributions, {len(codes):,} training images")
    for axes, coordinate in zip(figure.subplots(2, 4).flat, coordinates):
        # One shape; `hist` draws fifty bars, in twice the time.
        axes.stairs(*np.histogram(codes[:, coordinate], bins=50), fill=True, color=figures.COLORS[0])
        axes.set_title(f"coordinate {coordinate}", fontsize=10)
        axes.ticklabel_format(axis="x", useOffset=False)
        axes.locator_params(axis="x", nbins=4)
        axes.tick_params(labelsize=8)
    figure.supxlabel("coding", fontsize=10)
    figure.supylabel("images", fontsize=10)
    return figures.png(figure)


def kernel_pca(codes: np.ndarray, labels: np.ndarray, n_components: int, recipe: dict[str, Any]) -> bytes:
    """Draws the codes [N, n_codings] in the 2 or 3 dimensions of a KernelPCA, colored by digit.

    `recipe` is KernelPCA's; where it has no random_state (of the eigenvector's first guess: it decides a
    sign at most) that is 0, so that the picture comes out the same again.
    """
    if np.ptp(codes, axis=0).any():
        points = KernelPCA(n_components=n_components, **{"random_state": 0} | recipe).fit_transform(codes)
    else:
        points = np.zeros((len(codes), n_components))  # codes all equal leave KernelPCA nothing to find
    # Saturated codes may leave fewer dimensions than are asked for.
    points = np.pad(points, ((0, 0), (0, n_components - points.shape[1])))
    setting = ", ".join(f"{key} {value}" for key, value in recipe.items() if key != "random_state")
    title = f"KernelPCA ({setting}) of {len(codes):,} training codings"
    figure = figures.new_figure(8, 7)
    if n_components == 2:
        axes = figure.subplots()
        figures.scatter_digits(axes, points, labels)
    else:
        axes = figure.add_subplot(projection="3d")
        colors = figures.label_colors(labels)
        for digit, color in enumerate(colors):
            axes.scatter(*points[labels == digit].T, s=9, color=color, label=str(digit))
        axes.set_zlabel("component 3")
        columns = -(-len(colors) // 20)
        figure.legend(title="digit", loc="outside right center", frameon=False, markerscale=2.5, ncols=columns)
    axes.set(title=title, xlabel="component 1", ylabel="component 2")
    return figures.png(figure)


def save_models(folder: Path, **models: Any) -> None:
    """Saves Keras models as folder/<name>.h5, the one format that tf-keras writes from a v1 graph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "HDF5 is considered legacy"
        for name, model in models.items():
            model.save(str(folder / f"{name}.h5"))


def restore_model(folder: Path, port: str, options: dict[str, Any], model: Any) -> dict[str, Any]:
    """Loads the weights of the run in `folder` into `model`, built with `options`.

    Returns:
      That run's own options.

    Raises:
      UserError: there is no such run, or it is another model's.
    """
    try:
        manifest = read_manifest(folder)
    except UserError as error:
        raise UserError(f"--restore {error}") from None
    theirs = {"port": manifest["port"], **{key: manifest["options"].get(key) for key in options}}
    for key, value in {"port": port, **options}.items():
        if theirs[key] != value:
            raise UserError(f"--restore {folder}: that run has {key} {theirs[key]}, this one {value}")
    try:
        model.load_weights(str(folder / "model.h5"))
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"--restore {folder}: model.h5 cannot be loaded ({reason})") from None
    return manifest["options"]
