"""A live TensorBoard under many requests, most of them wrong; tests/bench/bench_flood.py has more, and the times."""

from itertools import islice

import flood
import latent
import pytest

GROWTH = 300  # MB


@pytest.mark.slow
@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
def test_ten_thousand_requests(tmp_path, fast):
    flood.write(tmp_path)
    board = latent.TensorBoard(tmp_path, "--load_fast", fast)
    try:
        board.until(lambda runs: runs and runs["run"]["codes"]["kept"] == 20)
        flood.Clients(board.url, [islice(flood.good(), 60)]).wait()  # what is imported or made but once
        before = board.megabytes()
        good = flood.Clients(board.url, [flood.good()])
        bad = flood.Clients(board.url, [islice(flood.anything(seed), 2500) for seed in range(4)]).wait()
        good.stop()
        after = board.megabytes()
    finally:
        log = board.stop()
    assert not bad.failed
    assert not good.failed
    assert set(good.statuses) == {200}
    assert set(bad.statuses) >= {200, 400, 404, 405}
    assert sum(bad.statuses.values()) == 10_000
    assert max(bad.largest, good.largest) <= 2**26
    assert after < before + GROWTH
    assert "Traceback" not in log
