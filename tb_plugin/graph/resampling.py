"""The matrices of the usual ways to resize an image, for the layer `resample`.

    resample(linear(16, 32), linear(16, 64))  # an image of 16 x 16 to 32 x 64

Each function returns the float32 matrix [to, size] that resizes an axis of `size` pixels to `to`. `scale` is the number
of old pixels to a new one, `size / to` unless a framework says otherwise, as PyTorch's scale_factor does.

| framework | functions |
| --- | --- |
| torch: nearest; nearest-exact | `nearest`; `nearest(center=True)` |
| torch: bilinear, bicubic | `linear`, `cubic`, with `align_corners` and `antialias` as there |
| TensorFlow, Keras: nearest, bilinear, bicubic | `nearest(center=True)`, `linear`, `cubic(a=-0.5, edge="cut")` |
| jax.image.resize: nearest, linear, cubic | the same, with `antialias=True` |
"""

from collections.abc import Callable

import numpy as np


def nearest(size: int, to: int, scale: float | None = None, center: bool = False) -> np.ndarray:
    """Returns the matrix that takes the nearest pixel.

    Args:
      size: the pixels of the old axis.
      to: the pixels of the new axis.
      scale: old pixels to a new one.
      center: whether the old pixel is the one under the center of the new pixel, or under its first edge.
    """
    step = np.float32(size / to if scale is None else scale)
    sources = np.floor((np.arange(to, dtype=np.float32) + np.float32(0.5 * center)) * step).astype(int)
    return np.eye(size, dtype=np.float32)[np.minimum(sources, size - 1)]


def linear(
    size: int, to: int, scale: float | None = None, align_corners: bool = False, antialias: bool = False
) -> np.ndarray:
    """Returns the matrix of the linear interpolation between the centers of pixels, bilinear on an image.

    Args:
      size: the pixels of the old axis.
      to: the pixels of the new axis.
      scale: old pixels to a new one.
      align_corners: whether the centers of the first and last pixels stay in place, or the edges of the image.
      antialias: whether a smaller image is averaged over all pixels, not only the two next ones.
    """
    edge = "cut" if antialias else "repeat"
    return _interpolation(
        size, to, scale, align_corners, antialias, edge, 1, lambda distance: np.maximum(1 - distance, 0)
    )


def cubic(
    size: int,
    to: int,
    scale: float | None = None,
    align_corners: bool = False,
    antialias: bool = False,
    a: float | None = None,
    edge: str | None = None,
) -> np.ndarray:
    """Returns the matrix of the cubic convolution between the centers of pixels, bicubic on an image.

    Args:
      size: the pixels of the old axis.
      to: the pixels of the new axis.
      scale: old pixels to a new one.
      align_corners: as in `linear`.
      antialias: as in `linear`.
      a: the slope of the kernel at distance 1; -0.75 by default, or -0.5 if antialias, as in PyTorch.
      edge: "repeat" continues the image by its first and last pixel, "cut" leaves out what lies outside; "repeat" by
        default, or "cut" if antialias.
    """
    slope = (-0.5 if antialias else -0.75) if a is None else a

    def kernel(distance: np.ndarray) -> np.ndarray:
        near = ((slope + 2) * distance - (slope + 3)) * distance**2 + 1
        far = slope * (((distance - 5) * distance + 8) * distance - 4)
        return np.where(distance < 1, near, np.where(distance < 2, far, 0))

    return _interpolation(
        size, to, scale, align_corners, antialias, edge or ("cut" if antialias else "repeat"), 2, kernel
    )


def _interpolation(
    size: int,
    to: int,
    scale: float | None,
    align_corners: bool,
    antialias: bool,
    edge: str,
    reach: int,
    kernel: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Returns the matrix of a kernel, a function of the distance in pixels that is 0 from `reach` on."""
    if align_corners and antialias:
        raise ValueError("antialias and align_corners do not go together")
    if align_corners:
        step = (size - 1) / max(to - 1, 1)
        centers = np.arange(to) * step
    else:
        step = size / to if scale is None else scale
        centers = (np.arange(to) + 0.5) * step - 0.5
    wider = max(step, 1) if antialias else 1.0
    margin = int(np.ceil(reach * wider)) + 1
    pixels = np.arange(-margin, size + margin)
    centers = np.clip(centers, -1, size)  # a scale may lead beyond the image
    weights = kernel(np.abs(centers[:, None] - pixels) / wider)
    if edge == "cut":
        weights = weights * ((pixels >= 0) & (pixels < size))
    weights = weights / weights.sum(1, keepdims=True)
    matrix = np.zeros((to, size))
    np.add.at(matrix.T, np.clip(pixels, 0, size - 1), weights.T)
    return matrix.astype(np.float32)
