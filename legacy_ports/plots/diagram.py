"""Draws a network from the sizes of its layers, like the drawings at the beginning of the posts."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle, Rectangle

from legacy_ports.plots import figures

COLORS = {"encoder": "#3f90da", "code": "#e76300", "decoder": "#832db6"}
MAX_MAPS = 5  # feature maps drawn of a convolutional layer


def network_diagram(layers: Sequence[tuple[str, tuple[int, ...]]], title: str) -> bytes:
    """Returns a drawing of a network as a PNG: dense layers are columns of nodes, convolutions stacks of feature maps.

    Args:
      layers: from input to output, the caption and shape of each layer: (units,) or (height, width, channels). The
        smallest layer is the code; the layers before it are the encoder, those after it the decoder.
    """
    code = min(range(len(layers)), key=lambda i: math.prod(layers[i][1]))
    parts = ["encoder" if i < code else "code" if i == code else "decoder" for i in range(len(layers))]
    figure = figures.new_figure(max(8.0, 1.45 * len(layers)), 4.6)
    axes = figure.subplots()
    axes.set(xlim=(-0.7, len(layers) - 0.3), ylim=(-1.62, 1.5), title=title)
    axes.set_aspect("equal")
    axes.axis("off")
    edges = [_draw_layer(axes, x, shape, COLORS[part]) for x, (part, (_, shape)) in enumerate(zip(parts, layers))]
    for x, (right, left) in enumerate(zip(edges[:-1], edges[1:])):
        lines = [((x + right[0], a), (x + 1 - left[0], b)) for a in right[1] for b in left[1]]
        axes.add_collection(LineCollection(lines, colors="0.6", linewidths=0.35, zorder=0))
    for x, (caption, shape) in enumerate(layers):
        text = f"{caption}\n{' x '.join(map(str, shape))}"
        axes.text(x, -1.2, text, ha="center", va="top", fontsize=9)
    for part in COLORS:
        members = [x for x, p in enumerate(parts) if p == part]
        axes.plot([members[0] - 0.3, members[-1] + 0.3], [1.22, 1.22], color=COLORS[part], linewidth=2.5)
        axes.text(float(np.mean(members)), 1.27, part, ha="center", va="bottom", color=COLORS[part], fontweight="bold")
    return figures.png(figure)


def _draw_layer(axes: Axes, x: int, shape: tuple[int, ...], color: str) -> tuple[float, list[float]]:
    """Draws one layer at x, and returns half its width and the heights at which connections meet it."""
    if len(shape) == 1:
        return 0.06, _draw_nodes(axes, x, shape[0], color)
    side, maps = 0.16 + 0.022 * shape[0], min(shape[2], MAX_MAPS)
    for k in range(maps):
        offset = 0.035 * (k - (maps - 1) / 2)
        axes.add_patch(
            Rectangle(
                (x - side / 2 + offset, -side / 2 - offset),
                side,
                side,
                facecolor=color,
                edgecolor="white",
                linewidth=0.8,
                zorder=k + 1,
            )
        )
    return side / 2 + 0.035 * maps / 2, [-side / 3, 0, side / 3]


def _draw_nodes(axes: Axes, x: int, units: int, color: str) -> list[float]:
    """Draws a dense layer at x, and returns the heights of its nodes."""
    # Up to four units are drawn one by one. For more, the number of nodes hints at the size, with a gap in the middle.
    drawn = units if units <= 4 else 1 + round(2.6 * math.log10(units)) + units // 250
    heights = list(0.2 * (np.arange(drawn) - (drawn - 1) / 2))
    if drawn < units:
        gap = heights.pop(len(heights) // 2)
        axes.text(x, gap, "⋮", ha="center", va="center", fontsize=11, color=color)
    for y in heights:
        axes.add_patch(Circle((x, y), 0.06, facecolor=color, edgecolor="white", linewidth=0.6, zorder=2))
    return heights
