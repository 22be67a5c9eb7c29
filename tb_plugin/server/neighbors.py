"""The points whose codes are nearest to a code: exact, by Euclidean or cosine distance."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

METRICS = ("euclidean", "cosine")
MAX_NEIGHBORS = 100

_CHUNK = 2**20  # numbers that are computed in float64 at a time


class Codes:
    """The codes of the step that was asked last, with the squares of their lengths, because reading takes longest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[Any, np.ndarray, np.ndarray] | None = None

    def get(self, key: Any, read: Callable[[], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Returns the codes float32 [N, D] of `key`, which `read` reads, and their squared lengths float32 [N]."""
        with self._lock:
            if self._last is None or self._last[0] != key:
                self._last = None  # not both at a time
                codes = read()
                with np.errstate(over="ignore"):
                    self._last = key, codes, np.einsum("ij,ij->i", codes, codes)
            return self._last[1:]


def nearest(
    codes: np.ndarray, squares: np.ndarray, code: np.ndarray, count: int, metric: str, skip: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the indices [count] and distances float64 [count] of the codes nearest to `code`, nearest first.

    Float32 products find the codes that may be among them; these are compared in float64. Of codes that are equally
    far the first comes first. The cosine distance is 1 - cos; from or to a code of zeros it is 1.

    Args:
      codes: float32 [N, D].
      squares: their squared lengths, float32 [N].
      code: float32 [D].
      count: how many; fewer are returned if there are fewer.
      metric: one of METRICS.
      skip: the index of a point that is left out.
    """
    count = min(count, len(codes) - (skip is not None))
    if count < 1:
        return np.empty(0, int), np.empty(0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        products = codes @ code
        square = np.dot(code, code)
        # How far a float32 sum of D products may be off.
        slack = (codes.shape[1] + 8) * np.finfo(np.float32).eps
        if metric == "euclidean":
            rough = squares - 2 * products + square
            slack = slack * 2 * (squares + square)
        else:
            rough = 1 - products / np.sqrt(squares * square)
            slack = np.full(len(codes), 4 * slack, np.float32)
        if skip is not None:
            rough[skip] = np.inf
        sure = np.isfinite(rough)
        # So many codes are at most so far; whatever may be as near is compared exactly.
        bound = np.partition(np.where(sure, rough + slack, np.inf), count - 1)[count - 1]
        some = np.flatnonzero(~sure | (rough - slack <= bound))
    some = some[some != (-1 if skip is None else skip)]
    exact = _distances(codes, some, code.astype(np.float64), metric)
    order = np.lexsort((some, exact))[:count]
    return some[order], exact[order]


def _distances(codes: np.ndarray, rows: np.ndarray, code: np.ndarray, metric: str) -> np.ndarray:
    """Returns the distances float64 [n] of some rows of codes."""
    size = max(1, _CHUNK // codes.shape[1])
    parts = []
    for start in range(0, len(rows), size):
        some = codes[rows[start : start + size]].astype(np.float64)
        if metric == "euclidean":
            parts.append(np.sqrt(np.square(some - code).sum(axis=1)))
            continue
        lengths = np.sqrt(np.square(some).sum(axis=1)) * np.sqrt(np.square(code).sum())
        cosines = np.divide(some @ code, lengths, out=np.zeros(len(some)), where=lengths > 0)
        parts.append(1 - np.clip(cosines, -1, 1))
    return np.concatenate(parts)
