"""Planes through the latent space, and the projection of codes onto them."""

import math
from typing import NamedTuple

import numpy as np


class Plane(NamedTuple):
    """A plane in the latent space.

    Attributes:
      origin: float32 [D].
      u, v: its two directions, float32 [D].
      explained: the share of the codes' variance along each direction, or None if the codes do not vary.
    """

    origin: np.ndarray
    u: np.ndarray
    v: np.ndarray
    explained: tuple[float | None, float | None]


def axes(codes: np.ndarray, i: int, j: int) -> Plane:
    """Returns the plane along the axes i and j: through 0 on these two axes, and through the mean on the others.

    With i equal to j the second direction is 0.
    """
    dims = codes.shape[1]
    u, v = np.zeros((2, dims), np.float32)
    u[i] = 1
    v[j] = 1 if i != j else 0
    columns = codes.T.astype(np.float64, order="C")  # with few dimensions NumPy is five times as fast
    mean = columns.mean(axis=1, keepdims=True)
    columns -= mean
    variance = np.square(columns, out=columns).mean(axis=1)
    total = variance.sum()
    shares = (variance[i] / total, variance[j] / total if i != j else 0.0) if total > 0 else (None, None)
    origin = mean[:, 0].astype(np.float32)
    origin[[i, j]] = 0
    return Plane(origin, u, v, shares)


def principal(codes: np.ndarray) -> Plane:
    """The plane of the first two principal components through the mean, of codes [N, D].

    scikit-learn makes the largest entry of each direction positive: steps do not flip.
    """
    from sklearn.decomposition import PCA  # here: it takes a second, and TensorBoard's start should not wait for it

    count = min(2, *codes.shape)
    with np.errstate(invalid="ignore"):  # shares of no variance at all: None below
        # float64: the sum of squares of far-off codes overflows float32.
        pca = PCA(count, random_state=0).fit(codes.astype(np.float64))
    directions = np.zeros((2, codes.shape[1]))
    directions[:count] = pca.components_ if len(codes) > 1 else 0
    shares = [float(share) if math.isfinite(share) else None for share in pca.explained_variance_ratio_]
    first, second = (*shares, 0.0)[:2]
    u, v = directions.astype(np.float32)
    return Plane(pca.mean_.astype(np.float32), u, v, (first, second))


def coordinates(codes: np.ndarray, plane: Plane) -> np.ndarray:
    """Returns the coordinates float32 [N, 2] of codes float32 [N, D] in the plane."""
    return (codes - plane.origin) @ np.stack([plane.u, plane.v], axis=1)


def box(points: np.ndarray) -> list[float]:
    """Returns the bounds of points float32 [N, 2]: left, right, bottom, top."""
    x, y = np.ascontiguousarray(points.T)
    return [float(bound) for bound in (x.min(), x.max(), y.min(), y.max())]
