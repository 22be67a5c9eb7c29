"""Several ports run side by side: each goes its own way, and a signal ends all of them in order."""

import re
import signal
import subprocess
import sys

import pytest

from legacy_ports.run.manifest import read_manifest

PORTS = ("mathybit_dense", "vandenburg")


def start(logdir, *args):
    command = [sys.executable, "-m", "legacy_ports", "run", *PORTS, "--data", "bundled", "--logdir", logdir, *args]
    return subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.slow
def test_a_port_that_fails_stops_no_other(tmp_path):
    (tmp_path / "vandenburg/-a b").mkdir(parents=True)
    running = start(tmp_path, "--steps", "3", "--name=-a b", "--quiet", "--latent-points", "9", "--engine", "session")
    out, err = running.communicate(timeout=120)
    assert running.returncode == 2
    assert re.fullmatch(r"vandenburg +legacy-ports: the run .*-a b exists already; give another --name\n", err)
    assert all(line.startswith("mathybit_dense ") for line in out.splitlines())
    assert "completed: 3 steps" in out
    manifest = read_manifest(tmp_path / "mathybit_dense/-a b")
    assert (manifest["status"], manifest["latent_points"]) == ("completed", 9)
    assert manifest["threads"]  # the ports share the cores


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_in_order(number, tmp_path):
    running = start(tmp_path, "--steps", "100000", "--name", "a", "--threads", "1")
    seen = set()
    for line in running.stdout:
        if re.search(r"Epoch 1|step: 500", line):
            seen.add(line.split()[0])
        if len(seen) == 2:
            break
    running.send_signal(number)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 128 + number
    assert f"legacy-ports: interrupted by {number.name}" in err
    for port in PORTS:
        manifest = read_manifest(tmp_path / port / "a")
        assert (manifest["status"], manifest["reason"], manifest["threads"]) == ("interrupted", number.name, 1)
