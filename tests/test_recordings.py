"""Every recorded run, replayed to its end: minutes, not seconds."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from legacy_ports import ports
from legacy_ports.data.batches import next_batches
from legacy_ports.proof import gradients, recordings
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


def adam_in_float64(network, weights, batches, rate):
    """Trains a network without TensorFlow and yields each step's loss.

    Adam is as in TensorFlow 1.4's kernel (Kingma and Ba, end of section 2).
    """
    weights = [w.astype(np.float64) for w in weights]
    m, v = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    for t, x in enumerate(batches, start=1):
        loss, slopes, _ = gradients.loss_and_gradients(network, weights, x)
        yield loss
        now = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        for k, g in enumerate(slopes):
            m[k] += (g - m[k]) * 0.1
            v[k] += (g**2 - v[k]) * 0.001
            weights[k] -= now * m[k] / (np.sqrt(v[k]) + 1e-8)


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
    network = ports.facts("vandenburg").proof.networks["vandenburg"]
    with threadpool_limits(1):  # matrices this small are slower on many threads
        losses = list(itertools.islice(adam_in_float64(network, weights, batches, 1e-4), 10_000))
    errors = relative(np.array(losses), run.losses.astype(float))
    assert limits(ports.facts("vandenburg").proof, run, 10_000) == {10_000: 2e-5}
    assert errors.max() <= 2e-5
