"""The animations that the tab saves, read by Pillow."""

import base64
import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

ENCODE = """async ([text, n, width, height, enlarged, delay]) => {
  const { animation } = await import("./lib/gif.js");
  const bytes = Uint8ClampedArray.from(atob(text), (letter) => letter.charCodeAt(0));
  const size = 4 * width * height;
  const frames = Array.from({ length: n }, (_, i) => bytes.slice(i * size, (i + 1) * size));
  const made = animation(frames, width, height, enlarged, delay);
  return btoa(Array.from(made, (byte) => String.fromCharCode(byte)).join(""));
}"""


def gif(modules, frames, delay=100, enlarged=1):
    """Returns the animation of frames uint8 [n, H, W, 3] with random opacity."""
    opacity = np.random.default_rng(0).integers(0, 256, (*frames.shape[:3], 1), np.uint8)
    n, height, width, _ = frames.shape
    text = base64.b64encode(np.concatenate([frames, opacity], axis=3).tobytes()).decode()
    return base64.b64decode(modules.evaluate(ENCODE, [text, n, width, height, enlarged, delay]))


def read(data):
    """Returns the frames uint8 [n, H, W, 3], the ms of each, and how often they repeat (0: without end)."""
    frames, milliseconds = [], []
    with Image.open(io.BytesIO(data)) as image:
        for number in range(image.n_frames):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGB")))
            milliseconds.append(image.info["duration"])
        return np.stack(frames), milliseconds, image.info["loop"]


def gray(values):
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=-1)


@pytest.mark.parametrize(("asked", "given"), [(100, 100), (44, 40), (1, 20), (10**7, 655350)])
def test_grey_frames_come_back_exactly_without_end(modules, bundled, asked, given):
    digits = gray(bundled.arrays.test_images[:20].reshape(-1, 28, 28))
    frames, milliseconds, loop = read(gif(modules, digits, asked))
    np.testing.assert_array_equal(frames, digits)
    assert (milliseconds, loop) == ([given] * 20, 0)


def test_pixels_are_enlarged(modules, bundled):
    digits = gray(bundled.arrays.test_images[:3].reshape(-1, 28, 28))
    frames, *_ = read(gif(modules, digits, enlarged=8))
    np.testing.assert_array_equal(frames, digits.repeat(8, 1).repeat(8, 2))


def test_noise_fills_the_table_of_codes_many_times(modules):
    noise = gray(np.random.default_rng(0).integers(0, 256, (2, 224, 300)))
    data = gif(modules, noise)
    np.testing.assert_array_equal(read(data)[0], noise)
    flat = gif(modules, np.zeros_like(noise))
    assert len(flat) < 0.02 * len(data)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 70), st.integers(1, 70), st.integers(1, 256))
@example(0, 1, 1, 1, 1)
def test_up_to_256_colors_come_back_exactly(modules, seed, n, height, width, count):
    random = np.random.default_rng(seed)
    palette = random.integers(0, 256, (count, 3), np.uint8)
    frames = palette[random.integers(0, count, (n, height, width))]
    np.testing.assert_array_equal(read(gif(modules, frames))[0], frames)


def test_of_more_colors_each_frame_gets_the_nearest_256(modules):
    """Smooth colors come back closely; of noise nothing better than some 20 levels can be expected."""
    across, down = np.meshgrid(np.arange(60), np.arange(50))
    smooth = np.stack([4 * across, 5 * down, 255 - 2 * across - 2 * down], axis=-1).astype(np.uint8)
    frames = np.stack([smooth, smooth[::-1], np.random.default_rng(0).integers(0, 256, smooth.shape, np.uint8)])
    assert len(np.unique(smooth.reshape(-1, 3), axis=0)) == 3000
    error = np.abs(read(gif(modules, frames))[0] - frames.astype(int)).mean(axis=(1, 2, 3))
    assert (error < [4, 4, 20]).all(), error


GROW = """async ([text, n, width, height]) => {
  const { GrowingGIF } = await import("./lib/gif.js");
  const bytes = Uint8ClampedArray.from(atob(text), (letter) => letter.charCodeAt(0));
  const size = 4 * width * height;
  const gif = new GrowingGIF(width, height);
  for (let i = 0; i < n; i++) await gif.add(bytes.slice(i * size, (i + 1) * size), 70 + 100 * (i % 2), i % 2 === 0);
  const made = new Uint8Array(await gif.end().arrayBuffer());
  return btoa(Array.from(made, (byte) => String.fromCharCode(byte)).join(""));
}"""


def grown(modules, frames):
    n, height, width, _ = frames.shape
    opaque = np.concatenate([frames, np.full((*frames.shape[:3], 1), 255, np.uint8)], axis=3)
    return base64.b64decode(modules.evaluate(GROW, [base64.b64encode(opaque.tobytes()).decode(), n, width, height]))


def test_of_a_growing_animation_only_changes_are_stored(modules):
    """A block of one color wanders over a picture with more colors than a palette has."""
    across, down = np.meshgrid(np.arange(600), np.arange(500))
    still = np.stack([across // 3, down // 2, 255 - across // 3], axis=-1).astype(np.uint8)
    frames = np.repeat(still[None], 4, axis=0)
    for i, frame in enumerate(frames):
        frame[100:150, 100 * i + 1 : 100 * i + 51] = (250, 10, 20)
    data = grown(modules, frames)
    made, milliseconds, loop = read(data)
    assert (milliseconds, loop) == ([70, 170, 70, 170], 0)
    assert np.abs(made - frames.astype(int)).mean() < 5
    same = (frames[1:] == frames[:-1]).all(axis=3)
    np.testing.assert_array_equal(made[1:][same], made[:-1][same])
    assert len(data) < 1.3 * len(grown(modules, frames[:1]))


def test_the_color_of_the_first_pixel_is_exact_in_a_growing_animation(modules):
    random = np.random.default_rng(0)
    frames = random.integers(0, 256, (3, 300, 250, 3), np.uint8)
    paper = random.random((3, 300, 250)) < 0.5
    paper[:, 0, 0] = True
    frames[paper] = (255, 255, 255)
    made, *_ = read(grown(modules, frames))
    assert (made[paper] == 255).all()
    assert np.abs(made - frames.astype(int)).mean() < 20
