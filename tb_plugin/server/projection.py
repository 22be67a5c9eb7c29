"""Planes through the latent space, and the projection of codes onto them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

MAX_PCA_NUMBERS = 2**24  # of which principal components are computed: a second
MAX_EXACT = 512  # dimensions, or points, of which all eigenvectors are computed


class Plane(NamedTuple):
    """A plane in the latent space.

    Attributes:
      origin: float32 [D].
      u, v: its two directions, float32 [D].
      explained: the share of the codes' variance along each direction, or None if the codes do not vary.
      sample: how many codes the plane was computed from, or None if it was all of them.
    """

    origin: np.ndarray
    u: np.ndarray
    v: np.ndarray
    explained: tuple[float | None, float | None]
    sample: int | None = None


def axes(codes: np.ndarray, i: int, j: int) -> Plane:
    """Returns the plane along the axes i and j: through 0 on these two axes, and through the mean on the others.

    With i equal to j the second direction is 0.
    """
    dims = codes.shape[1]
    u, v = np.zeros((2, dims), np.float32)
    u[i] = 1
    v[j] = 1 if i != j else 0
    # In chunks, because a copy in float64 of many codes is large; with few dimensions rows are five times as slow.
    mean = np.sum([chunk.sum(axis=1) for chunk in _columns(codes)], axis=0) / len(codes)
    variance = np.sum([np.square(chunk - mean[:, None]).sum(axis=1) for chunk in _columns(codes)], axis=0) / len(codes)
    total = variance.sum()
    shares = (variance[i] / total, variance[j] / total if i != j else 0.0) if total > 0 else (None, None)
    origin = mean.astype(np.float32)
    origin[[i, j]] = 0
    return Plane(origin, u, v, shares)


def principal(codes: np.ndarray) -> Plane:
    """Returns the plane of the first two principal components of codes [N, D], through their mean.

    The largest entry of each direction is positive: steps do not flip. A single point has no directions, and a
    second direction without variance is any that is perpendicular to the first. With more than
    MAX_PCA_NUMBERS numbers it is the plane of a sample of the codes, the same each time.
    """
    most = max(2, MAX_PCA_NUMBERS // codes.shape[1])
    sample = None
    if len(codes) > most:
        chosen = np.sort(np.random.default_rng(0).choice(len(codes), most, replace=False))
        codes, sample = codes[chosen], most
    # float64: the sum of squares of far-off codes overflows float32.
    columns = codes.T.astype(np.float64, order="C")  # else NumPy takes five times as long, where they are few
    mean = columns.mean(axis=1, keepdims=True)
    columns -= mean
    total = np.square(columns).sum()
    directions = np.zeros((2, len(columns)))
    variances = np.zeros(2)
    if codes.shape[0] > 1:
        found = _leading(columns)
        directions[: len(found)] = found
        variances = np.square(directions @ columns).sum(axis=1)
    shares = (float(variances[0] / total), float(variances[1] / total)) if total > 0 else (None, None)
    u, v = directions.astype(np.float32)
    return Plane(mean[:, 0].astype(np.float32), u, v, shares, sample)


def _leading(columns: np.ndarray) -> np.ndarray:
    """Returns the first min(2, D) principal directions [2, D] of centered columns [D, N], float64."""
    dims, points = columns.shape
    if min(dims, points) > MAX_EXACT:
        vectors = _krylov(columns)
    elif dims <= points:
        vectors = np.linalg.eigh(columns @ columns.T)[1][:, ::-1]
    else:
        vectors = columns @ np.linalg.eigh(columns.T @ columns)[1][:, ::-1]
    u = vectors[:, 0] if vectors[:, 0].any() else np.eye(dims)[0]
    directions = [u / np.linalg.norm(u)]
    if dims > 1:
        v = vectors[:, 1] / np.linalg.norm(u)
        if np.linalg.norm(v) < 1e-7:  # the points lie on a line: any perpendicular direction will do
            v = np.eye(dims)[np.argmin(np.abs(u))]
        for _ in range(2):  # perpendicular, in spite of rounding
            v = v - directions[0] * (directions[0] @ v)
        directions.append(v / np.linalg.norm(v))
    return np.stack([direction * np.sign(direction[np.argmax(np.abs(direction))]) for direction in directions])


def _krylov(columns: np.ndarray, width: int = 8, depth: int = 12) -> np.ndarray:
    """Returns principal directions [D, width * depth] of centered columns [D, N], the first ones nearly exact.

    They are those within a block Krylov space (Musco and Musco, 2015): eigenvectors of thousands of dimensions
    take a minute. The start is the same each time.
    """
    block = np.random.default_rng(0).normal(size=(len(columns), width))
    blocks = []
    for _ in range(depth):
        block = np.linalg.qr(columns @ (columns.T @ block))[0]
        blocks.append(block)
    basis = np.linalg.qr(np.concatenate(blocks, axis=1))[0]
    reduced = basis.T @ columns
    return basis @ np.linalg.eigh(reduced @ reduced.T)[1][:, ::-1]


def coordinates(codes: np.ndarray, plane: Plane) -> np.ndarray:
    """Returns the coordinates float32 [N, 2] of codes float32 [N, D] in the plane."""
    directions = np.stack([plane.u, plane.v], axis=1)
    points = np.empty((len(codes), 2), np.float32)
    for rows in _chunks(codes):
        points[rows] = (codes[rows] - plane.origin) @ directions
    return points


def _chunks(codes: np.ndarray) -> Iterator[slice]:
    """Yields slices of about a million numbers."""
    rows = max(1, 2**20 // codes.shape[1])
    return (slice(start, start + rows) for start in range(0, len(codes), rows))


def _columns(codes: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the chunks of codes as float64 [D, n]."""
    return (codes[rows].T.astype(np.float64, order="C") for rows in _chunks(codes))


def box(points: np.ndarray) -> list[float]:
    """Returns the bounds of points float32 [N, 2]: left, right, bottom, top."""
    x, y = np.ascontiguousarray(points.T)
    return [float(bound) for bound in (x.min(), x.max(), y.min(), y.max())]
