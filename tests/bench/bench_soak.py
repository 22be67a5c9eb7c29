"""A port trains and logs while four clients of a live TensorBoard read, for ten minutes; `tox -e soak`."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers import flood, latent
from helpers.commands import run_command

MINUTES, CLIENTS = 10, 4
GROWTH = 500  # MB, of which 100 kept steps take some 40; docs/reliability.md promises it
AT = {"run": "vandenburg/soak", "tag": "codes"}
MILLION, STEPS, MOST = 1_000_000, 20, 2000  # points, steps, MB of which TensorFlow itself takes some 800


@pytest.mark.timeout(MINUTES * 60 + 300)
def test_soak(tmp_path, capsys):
    port = subprocess.Popen(
        run_command("vandenburg", tmp_path, "soak", "--steps 10000000"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    next(line for line in port.stdout if line.startswith("step: 500."))
    board = latent.TensorBoard(tmp_path, "--reload_interval", "1")
    try:
        board.until(lambda runs: AT["run"] in runs)
        clients = flood.Clients(board.url, [flood.good(AT, steps=0) for _ in range(CLIENTS)])
        time.sleep(20)  # what is imported or made but once
        sizes = [(board.megabytes(), latent.megabytes(port.pid))]
        for _ in range(MINUTES):
            time.sleep(60)
            sizes.append((board.megabytes(), latent.megabytes(port.pid)))
            assert port.poll() is None, port.stdout.read()
        clients.stop()
        described = board.runs()[AT["run"]]["codes"]
    finally:
        port.send_signal(signal.SIGINT)
        said, _ = port.communicate(timeout=300)
        log = board.stop()
    with capsys.disabled():
        print(
            f"\n{CLIENTS} clients, {MINUTES} minutes: {clients}; steps to {described['steps'][-1]:,}, "
            f"{described['logged']:,} logged\n  MB of TensorBoard, of the port: "
            + ", ".join(f"{board:.0f} {run:.0f}" for board, run in sizes)
        )
    assert clients.failed == []
    assert set(clients.statuses) == {200}
    assert port.returncode == 130, said
    assert max(board for board, _ in sizes) < sizes[0][0] + GROWTH
    assert max(run for _, run in sizes) < sizes[0][1] + GROWTH
    assert "Traceback" not in log + said


@pytest.mark.timeout(MINUTES * 60 + 300)
def test_soak_of_a_million_points(tmp_path, capsys):
    """Of points that are logged for ten minutes, a step each half minute, and read meanwhile."""
    say = f"from helpers import flood; flood.write({str(tmp_path)!r}, {MILLION}, {STEPS}, {MINUTES * 60 / STEPS})"
    writer = subprocess.Popen([sys.executable, "-c", say], cwd=Path(__file__).parents[1])
    board = latent.TensorBoard(tmp_path, "--reload_interval", "1")
    try:
        board.until(lambda runs: "run" in runs)
        asked = flood.GOOD_OF_MANY
        clients = flood.Clients(board.url, [flood.good(steps=0, asked=asked) for _ in range(CLIENTS)])
        sizes = []
        for _ in range(MINUTES):
            time.sleep(60)
            sizes.append(board.megabytes())
        clients.stop()
        described = board.runs()["run"]["codes"]
        assert writer.wait(timeout=120) == 0
    finally:
        writer.kill()
        log = board.stop()
    with capsys.disabled():
        print(
            f"\n{CLIENTS} clients, {MINUTES} minutes, {MILLION:,} points: {clients}; {described['kept']} steps\n"
            f"  MB of TensorBoard: {', '.join(f'{size:.0f}' for size in sizes)}"
        )
    assert clients.failed == []
    assert set(clients.statuses) == {200}
    assert max(sizes) < MOST
    assert "Traceback" not in log
