"""The tools that ports draw with: colors for the ten digits, axes and PNG files. The recipes are in the ports."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from io import BytesIO
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.typing import ColorType
from PIL import Image

# Ten colors that color-blind people can tell apart: M. Petroff, arXiv:2107.02270.
COLORS = matplotlib.color_sequences["petroff10"]
GRAY = matplotlib.colormaps["gray"]


def new_figure(width: float, height: float) -> Figure:
    """Returns an empty figure of `width` x `height` inches at 100 dpi, which pyplot does not manage."""
    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def label_colors(labels: np.ndarray) -> Sequence[ColorType]:
    """Returns a color for each label from 0 on: COLORS, or more where there are labels above 9."""
    count = int(labels.max(initial=0)) + 1
    return COLORS if count <= len(COLORS) else list(matplotlib.colormaps["turbo"](np.linspace(0, 1, count)))


def scatter_digits(axes: Axes, codes: np.ndarray, labels: np.ndarray) -> None:
    """Scatters codes [N, 2], each as its digit in the digit's color, with a legend and axes of equal scale."""
    colors = label_colors(labels)
    for digit, color in enumerate(colors):
        across, up = codes[labels == digit].T
        axes.scatter(across, up, s=34, marker=_digit_marker(digit), linewidths=0.3, label="", color=color)
        axes.scatter([], [], s=60, color=color, label=str(digit))
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(alpha=0.25)
    columns = -(-len(colors) // 20)
    axes.legend(title="digit", loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, ncols=columns)


@cache
def _digit_marker(digit: int) -> MarkerStyle:
    """Returns a number as a marker. It is a path, because "$7$" sets up the parser of formulas, which takes 0.1 s."""
    glyphs = TextPath((0, 0), str(digit))
    middle = glyphs.get_extents().get_points().mean(axis=0)
    return MarkerStyle(Path(glyphs.vertices - middle, glyphs.codes))


def show_pixels(axes: Axes, pixels: np.ndarray) -> AxesImage:
    """Shows a gray picture [H, W], uint8 or float in 0..1, pixel by pixel and without ticks."""
    axes.set(xticks=[], yticks=[])
    return axes.imshow(_gray(pixels), interpolation="nearest")


def set_pixels(shown: AxesImage, pixels: np.ndarray) -> None:
    """Shows another picture in the place of one that `show_pixels` returned."""
    shown.set_data(_gray(pixels))


def _gray(pixels: np.ndarray) -> np.ndarray:
    """Returns gray pixels [H, W] as RGBA uint8 [H, W, 4].

    Matplotlib draws these in half the time, because it need not scale and color the enlarged picture.
    """
    return GRAY(pixels, bytes=True)


def pixels_and_frame(pixels: AxesImage) -> list[Artist]:
    """Returns what changes with the pixels in their axes: these, and the frame that is drawn over their edge."""
    return [pixels, *pixels.axes.spines.values()]


def animation(
    figure: Figure, moving: Sequence[Artist], frames: Iterable[Any], show: Callable[[Any], None]
) -> list[Image.Image]:
    """Returns a picture of the figure for each of `frames`. All but the artists `moving` is drawn only once.

    Args:
      moving: artists of the figure with nothing drawn over them but the later ones: for pixels, see `pixels_and_frame`.
      show: makes these artists show a frame.
    """
    for artist in moving:
        artist.set_animated(True)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    pictures = []
    for frame in frames:
        canvas.restore_region(still)
        show(frame)
        for artist in moving:
            figure.draw_artist(artist)
        pictures.append(_pixels(canvas))
    return pictures


def picture(figure: Figure) -> Image.Image:
    """Returns the figure as an RGB picture."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return _pixels(canvas)


def _pixels(canvas: FigureCanvasAgg) -> Image.Image:
    return Image.frombytes("RGB", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBX")


def png(figure: Figure) -> bytes:
    """Returns the figure as a PNG file."""
    file = BytesIO()
    picture(figure).save(file, "PNG")
    return file.getvalue()
