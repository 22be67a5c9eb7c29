"""Nothing reaches for the network, at import or at run, unless it is asked to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import latent

# Python tells of each attempt, by whatever library: it is written down, and refused.
WATCH = """
import os, sys

def watch(event, args):
    if event in ("socket.connect", "socket.sendto"):
        host = args[1][0] if isinstance(args[1], tuple) else None  # else a socket of this machine, by its path
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    else:
        return
    if host not in (None, "", "localhost", "127.0.0.1", "::1"):
        with open(os.environ["ATTEMPTS"], "a") as file:
            print(event, host, file=file)
        raise OSError("no network here")

sys.addaudithook(watch)
"""
IMPORT_ALL = """
import importlib, pkgutil, legacy_ports.tf1, tb_plugin
for package in (legacy_ports, tb_plugin):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith(("__main__", "from_torch")):
            importlib.import_module(module.name)
"""
RUN = ["-m", "legacy_ports", "run", "vandenburg", "--steps", "20", "--name", "a"]


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """Returns the environment of a process that is watched, and the attempts that were written down."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(WATCH)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "hook"), str(Path(__file__).parents[1])]))
    monkeypatch.setenv("ATTEMPTS", str(tmp_path / "attempts"))
    monkeypatch.setenv("LEGACY_PORTS_DATA", str(tmp_path / "no data"))
    (tmp_path / "attempts").touch()
    return lambda: (tmp_path / "attempts").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ["-m", "legacy_ports", "--help"],
        ["-m", "legacy_ports", "list"],
        pytest.param(["-c", IMPORT_ALL], marks=pytest.mark.slow),
        pytest.param([*RUN, "--data", "bundled"], marks=pytest.mark.slow),
        pytest.param(["-m", "tb_plugin.demo", "--logdir", "demo"], marks=pytest.mark.slow),
    ],
    ids=["help", "list", "imports", "run", "demo"],
)
def test_nothing_is_asked_of_the_network(tmp_path, watched, words):
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert watched() == ""


@pytest.mark.slow
@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
def test_tensorboard_with_the_plugin_asks_nothing(tmp_path, watched, fast):
    latent.write(tmp_path / "logs" / "run")
    board = latent.TensorBoard(tmp_path / "logs", "--load_fast", fast)
    try:
        board.until(lambda runs: "run" in runs)
        assert board.get("plugin/latent/walk.gif", run="run", tag="codes")[0] == 200
    finally:
        board.stop()
    assert watched() == ""


def test_what_asks_for_the_full_set_is_seen_to_do_so(tmp_path, watched):
    done = subprocess.run([sys.executable, *RUN, "--data", "full"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "cannot be reached" in done.stderr
    assert "getaddrinfo" in watched()
