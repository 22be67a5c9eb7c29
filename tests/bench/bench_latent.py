"""What logging and serving a latent space costs: figures, not verdicts; `tox -e bench`.

The decoder is that of the vandenburg port: 2-50-50-784.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.latent import TensorBoard

from tb_plugin.decoder import Decoder
from tb_plugin.layers import dense
from tb_plugin.summary import LatentWriter

SIZES = [1_000, 10_000, 60_000]
STEPS = 20
ROUTES = {
    "runs": {},
    "step": {},
    "codes": {},
    "labels": {},
    "errors": {},
    "images": {},
    "images, 1": {"start": 7, "count": 1},
    "points": {},
    "points, pca": {"plane": "pca"},
    "points, labels": {"labels": 1},
    "decoder": {},
    "decode": {"codes": "[[0.5, -1]]"},
    "decode, 1000": {"codes": json.dumps([[0.5, -1]] * 1000)},
    "walk.gif": {},
    "index.js": {},
}


def data(points):
    """codes [N, 2], labels, and images that compress about as digits do."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (points, 28, 28), np.uint8) * (random.random((points, 28, 28)) < 0.15)
    return random.normal(size=(points, 2)), random.integers(0, 10, points), images


def decoder():
    random = np.random.default_rng(1)
    widths = [2, 50, 50, 784]
    layers = []
    for wide, high in zip(widths, widths[1:]):
        layers += [dense(random.normal(0, 0.1, size=(wide, high)), np.full(high, 0.1)), "tanh"]
    return Decoder(2, layers[:-1])


def log(logdir, points, steps=STEPS):
    """Returns the seconds of the first call and the median of the others; all is on disk at the end."""
    codes, labels, images = data(points)
    network, seconds = decoder(), []
    with LatentWriter(str(logdir)) as writer:
        for step in range(steps):
            began = time.perf_counter()
            writer.add(
                "codes",
                step,
                codes + step,
                labels=labels if step == 0 else None,
                images=images if step == 0 else None,
                decoder=network,
                errors=codes[:, 0] ** 2,
            )
            writer.flush()
            seconds.append(time.perf_counter() - began)
    return seconds[0], statistics.median(seconds[1:] or seconds)


def size(logdir):
    return sum(path.stat().st_size for path in Path(logdir).rglob("*") if path.is_file())


@pytest.mark.parametrize("points", SIZES)
def test_logging(points, tmp_path, capsys):
    first, others = log(tmp_path / "a", points)
    log(tmp_path / "b", points, 1)
    once = size(tmp_path / "b")
    each = (size(tmp_path / "a") - once) / (STEPS - 1)
    with capsys.disabled():
        print(
            f"\nlogging {points:,} points: each step {each / 1e6:.2f} MB, {others * 1e3:.1f} ms; "
            f"the first {once / 1e6:.2f} MB, {first * 1e3:.0f} ms"
        )


def answer(board, path, **query):
    status, _, body = board.get(path, **query)
    assert status == 200, (path, status, body)
    return body


@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
@pytest.mark.parametrize("points", SIZES)
def test_routes(points, fast, tmp_path, capsys):
    log(tmp_path / "run", points)
    board = TensorBoard(tmp_path, "--load_fast", fast)
    try:
        board.until(lambda runs: runs and runs["run"]["codes"]["kept"] == STEPS)
        lines = [
            f"\nroutes at {points:,} points, {fast=}: p50, p99 of up to 100 requests",
            f"  {board.megabytes():.0f} MB before",
        ]
        for name, query in ROUTES.items():
            path, seconds = name.split(",")[0], []
            for number in range(100):
                began = time.perf_counter()
                body = answer(board, "plugin/latent/" + path, run="run", tag="codes", step=number % STEPS, **query)
                seconds.append(time.perf_counter() - began)
                if sum(seconds) > 4:
                    break
            p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
            lines.append(f"  {name:18} {p50:8.1f} {p99:8.1f} ms {len(body) / 1e6:8.2f} MB")
        lines.append(f"  {board.megabytes():.0f} MB after")
    finally:
        board.stop()
    with capsys.disabled():
        print("\n".join(lines))


WITHOUT = """
import importlib.metadata
found = importlib.metadata.entry_points

class Points:
    def select(self, **chosen):
        return [point for point in found(**chosen) if point.name != "latent"]

importlib.metadata.entry_points = lambda **chosen: Points().select(**chosen) if chosen else Points()
"""


def test_start_up_with_and_without_the_plugin(tmp_path, capsys):
    (tmp_path / "hook").mkdir()
    (tmp_path / "logs").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(WITHOUT)
    seconds = {"with": [], "without": []}
    for _ in range(5):
        for which, env in (("with", None), ("without", os.environ | {"PYTHONPATH": str(tmp_path / "hook")})):
            began = time.perf_counter()
            board = TensorBoard(tmp_path / "logs", env=env)
            taken = time.perf_counter() - began
            listed = "latent" in json.loads(answer(board, "plugins_listing"))
            board.stop()
            assert listed == (which == "with")
            seconds[which].append(taken)
    script = (
        "import time, tensorboard.default; t = time.perf_counter()\n"
        "import tb_plugin.loader, tb_plugin.server.plugin; print(time.perf_counter() - t)"
    )
    own = [
        float(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)
        for _ in range(5)
    ]
    with capsys.disabled():
        with_it, without, imports = map(statistics.median, (seconds["with"], seconds["without"], own))
        print(
            f"\nstart-up, median of 5: with {with_it:.2f} s, without {without:.2f} s; "
            f"the plugin's imports {imports * 1e3:.0f} ms"
        )
