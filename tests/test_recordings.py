"""Every recorded run, replayed to its end: minutes, not seconds."""

import json
import subprocess
import sys

import pytest
from helpers.float64 import VANDENBURG
from helpers.float64 import replay as exact_replay

from legacy_ports import ports
from legacy_ports.data.batches import next_batches
from legacy_ports.proof import recordings
from legacy_ports.proof.parity import limits, relative
from legacy_ports.tf1 import new_graph, tf

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
# mathybit_conv is judged over 35 steps; the rest of its run would take minutes.
STEPS = {"mathybit_conv": 40, "smith": 200, "kajuvonen": 1000}


@pytest.mark.parametrize("source", ["full", "bundled"])
@pytest.mark.parametrize("variant", [v for name in ports.NAMES for v in ports.facts(name).proof.tolerances])
def test_verify_says_that_it_is_the_same_run(request, source, variant):
    request.getfixturevalue(source)
    name = variant.removesuffix("_relu")
    seeds = "0,1" if name == "mathybit_dense" else "all"  # 15,000 steps each
    options = ["--readout", "relu"] if variant != name else []
    options += ["--steps", str(STEPS[name])] if name in STEPS else []
    command = [sys.executable, "-m", "legacy_ports", "verify", name, "--data", source, "--seeds", seeds, "--json"]
    result = subprocess.run([*command, *options], capture_output=True, text=True, timeout=1500)
    assert result.returncode == 0, result.stdout + result.stderr
    rows = json.loads(result.stdout)["rows"]
    assert len(rows) == (2 if name == "mathybit_dense" else 10)
    for row in rows:
        assert (row["start"], row["same_run"], row["diverges"]) == (True, True, [])


@pytest.mark.parametrize("source", ["full", "bundled"])
def test_numpy_in_float64_is_the_same_run(request, source):
    """A second implementation, none of it TensorFlow's, meets the recordings within the same tolerance."""
    digits = request.getfixturevalue(source)
    run = recordings.shipped("vandenburg", source).runs[0]
    batches, _ = next_batches(digits, 50, run.seed)
    with new_graph(), tf.Session() as sess:
        tf.set_random_seed(run.seed)
        ports.load("vandenburg").build()
        sess.run(tf.global_variables_initializer())
        weights = sess.run(tf.trainable_variables())
    errors = relative(exact_replay(VANDENBURG, run, weights, batches, 10_000), run.losses.astype(float))
    assert limits(ports.facts("vandenburg").proof, run, 10_000) == {10_000: 2e-5}
    assert errors.max() <= 2e-5
