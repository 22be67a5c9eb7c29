"""A real TensorBoard under many requests, most of them invalid; tests/bench/bench_flood.py sends more and measures."""

import time
from itertools import islice

import pytest
from helpers import flood, latent

from tb_plugin.summary import LatentWriter

GROWTH = 300  # MB


@pytest.mark.slow
@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
def test_ten_thousand_requests(tmp_path, fast):
    flood.write(tmp_path)
    board = latent.TensorBoard(tmp_path, "--load_fast", fast)
    try:
        board.until(lambda runs: runs and runs["run"]["codes"]["kept"] == 20)
        flood.Clients(board.url, [islice(flood.good(), 60)]).wait()  # whatever is imported or computed once
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


@pytest.mark.slow
@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
def test_a_run_that_goes_on_is_read_without_a_gap(tmp_path, fast):
    """TensorBoard may have dropped some of the steps that it listed a moment ago, even the last one."""
    codes, labels, images, decoder = latent.arrays()

    def more(index):
        writer.add("codes", index, codes, labels=labels, images=images, errors=labels / 7, decoder=decoder)
        writer.flush()

    with LatentWriter(str(tmp_path / "run")) as writer:
        more(0)
        board = latent.TensorBoard(
            tmp_path, "--load_fast", fast, "--reload_interval", "1", "--samples_per_plugin", "latent=3"
        )
        try:
            board.until(lambda runs: "run" in runs)
            clients = flood.Clients(board.url, [flood.good(steps=0) for _ in range(3)])
            described = []
            for index in range(1, 100):
                more(index)
                time.sleep(0.2)
                described.append(board.runs()["run"]["codes"])
            clients.stop()
        finally:
            board.stop()
    assert set(clients.statuses) == {200}
    assert {one["points"] for one in described} == {30}
    assert described[-1]["logged"] > 50
