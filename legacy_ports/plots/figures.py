"""The tools that ports draw with: colors for the ten digits, axes and PNG files. The recipes are in the ports."""

from io import BytesIO

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from PIL import Image

# Ten colors that color-blind people can tell apart: M. Petroff, arXiv:2107.02270.
COLORS = matplotlib.color_sequences["petroff10"]


def new_figure(width: float, height: float) -> Figure:
    """Returns an empty figure of `width` x `height` inches at 100 dpi, which pyplot does not manage."""
    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def scatter_digits(axes: Axes, codes: np.ndarray, labels: np.ndarray) -> None:
    """Scatters codes [N, 2], each as its digit in the digit's color, with a legend and axes of equal scale."""
    for digit in range(10):
        across, up = codes[labels == digit].T
        axes.scatter(across, up, s=34, marker=f"${digit}$", linewidths=0.3, label="", color=COLORS[digit])
        axes.scatter([], [], s=60, color=COLORS[digit], label=str(digit))
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(alpha=0.25)
    axes.legend(title="digit", loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def show_pixels(axes: Axes, pixels: np.ndarray) -> AxesImage:
    """Shows a gray picture [H, W], uint8 or float in 0..1, pixel by pixel and without ticks."""
    top = 255 if pixels.dtype == np.uint8 else 1
    axes.set(xticks=[], yticks=[])
    return axes.imshow(pixels, cmap="gray", vmin=0, vmax=top, interpolation="nearest")


def picture(figure: Figure) -> Image.Image:
    """Returns the figure as an RGB picture. The first call fixes the layout for later calls."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    figure.set_layout_engine("none")
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def png(figure: Figure) -> bytes:
    """Returns the figure as a PNG file."""
    file = BytesIO()
    picture(figure).save(file, "PNG")
    return file.getvalue()
