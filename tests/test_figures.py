"""What ports draw with draws what Matplotlib draws the usual way, only sooner."""

import numpy as np
import pytest
from matplotlib.markers import MarkerStyle

from legacy_ports.plots import figures


def pixels_of(figure):
    return np.asarray(figures.picture(figure))


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64])
def test_gray_pixels_are_those_of_the_color_map(kind):
    values = np.random.default_rng(0).uniform(-0.2, 1.2, (28, 28))  # a decoder's may lie outside 0..1
    values = (255 * values.clip(0, 1)).astype(kind) if kind == np.uint8 else values.astype(kind)
    ours, theirs = figures.new_figure(3, 3), figures.new_figure(3, 3)
    figures.show_pixels(ours.subplots(), values)
    axes = theirs.subplots()
    axes.set(xticks=[], yticks=[])
    axes.imshow(values, cmap="gray", vmin=0, vmax=255 if kind == np.uint8 else 1, interpolation="nearest")
    np.testing.assert_array_equal(pixels_of(ours), pixels_of(theirs))


def test_digits_are_those_that_matplotlib_draws_as_formulas(monkeypatch):
    codes, labels = np.random.default_rng(0).normal(size=(100, 2)), np.arange(100) % 10
    ours, theirs = figures.new_figure(4, 3), figures.new_figure(4, 3)
    figures.scatter_digits(ours.subplots(), codes, labels)
    monkeypatch.setattr(figures, "_digit_marker", lambda digit: MarkerStyle(f"${digit}$"))
    figures.scatter_digits(theirs.subplots(), codes, labels)
    np.testing.assert_array_equal(pixels_of(ours), pixels_of(theirs))


def test_an_animation_shows_each_frame_as_if_drawn_whole():
    frames = np.random.default_rng(0).random((3, 28, 28))

    def drawn(first):
        figure = figures.new_figure(4, 2)
        still, moving = (figures.show_pixels(axes, first) for axes in figure.subplots(1, 2))
        figures.set_pixels(still, frames[0])
        return figure, moving

    figure, moving = drawn(frames[0])
    shown = figures.animation(
        figure, figures.pixels_and_frame(moving), frames, lambda frame: figures.set_pixels(moving, frame)
    )
    for picture, frame in zip(shown, frames, strict=True):
        assert picture.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(picture), pixels_of(drawn(frame)[0]))
