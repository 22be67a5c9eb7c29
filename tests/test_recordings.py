"""Every recording, replayed to its end: minutes, not seconds."""

import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest
from helpers.float64 import KAJUVONEN, VANDENBURG
from helpers.float64 import replay as exact_replay

from legacy_ports.proof import recordings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def verify(*args):
    result = subprocess.run(
        [sys.executable, "-m", "legacy_ports", "verify", *args], capture_output=True, text=True, timeout=1500
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize("readout", ["linear", "relu"])
@pytest.mark.parametrize("source", ["full", "bundled"])
def test_verify_over_all_10000_steps(request, source, readout):
    """On older TensorFlows the ReLU, whose gates rounding decides, leaves its recordings after step 6,000."""
    request.getfixturevalue(source)
    steps = 10000 if readout == "linear" or metadata.version("tensorflow") >= "2.21" else 6000
    out = verify("vandenburg", "--readout", readout, "--data", source, "--steps", str(steps))
    assert out.count(f" {steps:,} ") >= 2
    assert f"5e-05 over {steps:,} " in out
    assert "DIFFERENT" not in out


@pytest.mark.parametrize("source", ["full", "bundled"])
@pytest.mark.parametrize("port", ["kajuvonen", "smith", "mathybit_dense", "mathybit_conv"])
def test_verify_of_the_other_ports(request, source, port):
    request.getfixturevalue(source)
    assert " equal " in verify(port, "--data", source, "--steps", "1000")


@pytest.mark.parametrize("source", ["full", "bundled"])
def test_numpy_in_float64_equals_a_linear_recording(request, source):
    """A second implementation, none of it TensorFlow's, meets the recordings within the same tolerance."""
    digits = request.getfixturevalue(source)
    recording = recordings.pinned("vandenburg", source)[0]
    assert recordings.parity(exact_replay(VANDENBURG, recording, digits, 10000), recording).equal


@pytest.mark.parametrize(
    ("port", "source", "seed", "tolerance", "step"),
    [
        ("vandenburg_relu", "full", 1, 5e-5, 4581),
        ("vandenburg_relu", "bundled", 1, 5e-5, 6304),
        ("kajuvonen", "bundled", 1, 2e-3, 930),
    ],
)
def test_an_exact_replay_leaves_the_recordings_that_have_a_horizon(request, port, source, seed, tolerance, step):
    """Why recordings.HORIZONS: beyond it the recording's own rounding, not the network, decides."""
    digits = request.getfixturevalue(source)
    (recording,) = [r for r in recordings.pinned(port, source) if r.seed == seed]
    network = KAJUVONEN if port == "kajuvonen" else VANDENBURG
    errors = recordings.relative_errors(exact_replay(network, recording, digits, step + 1), recording)
    assert np.flatnonzero(errors > tolerance).tolist() == [step]
    assert step > recordings.HORIZONS[port, source, seed]
