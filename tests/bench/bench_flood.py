"""A live TensorBoard under 100,000 requests, most of them wrong, and a good client beside them; `tox -e flood`."""

from itertools import cycle, islice

import pytest
from helpers import flood, latent

REQUESTS, BAD_CLIENTS = 100_000, 4
GROWTH = 300  # MB; docs/reliability.md promises it


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
def test_flood(fast, tmp_path, capsys):
    flood.write(tmp_path)
    board = latent.TensorBoard(tmp_path, "--load_fast", fast)
    try:
        board.until(lambda runs: runs and runs["run"]["codes"]["kept"] == 20)
        flood.Clients(board.url, [islice(flood.good(), 60)]).wait()  # what is imported or made but once
        before = board.megabytes()
        alone = flood.Clients(board.url, [islice(flood.good(), 500)]).wait()
        beside_good = flood.Clients(board.url, [flood.good() for _ in range(BAD_CLIENTS)])
        crowded = flood.Clients(board.url, [islice(flood.good(), 500)]).wait()
        beside_good.stop()
        wrong = flood.Clients(board.url, [islice(flood.anything(1), 3000)]).wait().refused
        beside_wrong = flood.Clients(board.url, [cycle(wrong[client::BAD_CLIENTS]) for client in range(BAD_CLIENTS)])
        troubled = flood.Clients(board.url, [islice(flood.good(), 500)]).wait()
        beside_wrong.stop()
        good = flood.Clients(board.url, [flood.good()])
        sizes, bad = [], []
        for part in range(10):
            bad.append(
                flood.Clients(
                    board.url,
                    [
                        islice(flood.anything(100 * part + client), REQUESTS // 10 // BAD_CLIENTS)
                        for client in range(BAD_CLIENTS)
                    ],
                ).wait()
            )
            sizes.append(board.megabytes())
        good.stop()
    finally:
        log = board.stop()
    with capsys.disabled():
        print(
            f"\n{fast=}: a good client alone: {alone}\n  beside {BAD_CLIENTS} more good ones: {crowded}\n"
            f"  beside {BAD_CLIENTS} that send nothing but what is refused: {troubled}\n"
            f"  beside {BAD_CLIENTS} that send anything: {good}"
        )
        for part in bad:
            print(f"  these: {part}")
        print(f"  MB: {before:.0f} before, then {', '.join(f'{size:.0f}' for size in sizes)}")
    failed = [failure for clients in (alone, crowded, troubled, good, *bad) for failure in clients.failed]
    assert not failed, failed[:10]
    assert set(good.statuses) == {200}
    assert sum(sum(clients.statuses.values()) for clients in bad) == REQUESTS
    assert max(sizes) < before + GROWTH
    assert "Traceback" not in log
