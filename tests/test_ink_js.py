"""Pictures centered as MNIST's digits were: the digits themselves stay as they are, wherever they are moved."""

import base64

import numpy as np

CENTERED = """async ([text, height, width]) => {
  const { centered } = await import("./lib/ink.js");
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const size = height * width;
  const made = [];
  for (let at = 0; at < bytes.length; at += size) {
    const values = Float32Array.from(bytes.subarray(at, at + size), (byte) => byte / 255);
    made.push(...Array.from(centered(values, [height, width, 1], 28, 28), (value) => Math.round(255 * value)));
  }
  return made;
}"""


def centered(modules, images):
    text = base64.b64encode(images.tobytes()).decode()
    return np.array(modules.evaluate(CENTERED, [text, *images.shape[1:]])).reshape(-1, 28, 28)


def test_real_digits_stay_as_they_are(modules, bundled):
    images = bundled.arrays.test_images[:300]
    made = centered(modules, images)
    assert np.abs(made - images.astype(int)).max() <= 5  # the brightest pixel, 250 to 255, becomes 255


def test_digits_that_are_moved_and_enlarged_come_back(modules, bundled):
    images = bundled.arrays.test_images[:50]
    moved = np.pad(images, ((0, 0), (3, 40), (60, 0))).repeat(3, 1).repeat(3, 2)
    made = centered(modules, moved)
    assert np.abs(made - images.astype(int)).max() <= 5
