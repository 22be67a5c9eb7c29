"""Decoding of codes for a request, within limits on the work and the size of the answer."""

import bisect
import math

import numpy as np
from PIL import Image

from tb_plugin.decoder import Decoder
from tb_plugin.gif import gif
from tb_plugin.metadata import FormatError
from tb_plugin.server.query import MAX_DECODE_CODES, BadRequest

MAX_WORK = 4 * 10**9  # as Decoder.work counts: one to three seconds
MAX_PIXELS = 2**24  # numbers in decoded pictures, or pixels times channels of an animation
MAX_GIF_SIDE = 512  # pixels


def decode(decoder: Decoder, codes: np.ndarray) -> np.ndarray:
    """Returns the pictures float32 [n, ...] of codes float32 [n, D].

    Raises:
      BadRequest: the codes have another width than the decoder's, or decoding them is too much for one request.
      FormatError: a number in a picture is not finite.
    """
    if codes.shape[1] != decoder.dims:
        raise BadRequest(f"The codes have {codes.shape[1]:,} numbers, this decoder takes {decoder.dims:,}.")
    numbers = math.prod(decoder.output_shape)
    if decoder.work(len(codes)) > MAX_WORK or len(codes) * numbers > MAX_PIXELS:
        raise BadRequest(f"This is too much for one request: this decoder takes {most(decoder):,} codes at a time.")
    pictures = decoder(codes)
    if not np.isfinite(pictures).all():
        raise FormatError("The decoder of this step returns numbers that are not finite.")
    return pictures


def most(decoder: Decoder) -> int:
    """Returns how many codes a decoder takes at a time."""
    worked = bisect.bisect_right(range(1, MAX_DECODE_CODES + 1), MAX_WORK, key=decoder.work)
    return min(worked, MAX_PIXELS // math.prod(decoder.output_shape))


def most_frames(decoder: Decoder, side: int, channels: int) -> int:
    """Returns how many frames an animation may have, at least 2, `side` being the longer side in pixels."""
    return max(2, min(most(decoder), MAX_PIXELS // (side**2 * channels)))


def require_gif_size(frames: int, side: int, channels: int) -> None:
    """Raises BadRequest if an animation is too large, `side` being the longer side of its frames in pixels."""
    if side > MAX_GIF_SIDE or frames * side**2 * channels > MAX_PIXELS:
        raise BadRequest(
            f"The animation is too large: its sides may have {MAX_GIF_SIDE} pixels, and frames times pixels times "
            f"channels may be {MAX_PIXELS:,}. Reduce the parameters frames and size."
        )


def animation(pictures: np.ndarray, size: int, milliseconds: int) -> bytes:
    """Returns a GIF that loops forever of pictures [frames, H, W, C] in 0..1; a fourth channel is ignored.

    Pixels are enlarged by an integer, without smoothing, so that the longer side has at most `size` pixels.
    """
    pixels = (np.clip(pictures, 0, 1) * 255 + 0.5).astype(np.uint8)
    pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels[..., :3]
    factor = max(1, size // max(pixels.shape[1:3]))
    return gif([Image.fromarray(frame) for frame in pixels], milliseconds, factor=factor, fast=True)
