"""Charts of vectors as small pictures, for decoders whose output is no picture. static/lib/chart.js draws the same."""

from typing import Any

import numpy as np

HEIGHT, WIDTH = 64, 112  # pixels
EDGE = 3  # pixels around the chart
ROWS, COLUMNS = HEIGHT - 2 * EDGE, WIDTH - 2 * EDGE
FEW = 32  # outputs without names that are still bars
ZERO = 80  # the gray of the line at zero


def merged(once: dict[str, Any] | None, last: dict[str, Any] | None) -> dict[str, Any] | None:
    """Returns a latent space's chart: what was said once, and the limits of the last step; None if there is none."""
    return {**(once or {}), **(last or {})} or None


def draw(vectors: np.ndarray, chart: dict[str, Any]) -> np.ndarray:
    """Returns the charts uint8 [frames, HEIGHT, WIDTH, 1] of vectors float32 [frames, n]."""
    n = vectors.shape[1]
    at = chart.get("at")
    if at is None or len(at) != n:
        at = None
    line = not isinstance(at[0], str) if at else n > FEW
    low, high = chart["range"]
    top, bottom = _line(vectors, at) if line else _bars(vectors, min(max(low, 0.0), high))

    def rows(values: np.ndarray) -> np.ndarray:
        return np.clip(np.floor((high - values) / (high - low) * ROWS), 0, ROWS - 1)

    first, last = rows(top), rows(bottom)
    if line:  # each column reaches the one before it
        first[:, 1:], last[:, 1:] = (
            np.where(first[:, 1:] > last[:, :-1] + 1, last[:, :-1] + 1, first[:, 1:]),
            np.where(last[:, 1:] < first[:, :-1] - 1, first[:, :-1] - 1, last[:, 1:]),
        )
    row = np.arange(ROWS)[None, :, None]
    with np.errstate(invalid="ignore"):  # a gap between bars is NaN
        drawn = (row >= first[:, None]) & (row <= last[:, None])
    pictures = np.where(drawn, 255, 0).astype(np.uint8)
    if low < 0 < high:
        zero = int(rows(np.zeros(1))[0])
        pictures[:, zero] = np.maximum(pictures[:, zero], ZERO)
    return np.pad(pictures, ((0, 0), (EDGE, EDGE), (EDGE, EDGE)))[..., None]


def _bars(vectors: np.ndarray, base: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns the highest and the lowest value [frames, COLUMNS] of each column's bars. Wide ones have gaps: NaN."""
    n = vectors.shape[1]
    columns = np.arange(COLUMNS + 1) * n // COLUMNS
    starts, ends = columns[:-1], np.maximum(columns[1:], columns[:-1] + 1)
    top = np.stack([vectors[:, start:end].max(1) for start, end in zip(starts, ends)], axis=1)
    bottom = np.stack([vectors[:, start:end].min(1) for start, end in zip(starts, ends)], axis=1)
    top, bottom = np.maximum(top.astype(np.float64), base), np.minimum(bottom.astype(np.float64), base)
    if 3 * n <= COLUMNS:
        gaps = np.flatnonzero(columns[1:] != columns[:-1])
        top[:, gaps] = bottom[:, gaps] = np.nan
    return top, bottom


def _line(vectors: np.ndarray, at: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns the highest and the lowest value [frames, COLUMNS] of a line in each column."""
    n = vectors.shape[1]
    places = np.arange(n, dtype=np.float64) if at is None else np.array(at, np.float64)
    span = (places[-1] - places[0]) or 1.0
    columns = np.floor((places - places[0]) / span * (COLUMNS - 1) + 0.5).astype(int)
    top, bottom = np.empty((2, len(vectors), COLUMNS))
    some, starts = np.unique(columns, return_index=True)
    top[:, some] = np.maximum.reduceat(vectors, starts, axis=1)
    bottom[:, some] = np.minimum.reduceat(vectors, starts, axis=1)
    between = np.setdiff1d(np.arange(COLUMNS), columns) if n > 1 else np.arange(0)
    before = np.searchsorted(columns, between) - 1
    left, right = vectors[:, before].astype(np.float64), vectors[:, before + 1].astype(np.float64)
    slope = (right - left) / (columns[before + 1] - columns[before])
    top[:, between] = bottom[:, between] = left + slope * (between - columns[before])
    if n == 1:
        top[:, 1:], bottom[:, 1:] = np.nan, np.nan
    return top, bottom
