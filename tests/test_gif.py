"""GIF animations: gray levels are exact, colors share one palette, and the last frame may be held."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tb_plugin.gif import gif


def read(data):
    """Returns the frames uint8 [n, H, W, 3] of a GIF that loops forever, and how long each is shown."""
    frames, durations = [], []
    with Image.open(BytesIO(data)) as image:
        assert image.info["loop"] == 0
        for k in range(image.n_frames):
            image.seek(k)
            frames.append(np.asarray(image.convert("RGB")))
            durations.append(image.info["duration"])
    return np.stack(frames), durations


def test_gray_levels_are_exact():
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16) + np.arange(0, 90, 30, dtype=np.uint8)[:, None, None]
    frames, durations = read(gif([Image.fromarray(picture) for picture in levels], 40, hold=500))
    np.testing.assert_array_equal(frames, np.repeat(levels[..., None], 3, axis=-1))
    assert durations == [40, 40, 540]


def test_pixels_are_enlarged_without_smoothing():
    small = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
    frames, _ = read(gif([Image.fromarray(picture) for picture in small], 40, factor=3, fast=True))
    np.testing.assert_array_equal(frames[..., 0], small.repeat(3, 1).repeat(3, 2))


@pytest.mark.parametrize("fast", [False, True])
def test_a_color_that_stays_does_not_flicker(fast):
    """The left half stays the same while the right half takes other colors in each frame."""
    random = np.random.default_rng(0)
    left = random.integers(0, 256, (20, 10, 3), np.uint8)
    pictures = [np.concatenate([left, random.integers(0, 256, (20, 10, 3), np.uint8) // (k + 1)], 1) for k in range(12)]
    frames, _ = read(gif([Image.fromarray(picture) for picture in pictures], 40, fast=fast))
    assert len(frames) == 12
    assert (frames[:, :, :10] == frames[0, :, :10]).all()
    assert np.abs(frames.astype(int) - pictures).mean() < 16


def test_few_colors_are_nearly_exact():
    colors = np.array([[255, 255, 255], [0, 0, 0], [63, 144, 218], [189, 31, 1]], np.uint8)
    pictures = [colors[np.random.default_rng(k).integers(0, 4, (30, 30))] for k in range(20)]
    frames, _ = read(gif([Image.fromarray(picture) for picture in pictures], 40))
    assert np.abs(frames.astype(int) - pictures).max() <= 4
