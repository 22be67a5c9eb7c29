"""Walks through the latent space: the codes on a circle or line, as a request or the logged walk describes it."""

from typing import Any

import numpy as np

from tb_plugin import validation
from tb_plugin.server.query import Params

PATHS = ("circle", "line")


def circle(center: np.ndarray, radius: float, u: np.ndarray, v: np.ndarray, frames: int) -> np.ndarray:
    """Returns codes float32 [frames, D] on the circle center + radius * (cos(t) * u + sin(t) * v), from t = 0."""
    t = np.linspace(0, 2 * np.pi, frames, endpoint=False)[:, None]
    return (center + radius * (np.cos(t) * u + np.sin(t) * v)).astype(np.float32)


def line(start: np.ndarray, end: np.ndarray, frames: int) -> np.ndarray:
    """Returns codes float32 [frames, D] from start to end, both included."""
    t = np.linspace(0, 1, frames)[:, None]
    return (start + t * (end - start)).astype(np.float32)


def mean_circle(codes: np.ndarray) -> dict[str, Any]:
    """Returns the circle around the mean of codes [N, D].

    Its radius is their mean distance from it along the first two axes.
    """
    codes = codes.astype(np.float64)  # the sum of large codes overflows float32
    center = codes.mean(axis=0)
    return {"center": center, "radius": float(np.linalg.norm((codes - center)[:, :2], axis=1).mean())}


def logged_circle(walk: Any, dims: int) -> dict[str, Any] | None:
    """Returns the walk of a record's head as `validation.walk` does, or None if there is no valid one."""
    try:
        return validation.walk(walk, dims)
    except ValueError:
        return None


def requested_line(params: Params, dims: int, most: int) -> np.ndarray:
    """Returns the codes float32 [frames, D] of the line that a request describes.

    If the request does not say how many frames, there are at most `most`.
    """
    return line(
        params.vector("start", dims),
        params.vector("end", dims),
        params.integer("frames", min(60, most), 2, validation.MAX_FRAMES),
    )


def requested_circle(params: Params, dims: int, default: dict[str, Any], most: int) -> np.ndarray:
    """Returns the codes float32 [frames, D] of the circle that a request describes.

    A parameter that is not given is taken from the circle `default`, with at most `most` frames.
    """
    frames = params.integer("frames", min(default.get("frames", 60), most), 2, validation.MAX_FRAMES)
    basis = np.eye(2, dims, dtype=np.float32)
    return circle(
        params.vector("center", dims, default["center"]),
        params.number("radius", default["radius"]),
        params.vector("u", dims, default.get("u", basis[0])),
        params.vector("v", dims, default.get("v", basis[1])),
        frames,
    )
