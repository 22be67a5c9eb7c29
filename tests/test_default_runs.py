"""Whole runs as a user types them, held against the recorded run of seed 0."""

import json
import subprocess
import sys

import pytest

from legacy_ports import ports
from legacy_ports.proof import compare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def command(*args):
    return subprocess.run(
        [sys.executable, "-m", "legacy_ports", *map(str, args)], capture_output=True, text=True, timeout=1500
    )


@pytest.mark.parametrize(
    ("port", "log"),
    [
        ("vandenburg", "step: 9500. loss: 0."),
        ("smith", "Step 1000: Loss: 0."),
        ("kajuvonen", "Training loss at step 2000: 0."),
    ],
)
def test_a_default_run_is_the_recorded_run_of_its_seed(port, log, tmp_path):
    result = command("run", port, "--data", "bundled", "--name", "default", "--logdir", tmp_path)
    assert result.returncode == 0, result.stderr
    assert log in result.stdout
    manifest = json.loads((tmp_path / port / "default/run.json").read_text())
    assert manifest["steps"] == ports.facts(port).options["steps"]
    comparison = compare.compare(tmp_path / port / "default")
    assert comparison.verdict == "the recorded run", compare.lines(comparison)
    assert comparison.milestones[-1].step is None  # the test loss too
