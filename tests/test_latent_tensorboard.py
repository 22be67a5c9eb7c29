"""The Latent plugin in a real TensorBoard, with each of its loaders; and the demo."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from helpers import latent
from tensorboard.plugins import base_plugin

from tb_plugin import demo
from tb_plugin.decoder import Decoder
from tb_plugin.loader import DEFAULT_SAMPLES, LatentLoader

codes = latent.arrays()[0]


class Flags:
    def __init__(self, **flags):
        self.__dict__.update(flags)


def test_the_loader_raises_the_number_of_kept_steps_and_leaves_the_users():
    for given, expected in (
        ({}, DEFAULT_SAMPLES),
        ({"images": 1}, DEFAULT_SAMPLES),
        ({"latent": 7}, 7),
        ({"latent": 0}, 0),
    ):
        flags = Flags(samples_per_plugin=dict(given))
        LatentLoader().fix_flags(flags)
        assert flags.samples_per_plugin == given | {"latent": expected}
    LatentLoader().fix_flags(Flags())  # a TensorBoard without the flag


def test_a_plugin_that_cannot_be_imported_leaves_tensorboard_running(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "tb_plugin.server.plugin", None)
    assert LatentLoader().load(base_plugin.TBContext()) is None


def test_the_loader_imports_nothing_heavy():
    script = (
        "import sys, tensorboard.plugins.base_plugin, tensorboard.util.tb_logging\n"
        "import json, tensorboard.compat.proto.summary_pb2; before = set(sys.modules)\n"  # TensorBoard needs them, too
        "import tb_plugin.loader; print(sorted(set(sys.modules) - before))"
    )
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "['tb_plugin', 'tb_plugin.loader', 'tb_plugin.metadata']"


NAMES = ["a b+c/dé%2F", "nested/run/one", "<script>&amp;'#?", "plain"]


@pytest.mark.slow
@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
def test_a_real_tensorboard(tmp_path, fast):
    for name in NAMES:
        latent.write(tmp_path / name, steps=range(0, 1500, 10))
    board = latent.TensorBoard(tmp_path, "--load_fast", fast, "--path_prefix", "/pre/fix", "--reload_interval", "1")
    try:
        assert board.url.endswith("/pre/fix/")
        board.until(lambda runs: len(runs) == 4 and all(run["codes"]["steps"][-1] == 1490 for run in runs.values()))
        for name in NAMES:
            described = board.runs()[name]["codes"]
            assert described["steps"][0] == 0
            assert described["kept"] in (DEFAULT_SAMPLES, DEFAULT_SAMPLES + 1)  # the first may be sampled too
            assert described["logged"] == 150
            for step in (0, described["steps"][50], 1490):
                status, headers, body = board.get("plugin/latent/codes", run=name, tag="codes", step=step)
                assert (status, headers["X-Latent-Shape"]) == (200, "30,2")
                np.testing.assert_array_equal(np.frombuffer(body, "<f4").reshape(30, 2), (codes + step).astype("f4"))
            for path in ("labels", "images", "decoder", "walk.gif", "points", "step"):
                status, headers, body = board.get("plugin/latent/" + path, run=name, tag="codes")
                assert status == 200
                assert body
                assert headers["X-Content-Type-Options"] == "nosniff"
        assert board.get("plugin/latent/errors", run="plain", tag="codes")[0] == 404
        assert board.get("plugin/latent/codes", run="no", tag="codes")[0] == 404
        listing = json.loads(board.get("plugins_listing")[2])["latent"]
        assert listing["enabled"]
        assert listing["tab_name"] == "Latent"
        assert board.get("plugin_entry.html", name="latent")[0] == 200
        assert b"render" in board.get("plugin/latent/index.js")[2]
        for path in ("../loader.py", "%2e%2e/loader.py", "static/index.js", "index.js/../plugin.py", "/etc/passwd"):
            assert board.get("plugin/latent/" + path)[0] == 404
        # TensorBoard's Rust loader cannot look up what is in a run of such a name: a message, and nothing else suffers
        latent.write(tmp_path / 'quo"ted', steps=[7])
        board.until(lambda runs: 'quo"ted' in runs)
        error, status = (
            board.runs()['quo"ted']["codes"]["error"],
            board.get("plugin/latent/codes", run='quo"ted', tag="codes")[0],
        )
        if fast == "true":
            assert "--load_fast=false" in error
            assert status == 422
        else:
            assert (error, status) == (None, 200)
        # the log folder grows, and a run is deleted
        latent.write(tmp_path / "late", steps=[7])
        board.until(lambda runs: "late" in runs)
        shutil.rmtree(tmp_path / "nested")
        if fast == "true":  # the Python loader goes on serving a deleted run from memory
            board.until(lambda runs: "nested/run/one" not in runs)
            assert board.get("plugin/latent/codes", run="nested/run/one", tag="codes")[0] == 404
        assert board.get("plugin/latent/codes", run="plain", tag="codes")[0] == 200
    finally:
        log = board.stop()
    assert "Traceback" not in log


@pytest.mark.slow
@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
@pytest.mark.parametrize(("samples", "kept"), [(0, {150}), (5, {5, 6})])
def test_samples_per_plugin_is_honoured(tmp_path, fast, samples, kept):
    latent.write(tmp_path / "run", steps=range(0, 1500, 10))
    board = latent.TensorBoard(tmp_path, "--load_fast", fast, "--samples_per_plugin", f"images=3,latent={samples}")
    try:
        board.until(lambda runs: runs and runs["run"]["codes"]["steps"][-1] == 1490)
        described = board.runs()["run"]["codes"]
        assert described["kept"] in kept
        assert (described["steps"][0], described["steps"][-1]) == (0, 1490)
    finally:
        board.stop()


@pytest.mark.slow
def test_the_demo_as_it_is_typed(tmp_path):
    """Without TensorFlow and its chatter, over nothing that is there, and in one line when it cannot be."""

    def typed(logdir):
        command = [sys.executable, "-X", "importtime", "-m", "tb_plugin.demo", "--logdir", logdir]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    made = typed("a demo")
    assert made.returncode == 0
    assert made.stdout.splitlines()[-1] == "tensorboard --logdir 'a demo'"
    lines = made.stderr.splitlines()
    assert all(line.startswith("import time:") for line in lines)
    assert not [line for line in lines if line.endswith(" tensorflow")]
    before = sorted((tmp_path / "a demo").rglob("*"))
    (tmp_path / "file").touch()
    for logdir, message in (
        ("a demo", "a demo/pca-2 exists already; give another --logdir"),
        ("file", "the demo cannot be written to file/pca-2: Not a directory"),
    ):
        refused = typed(logdir)
        assert refused.returncode == 2
        assert [x for x in refused.stderr.splitlines() if not x.startswith("import time:")] == [message]
    assert sorted((tmp_path / "a demo").rglob("*")) == before


def test_the_demo_is_near_exact_pca_and_shows_a_course(tmp_path):
    error, floor = demo.write(str(tmp_path), 2)
    assert floor < error < 1.01 * floor
    routes = latent.Routes(tmp_path)
    described = routes.get("/runs").json["."]["digits"]
    assert described["steps"] == demo.LOGGED
    assert described["points"] == 1000
    courses = [routes.array("/errors", run=".", tag="digits", step=step).mean() for step in (0, 5, 200)]
    assert courses[0] > 1.1 * courses[1] > 1.1 * courses[2]
    # what the decoder makes of the codes has the errors that were logged
    pictures = Decoder.from_blob(routes.get("/decoder", run=".", tag="digits").data)(
        routes.array("/codes", run=".", tag="digits")
    )
    targets = routes.array("/images", run=".", tag="digits")[..., 0] / 255
    np.testing.assert_allclose(
        np.mean((pictures - targets) ** 2, axis=(1, 2)), routes.array("/errors", run=".", tag="digits"), rtol=1e-3
    )
