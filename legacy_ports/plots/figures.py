"""What the ports draw with: colours for the ten digits, axes, PNG. Recipes are the ports'."""

from io import BytesIO

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from PIL import Image

# Ten colours that colour-blind people tell apart: M. Petroff, arXiv:2107.02270.
COLOURS = matplotlib.color_sequences["petroff10"]


def new_figure(width: float, height: float) -> Figure:
    """A figure of `width` x `height` inches at 100 dpi, unknown to pyplot."""
    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def scatter_digits(axes: Axes, codes: np.ndarray, labels: np.ndarray) -> None:
    """Scatters 2-D codes [N, 2], each as its digit in the digit's colour, with a legend and equal axes."""
    for digit in range(10):
        across, up = codes[labels == digit].T
        axes.scatter(across, up, s=34, marker=f"${digit}$", linewidths=0.3, label="", color=COLOURS[digit])
        axes.scatter([], [], s=60, color=COLOURS[digit], label=str(digit))
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(alpha=0.25)
    axes.legend(title="digit", loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)


def show_pixels(axes: Axes, pixels: np.ndarray) -> AxesImage:
    """Shows a grey picture, uint8 or float 0..1, pixel by pixel and without ticks."""
    top = 255 if pixels.dtype == np.uint8 else 1
    axes.set(xticks=[], yticks=[])
    return axes.imshow(pixels, cmap="gray", vmin=0, vmax=top, interpolation="nearest")


def picture(figure: Figure) -> Image.Image:
    """The figure as it is drawn now. The layout stays what it is at the first drawing."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    figure.set_layout_engine("none")
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    file = BytesIO()
    picture(figure).save(file, "PNG")
    return file.getvalue()
