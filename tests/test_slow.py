"""Whole runs and whole recordings: minutes, not seconds."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from float64 import KAJUVONEN, VANDENBURG
from float64 import replay as exact_replay

from legacy_ports import ports, reference

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
REPOSITORY = Path(__file__).parents[1]


def command(*args, **kwargs):
    return subprocess.run([sys.executable, "-m", "legacy_ports", *map(str, args)], capture_output=True, text=True,
                          timeout=1500, **kwargs)


@pytest.mark.parametrize("readout", ["linear", "relu"])
@pytest.mark.parametrize("source", ["full", "bundled"])
def test_verify_over_all_10000_steps(request, source, readout):
    request.getfixturevalue(source)
    result = command("verify", "vandenburg", "--readout", readout, "--data", source)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("10,000 of 10,000 steps") == 2
    assert "equal within 5e-05 over 10,000 steps" in result.stdout


@pytest.mark.parametrize("source", ["full", "bundled"])
@pytest.mark.parametrize("port", ["kajuvonen", "smith", "mathybit_dense", "mathybit_conv"])
def test_verify_of_the_other_ports(request, source, port):
    request.getfixturevalue(source)
    result = command("verify", port, "--data", source, "--steps", "1000")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "equal within" in result.stdout


@pytest.mark.parametrize("source", ["full", "bundled"])
def test_numpy_in_float64_equals_a_linear_recording(request, source):
    """A second implementation, none of it TensorFlow's, meets the recordings within the same tolerance."""
    digits = request.getfixturevalue(source)
    recording = reference.pinned("vandenburg", source)[0]
    assert reference.parity(exact_replay(VANDENBURG, recording, digits, 10000), recording).equal


@pytest.mark.parametrize(("port", "source", "seed", "tolerance", "step"), [
    ("vandenburg_relu", "full", 1, 5e-5, 4581), ("vandenburg_relu", "bundled", 1, 5e-5, 6304),
    ("kajuvonen", "bundled", 1, 2e-3, 930)])
def test_an_exact_replay_leaves_the_recordings_that_have_a_horizon(request, port, source, seed, tolerance, step):
    """Why reference.HORIZONS: beyond it the recording's own rounding, not the network, decides."""
    digits = request.getfixturevalue(source)
    (recording,) = [r for r in reference.pinned(port, source) if r.seed == seed]
    network = KAJUVONEN if port == "kajuvonen" else VANDENBURG
    errors = reference.relative_errors(exact_replay(network, recording, digits, step + 1), recording)
    assert np.flatnonzero(errors > tolerance).tolist() == [step]
    assert step > reference.HORIZONS[port, source, seed]


@pytest.mark.parametrize(("port", "log"), [("vandenburg", "step: 9500. loss: 0."), ("smith", "Step 1000: Loss: 0."),
                                           ("kajuvonen", "Training loss at step 2000: 0.")])
def test_a_default_run_lies_among_those_of_the_posts_tensorflow(port, log, tmp_path):
    result = command("run", port, "--data", "bundled", "--name", "default", "--logdir", tmp_path)
    assert result.returncode == 0, result.stderr
    assert log in result.stdout
    manifest = json.loads((tmp_path / port / "default/run.json").read_text())
    assert manifest["steps"] == ports.facts(port).options["steps"]
    losses = json.loads((reference.FOLDER / f"free-{port}-5k.json").read_text())["test_loss"]
    spread = max(losses) - min(losses)
    (loss,) = [r["value"] for name, r in manifest["results"].items() if name.lower() == "final test loss"]
    assert min(losses) - spread < loss < max(losses) + spread


def test_the_wheel_in_a_clean_environment(tmp_path):
    """Builds the wheel, installs it elsewhere with its dependencies, runs a port, reads the events back."""
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path, REPOSITORY], check=True)
    (wheel,) = tmp_path.glob("legacy_ports-*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    scripts = tmp_path / "venv" / "bin"
    subprocess.run([scripts / "pip", "install", wheel], check=True, timeout=1200)

    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "TF_USE_LEGACY_KERAS")}
    subprocess.run([scripts / "legacy-ports", "run", "vandenburg", "--steps", "50", "--data", "bundled",
                    "--name", "a"], check=True, cwd=tmp_path, env=environment)
    code = ("import sys; from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
            "events = EventAccumulator(sys.argv[1]).Reload()\n"
            "print([e.step for e in events.Scalars('Loss')], len(events.Tags()['images']))")
    shown = subprocess.run([scripts / "python", "-c", code, "runs/vandenburg/a"], check=True, cwd=tmp_path,
                           env=environment, capture_output=True, text=True).stdout
    assert shown == f"[0] {3 + len(list((tmp_path / 'runs/vandenburg/a/figures').iterdir()))}\n"
    subprocess.run([scripts / "legacy-ports", "verify", "vandenburg", "--steps", "20", "--data", "bundled"],
                   check=True, cwd=tmp_path, env=environment)
