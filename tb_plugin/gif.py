"""GIF animations, written by Pillow."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image

# The palette is chosen from a sample of pixels. A larger one takes Pillow longer and gives no better colors.
_SAMPLE_FRAMES = 8
_SAMPLE_PIXELS = 2**19


def gif(frames: Sequence[Image.Image], milliseconds: int, hold: int = 0, factor: int = 1, fast: bool = False) -> bytes:
    """Returns a GIF that loops forever.

    Args:
      frames: images of one size and mode, "L" or "RGB". Gray levels are exact. Colors come from one palette of 256 for
        all frames, so that they do not flicker.
      milliseconds: how long a frame is shown.
      hold: how many milliseconds longer the last frame is shown.
      factor: how often each pixel is repeated in both directions.
      fast: takes less time, for frames that change everywhere and have smooth colors. By default colors that are used
        much are nearly exact, and parts of a frame that do not change take no space.
    """
    if frames[0].mode == "RGB":
        palette = _palette(frames, Image.Quantize.FASTOCTREE if fast else Image.Quantize.MEDIANCUT)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    if factor > 1:
        size = (frames[0].width * factor, frames[0].height * factor)
        frames = [frame.resize(size, Image.Resampling.NEAREST) for frame in frames]
    durations = [milliseconds] * (len(frames) - 1) + [milliseconds + hold]
    file = BytesIO()
    first, *rest = frames
    first.save(file, "GIF", save_all=True, append_images=rest, duration=durations, loop=0, optimize=not fast)
    return file.getvalue()


def _palette(frames: Sequence[Image.Image], method: Image.Quantize) -> Image.Image:
    """Returns an image whose palette suits all of the RGB `frames`."""
    chosen = frames[:: -(-len(frames) // _SAMPLE_FRAMES)]
    pixels = np.concatenate([np.asarray(frame).reshape(-1, 3) for frame in chosen])
    pixels = pixels[:: -(-len(pixels) // _SAMPLE_PIXELS)]
    return Image.fromarray(pixels[None]).quantize(256, method=method)
