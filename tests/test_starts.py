"""From a recorded seed each port starts as it started on the post's own TensorFlow, to the bit."""

import numpy as np
import pytest

from legacy_ports import ports
from legacy_ports.proof import recordings
from legacy_ports.proof.distribution import port_of
from legacy_ports.proof.replay import sha256
from legacy_ports.tf1 import draw_on_cpu, new_graph, tf

VARIANTS = [variant for name in ports.NAMES for variant in ports.facts(name).proof.tolerances]
DRAWING = ("TruncatedNormal", "RandomUniform")


def started(variant, digits, seed):
    """Returns the initial weights of a port, and the op-level seeds of the ops that draw them."""
    name = port_of(variant)
    port = ports.load(name)
    port.feed(digits, ports.post_options(name)["batch_size"], seed)
    with new_graph() as graph, tf.Session() as sess:
        tf.set_random_seed(seed)
        port.build(**ports.facts(name).proof.variants.get(variant, {}))
        draw_on_cpu(graph)
        sess.run(tf.global_variables_initializer())
        drawing = [op for op in graph.get_operations() if op.type in DRAWING]
        assert {op.device for op in drawing} == {"/device:CPU:0"}
        return sess.run(tf.trainable_variables()), [op.get_attr("seed2") for op in drawing]


@pytest.mark.parametrize("variant", VARIANTS)
def test_weights_and_op_seeds_are_the_recorded_ones(bundled, variant):
    recording = recordings.shipped(variant, "bundled")
    for run in recording.runs:
        values, op_seeds = started(variant, bundled, run.seed)
        assert op_seeds == run.op_seeds
        assert [sha256([value]) for value in values] == run.variable_starts
        assert sha256(values) == run.start
        norms = [np.linalg.norm(value.astype(np.float64)) for value in values]
        np.testing.assert_allclose(norms, run.norms[0], rtol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_start_does_not_depend_on_the_data(variant):
    """So that the test above, on the bundled digits, holds the full set's recordings, too."""
    full, bundled = (recordings.shipped(variant, data) for data in ("full", "bundled"))
    assert [run.start for run in full.runs] == [run.start for run in bundled.runs]
    assert len({run.start for run in full.runs}) == len(full.seeds)
