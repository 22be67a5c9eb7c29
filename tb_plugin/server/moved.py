"""Which points moved between two steps or runs: how many of the neighbors of each are still the same."""

import threading
from collections import OrderedDict
from typing import Any

import numpy as np

COUNT = 15  # neighbors of a point
UNKNOWN = 255  # of a point that was not compared, because there are too many

_REMEMBERED = 8  # steps; 60,000 points are 3.6 MB
_LEAF = 64  # points
_FIRST = 4  # leaves that are looked at first
_PAIRS = 3 * 10**8  # of points that are compared at most, if all of them would have to be
_FLAT = 3  # dimensions up to which only near leaves are looked at
_DIRECT = 8  # dimensions up to which differences are cheaper than products


def rows_to_compare(points: int, dims: int) -> np.ndarray:
    """Returns the indices of the points that are compared: all, or a sample that is the same each time."""
    most = _PAIRS // points
    if dims <= _FLAT or points <= most:
        return np.arange(points)
    return np.sort(np.random.default_rng(0).choice(points, max(1, most), replace=False))


def neighbors(codes: np.ndarray, rows: np.ndarray, count: int = COUNT) -> np.ndarray:
    """Returns the indices int32 [n, count] of the codes that are nearest to each of `rows`, without itself.

    They are exact, by Euclidean distance, in no order. Of codes that are equally far any may be taken.

    Args:
      codes: float32 [N, D], N above `count`.
      rows: int [n], in order.
      count: how many neighbors.
    """
    wide = codes.astype(np.float64)
    wide -= wide.mean(axis=0)
    leaves = _leaves(wide)
    low = np.stack([wide[leaf].min(axis=0) for leaf in leaves])
    high = np.stack([wide[leaf].max(axis=0) for leaf in leaves])
    found = np.empty((len(codes), count), np.int32)
    wanted = np.zeros(len(codes), bool)
    wanted[rows] = True
    for number, leaf in enumerate(leaves):
        asking = leaf[wanted[leaf]]
        if len(asking):
            gaps = np.square(np.maximum(0, np.maximum(low - high[number], low[number] - high))).sum(axis=1)
            found[asking] = _of_leaf(wide, leaves, gaps, asking, count)
    return found[rows]


def _of_leaf(
    codes: np.ndarray, leaves: list[np.ndarray], gaps: np.ndarray, asking: np.ndarray, count: int
) -> np.ndarray:
    """Returns the neighbors [n, count] of the points `asking` of a leaf. `gaps` are its squared distances to leaves."""
    order = np.argsort(gaps, kind="stable")
    taken = min(len(order), max(_FIRST, -(-2 * (count + 1) // _LEAF) + 1))
    near = np.concatenate([leaves[i] for i in order[:taken]])
    while True:
        squares = _squares(codes[asking], codes[near])
        nearest = np.argpartition(squares, count, axis=1)[:, : count + 1]
        farthest = np.take_along_axis(squares, nearest, axis=1).max()
        needed = int(np.searchsorted(gaps[order], farthest, side="right"))
        if needed <= taken:
            break
        near, taken = np.concatenate([leaves[i] for i in order[:needed]]), needed
    indices = near[nearest]
    itself = indices == asking[:, None]
    itself[~itself.any(axis=1), -1] = True  # more points than neighbors in one place: it is not among those taken
    return indices[~itself].reshape(len(asking), count)


def _squares(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the squared distances float64 [n, m] of codes [n, D] and [m, D]."""
    if some.shape[1] > _DIRECT:
        products = some @ others.T
        return np.square(some).sum(axis=1)[:, None] - 2 * products + np.square(others).sum(axis=1)
    made = np.zeros((len(some), len(others)))
    for x, y in zip(some.T, others.T):
        away = x[:, None] - y
        made += np.multiply(away, away, out=away)
    return made


def _leaves(codes: np.ndarray) -> list[np.ndarray]:
    """Returns the indices of the points in boxes of at most _LEAF points: halves of halves along the longest side."""
    made, left = [], [np.arange(len(codes))]
    while left:
        some = left.pop()
        if len(some) <= _LEAF:
            made.append(some)
            continue
        values = codes[some]
        column = values[:, np.argmax(np.ptp(values, axis=0))]
        order = np.argpartition(column, len(some) // 2)
        left += [some[order[: len(some) // 2]], some[order[len(some) // 2 :]]]
    return made


def kept(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Returns how many of the neighbors [n, count] of each point are in both, uint8 [n]."""
    made = np.empty(len(one), np.uint8)
    for start in range(0, len(one), 4096):
        rows = slice(start, start + 4096)
        made[rows] = (one[rows, :, None] == other[rows, None, :]).any(axis=2).sum(axis=1)
    return made


class Neighbors:
    """The neighbors of the latest steps, because a step is compared with several."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # one at a time
        self._found: OrderedDict[Any, np.ndarray] = OrderedDict()

    def get(self, key: Any, codes: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Returns `neighbors(codes, rows)`; with None in its key nothing is remembered."""
        if key[0] is None:
            return neighbors(codes, rows)
        with self._lock:
            found = self._found.pop(key, None)
            if found is None:
                found = neighbors(codes, rows)
            self._found[key] = found
            if len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
            return found


def compare(one: np.ndarray, other: np.ndarray, of: Neighbors | None = None, keys: Any = (None, None)) -> np.ndarray:
    """Returns for each point how many of its COUNT nearest neighbors are the same in both, uint8 [N], or UNKNOWN.

    Args:
      one: codes float32 [N, D].
      other: codes float32 [N, E] of the same points.
      of: remembers the neighbors.
      keys: what `of` remembers them by.

    Raises:
      ValueError: the codes are not as many, or too few to have neighbors.
    """
    of = of or Neighbors()
    if len(one) != len(other):
        raise ValueError(f"One has {len(one):,} points and the other {len(other):,}: they are not the same.")
    if len(one) <= COUNT:
        raise ValueError(f"There are {len(one)} points. To have {COUNT} neighbors there must be more.")
    rows = rows_to_compare(len(one), max(one.shape[1], other.shape[1]))
    made = np.full(len(one), UNKNOWN, np.uint8)
    made[rows] = kept(*(of.get((key, len(rows)), codes, rows) for key, codes in zip(keys, (one, other))))
    return made
