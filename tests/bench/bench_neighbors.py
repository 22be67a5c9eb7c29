"""How long the nearest points take, and what moved: figures, not verdicts; `tox -e bench`.

The goals are 100 ms for 60,000 points of 16 numbers, a second for 100,000 of 512, and three seconds for what moved.
"""

import statistics
import time

import numpy as np
import pytest

from tb_plugin.server import moved
from tb_plugin.server.neighbors import METRICS, nearest

K = 12


@pytest.mark.parametrize(("points", "dims"), [(60_000, 16), (100_000, 512)])
@pytest.mark.parametrize("metric", METRICS)
def test_nearest(points, dims, metric):
    codes = np.random.default_rng(0).normal(size=(points, dims)).astype(np.float32)
    squares = np.einsum("ij,ij->i", codes, codes)
    times = []
    for index in range(9):
        began = time.perf_counter()
        nearest(codes, squares, codes[index], K, metric, index)
        times.append(1000 * (time.perf_counter() - began))
    print(f"\n{K} nearest of {points:,} x {dims}, {metric}: {statistics.median(times):.0f} ms")


def test_moved():
    random = np.random.default_rng(0)
    one = random.normal(size=(60_000, 2)).astype(np.float32)
    other = (one + 0.1 * random.normal(size=one.shape)).astype(np.float32)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        moved.compare(one, other)
        times.append(time.perf_counter() - began)
    print(f"\nwhat moved of 60,000 x 2: {statistics.median(times):.2f} s")
