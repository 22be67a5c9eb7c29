"""A live TensorBoard under 100,000 requests, most of them wrong, and a good client beside them; `tox -e flood`.

With a million points it gets a tenth as many, because an answer has up to 8 MB.
"""

from itertools import cycle, islice

import pytest
from helpers import flood, latent

BAD_CLIENTS = 4
GROWTH, MOST = 300, 2000  # MB; docs/reliability.md promises it. TensorFlow itself takes some 800 of them
MILLION = 1_000_000


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("fast", "points", "requests"),
    [("true", 1000, 100_000), ("false", 1000, 100_000), ("true", MILLION, 10_000), ("false", MILLION, 10_000)],
    ids=["rust", "python", "rust-million", "python-million"],
)
def test_flood(fast, points, requests, tmp_path, capsys):
    flood.write(tmp_path, points)
    asked = flood.GOOD_OF_MANY if points > flood.MANY else flood.GOOD
    counted = 500 if points < MILLION else 100  # good requests that are timed
    board = latent.TensorBoard(tmp_path, "--load_fast", fast)
    try:
        board.until(lambda runs: runs and runs["run"]["codes"]["kept"] == 20)
        flood.Clients(board.url, [islice(flood.good(asked=asked), 60)]).wait()  # what is imported or made but once
        before = board.megabytes()
        alone = flood.Clients(board.url, [islice(flood.good(asked=asked), counted)]).wait()
        beside_good = flood.Clients(board.url, [flood.good(asked=asked) for _ in range(BAD_CLIENTS)])
        crowded = flood.Clients(board.url, [islice(flood.good(asked=asked), counted)]).wait()
        beside_good.stop()
        wrong = flood.Clients(board.url, [islice(flood.anything(1), 3000)]).wait().refused
        beside_wrong = flood.Clients(board.url, [cycle(wrong[client::BAD_CLIENTS]) for client in range(BAD_CLIENTS)])
        troubled = flood.Clients(board.url, [islice(flood.good(asked=asked), counted)]).wait()
        beside_wrong.stop()
        good = flood.Clients(board.url, [flood.good(asked=asked)])
        sizes, bad = [], []
        for part in range(10):
            bad.append(
                flood.Clients(
                    board.url,
                    [
                        islice(flood.anything(100 * part + client), requests // 10 // BAD_CLIENTS)
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
            f"\n{fast=}, {points:,} points: a good client alone: {alone}\n"
            f"  beside {BAD_CLIENTS} more good ones: {crowded}\n"
            f"  beside {BAD_CLIENTS} that send nothing but what is refused: {troubled}\n"
            f"  beside {BAD_CLIENTS} that send anything: {good}"
        )
        for part in bad:
            print(f"  these: {part}")
        print(f"  MB: {before:.0f} before, then {', '.join(f'{size:.0f}' for size in sizes)}")
    failed = [failure for clients in (alone, crowded, troubled, good, *bad) for failure in clients.failed]
    assert not failed, failed[:10]
    assert set(good.statuses) == {200}
    assert sum(sum(clients.statuses.values()) for clients in bad) == requests
    assert max(sizes) < (before + GROWTH if points < MILLION else MOST)
    assert "Traceback" not in log
