"""Planes through the latent space, or more directions than two, and the projection of codes onto them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

MAX_PCA_NUMBERS = 2**24  # of which principal components are computed: a second
MAX_EXACT = 512  # dimensions, or points, of which all eigenvectors are computed
MAX_COMPONENTS = 10  # principal components, through which the tab turns its plane


class Plane(NamedTuple):
    """A plane in the latent space, or a space of more principal components.

    Attributes:
      origin: float32 [D].
      directions: float32 [k, D], two of a plane.
      explained: the share of the codes' variance along each direction, or None if the codes do not vary.
      sample: how many codes the directions were computed from, or None if it was all of them.
    """

    origin: np.ndarray
    directions: np.ndarray
    explained: tuple[float | None, ...]
    sample: int | None = None

    @property
    def u(self) -> np.ndarray:
        """The first direction."""
        return self.directions[0]

    @property
    def v(self) -> np.ndarray:
        """The second direction."""
        return self.directions[1]

    def first(self, count: int) -> "Plane":
        """Returns the plane with the first `count` directions."""
        return self._replace(directions=self.directions[:count], explained=self.explained[:count])


def axes(codes: np.ndarray, i: int, j: int) -> Plane:
    """Returns the plane along the axes i and j: through 0 on these two axes, and through the mean on the others.

    With i equal to j the second direction is 0.
    """
    dims = codes.shape[1]
    directions = np.zeros((2, dims), np.float32)
    directions[0, i] = 1
    directions[1, j] = 1 if i != j else 0
    # In chunks, because a copy in float64 of many codes is large; with few dimensions rows are five times as slow.
    mean = np.sum([chunk.sum(axis=1) for chunk in _columns(codes)], axis=0) / len(codes)
    variance = np.sum([np.square(chunk - mean[:, None]).sum(axis=1) for chunk in _columns(codes)], axis=0) / len(codes)
    total = variance.sum()
    shares = (variance[i] / total, variance[j] / total if i != j else 0.0) if total > 0 else (None, None)
    origin = mean.astype(np.float32)
    origin[[i, j]] = 0
    return Plane(origin, directions, shares)


def principal(codes: np.ndarray, count: int = 2) -> Plane:
    """Returns the plane of the first `count` principal components of codes [N, D], through their mean.

    The largest entry of each direction is positive: steps do not flip. A single point has no directions, and a
    direction without variance is any that is perpendicular to those before. Directions beyond D are zero. With more
    than MAX_PCA_NUMBERS numbers it is the plane of a sample of the codes, the same each time.
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
    directions = np.zeros((count, len(columns)))
    variances = np.zeros(count)
    if codes.shape[0] > 1:
        found = _leading(columns, min(count, len(columns)))
        directions[: len(found)] = found
        variances = np.square(directions @ columns).sum(axis=1)
    shares = tuple(float(variance / total) if total > 0 else None for variance in variances)
    return Plane(mean[:, 0].astype(np.float32), directions.astype(np.float32), shares, sample)


def _leading(columns: np.ndarray, count: int) -> np.ndarray:
    """Returns the first `count` principal directions [count, D] of centered columns [D, N], float64."""
    dims, points = columns.shape
    if min(dims, points) > MAX_EXACT:
        vectors = _krylov(columns)
    elif dims <= points:
        vectors = np.linalg.eigh(columns @ columns.T)[1][:, ::-1]
    else:
        vectors = columns @ np.linalg.eigh(columns.T @ columns)[1][:, ::-1]
    length = np.linalg.norm(vectors[:, 0]) or 1.0
    directions = np.zeros((count, dims))
    for k in range(count):
        direction = vectors[:, k] / length if k < vectors.shape[1] else np.zeros(dims)
        if np.linalg.norm(direction) < 1e-7:  # no variance is left: any perpendicular direction will do
            direction = np.eye(dims)[np.argmin(np.square(directions).sum(axis=0))]
        for _ in range(2):  # perpendicular, in spite of rounding
            direction = direction - directions[:k].T @ (directions[:k] @ direction)
        directions[k] = direction / np.linalg.norm(direction)
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
    """Returns the coordinates float32 [N, k] of codes float32 [N, D] along the directions of a plane."""
    directions = np.ascontiguousarray(plane.directions.T)
    points = np.empty((len(codes), directions.shape[1]), np.float32)
    for rows in _chunks(codes):
        points[rows] = (codes[rows] - plane.origin) @ directions
    return points


def quantized(points: np.ndarray, bounds: list[float]) -> np.ndarray:
    """Returns points float32 [N, 2] as uint16: 0 to 65535 between their `bounds`, as `box` returns them."""
    low, high = np.array(bounds).reshape(2, 2).T
    unit = 65535 / np.where(high > low, high - low, 1)
    made = np.empty(points.shape, np.uint16)
    for rows in _chunks(points):
        for k in range(2):  # column by column: short rows are slow
            column = points[rows, k].astype(np.float64)  # the difference may exceed float32
            made[rows, k] = np.rint((column - low[k]) * unit[k])
    return made


def _chunks(codes: np.ndarray) -> Iterator[slice]:
    """Yields slices of about a million numbers."""
    rows = max(1, 2**20 // codes.shape[1])
    return (slice(start, start + rows) for start in range(0, len(codes), rows))


def _columns(codes: np.ndarray) -> Iterator[np.ndarray]:
    """Yields the chunks of codes as float64 [D, n]."""
    return (codes[rows].T.astype(np.float64, order="C") for rows in _chunks(codes))


def box(points: np.ndarray) -> list[float]:
    """Returns the bounds of points float32 [N, k] along the first two directions: left, right, bottom, top."""
    x, y = np.ascontiguousarray(points[:, :2].T)
    return [float(bound) for bound in (x.min(), x.max(), y.min(), y.max())]
