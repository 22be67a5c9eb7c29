"""Both engines train the same: the fused one is held against the session, and against itself cut otherwise."""

import json
import os
import platform
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import pytest
from helpers.same import events, weights

from legacy_ports import UserError, cli, ports
from legacy_ports.run import checkpoints, training
from legacy_ports.run.engine import Run
from legacy_ports.tf1 import draw_on_cpu, new_graph, tf

FUSED = [name for name in ports.NAMES if ports.facts(name).engine == "fused"]


class Model(NamedTuple):
    """A small model: a dense layer of TensorFlow 1's reference variables."""

    x: Any
    codes: Any
    output: Any
    loss: Any
    train_step: Any


def small(learning_rate=0.1, noise=False):
    x = tf.placeholder(tf.float32, [None, 4])
    kernel = tf.get_variable("kernel", [4, 4], initializer=tf.truncated_normal_initializer())
    output = tf.matmul(x + tf.random_normal([4]) if noise else x, kernel)
    loss = tf.reduce_mean(tf.square(output - x))
    return Model(x, output, output, loss, tf.train.AdamOptimizer(learning_rate).minimize(loss))


def trained(build, engine, batches, cuts=()):
    """Returns the losses of training on batches, taken at once up to each of `cuts`, and all variables afterwards."""
    with new_graph() as graph, tf.Session() as sess:
        tf.set_random_seed(1)
        np.random.seed(1)  # the Keras ports draw seeds from it
        model = build()
        draw_on_cpu(graph)
        sess.run(tf.global_variables_initializer())
        train = getattr(training, engine)(sess, model)
        losses = []
        for start, end in zip((0, *cuts), (*cuts, len(batches))):
            losses += train(iter(batches[start:end]))
        return np.array(losses), sess.run(tf.global_variables())


def random_batches(*sizes):
    random = np.random.RandomState(0)
    return [random.rand(size, 4).astype(np.float32) for size in sizes]


@pytest.mark.parametrize("name", ports.NAMES)
def test_the_session_engine_trains_as_the_post_does(name, bundled, monkeypatch):
    """To the bit: a `sess.run` of the loss and the step for each batch."""

    def post(sess, model):
        return lambda batches: (sess.run([model.loss, model.train_step], {model.x: batch})[0] for batch in batches)

    monkeypatch.setattr(training, "post", post, raising=False)
    port = ports.load(name)
    feed, _ = port.feed(bundled, 20, 0)
    batches = [next(feed) for _ in range(5)]
    (ours, variables), (theirs, expected) = (trained(port.build, engine, batches) for engine in ("session", "post"))
    np.testing.assert_array_equal(ours, theirs)
    for value, other in zip(variables, expected, strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.mark.parametrize("name", FUSED)  # mathybit_dense has resource variables, the others TensorFlow 1's
def test_the_engines_train_the_same(name, bundled):
    """To rounding, which grows. All variables, the optimizer's too."""
    port = ports.load(name)
    feed, _ = port.feed(bundled, 20, 0)
    batches = [next(feed) for _ in range(12)]
    (ours, variables), (theirs, expected) = (trained(port.build, engine, batches) for engine in ("fused", "session"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert len(variables) == len(expected) >= 18
    for value, other in zip(variables, expected):
        np.testing.assert_allclose(value, other, rtol=1e-3, atol=2e-5)


def test_a_loss_of_many_terms_is_added_without_rounding_each_sum():
    """XLA adds an image's terms one after another; those of a flat background would all round the same way, to 1e-4."""

    def flat():
        x = tf.placeholder(tf.float32, [None, 28, 28, 1])
        output = tf.zeros_like(x) + tf.get_variable("bias", [], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.square(output - x))
        return Model(x, output, output, loss, tf.train.AdamOptimizer().minimize(loss))

    losses, _ = trained(flat, "fused", [np.full((200, 28, 28, 1), 0.067, np.float32)])
    np.testing.assert_allclose(losses, np.float32(0.067) ** 2, rtol=2e-7)


@pytest.mark.parametrize("cuts", [(1,), (3, 4, 9), tuple(range(1, 12))])
def test_how_many_steps_are_taken_at_once_changes_no_bit(cuts):
    batches = random_batches(*[5] * 12)
    (whole, variables), (parts, others) = trained(small, "fused", batches), trained(small, "fused", batches, cuts)
    assert whole.tolist() == parts.tolist()
    assert all((value == other).all() for value, other in zip(variables, others))


def test_more_steps_than_are_taken_at_once(monkeypatch):
    batches = random_batches(*[5] * 12)
    whole, _ = trained(small, "fused", batches)
    monkeypatch.setattr(training, "STEPS", 5)
    assert trained(small, "fused", batches)[0].tolist() == whole.tolist()
    monkeypatch.setattr(training, "_BYTES", 1)  # large batches: one at a time
    assert trained(small, "fused", batches)[0].tolist() == whole.tolist()


def test_batches_of_several_sizes_keep_their_order():
    batches = random_batches(5, 5, 3, 5, 3)
    np.testing.assert_allclose(trained(small, "fused", batches)[0], trained(small, "session", batches)[0], rtol=1e-5)


def test_a_step_with_a_random_op_is_not_fused():
    """XLA would draw other numbers."""
    with pytest.raises(UserError, match="cannot be fused: its step has the op RandomStandardNormal; use --engine sess"):
        trained(lambda: small(noise=True), "fused", random_batches(5))


def test_a_step_with_the_mean_of_a_reference_is_not_fused():
    def build():
        model = small()
        (kernel,) = tf.trainable_variables()
        return model._replace(loss=model.loss + tf.raw_ops.Mean(input=kernel.op.outputs[0], axis=[0, 1]))

    with pytest.raises(UserError, match="its step has the op Mean on a variable; use --engine session"):
        trained(build, "fused", random_batches(5))


def run_small(digits, tmp_path, name, engine, steps=30, learning_rate=0.1, during=lambda run, sess: None, **kwargs):
    """Runs `small` with codes logged every 10 steps; in each step the loop calls `during` after the training."""
    run = Run("port", "A post.\nhttps://example.org", {}, digits, tmp_path, name, quiet=True, engine=engine, **kwargs)
    with new_graph(), suppress(KeyboardInterrupt), run:
        tf.set_random_seed(1)
        model = small(learning_rate)
        with run.session() as sess:
            sess.run(tf.global_variables_initializer())
            run.latent(sess, model, np.eye(4, dtype=np.float32), lambda: None, lambda: None, 10)
            run._latent._images, run._latent._labels = np.zeros((4, 2, 2), np.uint8), np.zeros(4, np.int32)
            feed = iter(random_batches(*[5] * steps))
            batches = run.ahead(sess, model, feed)
            for _ in run.steps(range(steps)):
                run.batch_loss(run.train(next(batches)))
                during(run, sess)
    return run


def test_both_engines_log_the_same_events(bundled, tmp_path):
    ours, theirs = (events(run_small(bundled, tmp_path, name, name).folder) for name in ("fused", "session"))
    assert ours.keys() == theirs.keys()
    assert sum(tag == "codes/latent" for tag, _ in ours) == 21


def test_checkpoints_in_between_change_no_bit(bundled, tmp_path):
    rare = run_small(bundled, tmp_path, "rare", "fused")
    often = run_small(bundled, tmp_path, "often", "fused", save_every=7)
    assert rare.manifest["engine"] == "fused"
    assert rare.manifest["curve"] == often.manifest["curve"]
    ours, theirs = weights(rare.folder, 30), weights(often.folder, 30)
    assert ours.keys() == theirs.keys()
    assert all((ours[key] == theirs[key]).all() for key in ours)


def test_checkpoints_are_seconds_apart_unless_the_user_says_when(bundled, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(checkpoints, "save", lambda *args: saved.append(args[3]))
    run_small(bundled, tmp_path, "default", "fused")
    run_small(bundled, tmp_path, "often", "fused", save_every=10)
    monkeypatch.setattr("legacy_ports.run.engine.SECONDS", 0)
    run_small(bundled, tmp_path, "slow", "fused")
    assert saved == [30, 10, 20, 30, 10, 20, 30]


def test_losses_are_recorded_and_batches_drawn_while_a_computation_runs(monkeypatch):
    monkeypatch.setattr(training, "STEPS", 2)
    began, drawn = threading.Event(), threading.Event()  # the second computation; a batch of the third

    def computation(batches, count):
        if batches[0, 0, 0] == 2:
            began.set()
            assert drawn.wait(60)
        return np.zeros(count)

    def batches():
        for i in range(6):
            if i == 4:
                drawn.set()
            yield np.full((5, 4), i, np.float32)

    monkeypatch.setattr(training, "_loop", lambda sess, model: computation)
    losses = training.fused(None, None)(batches())
    next(losses)
    assert began.wait(60)
    assert len([*losses]) == 5


def test_a_signal_ends_a_run_after_the_steps_in_progress(bundled, tmp_path):
    """A checkpoint is saved then, and the run can be resumed from it."""

    def during(run, sess):
        if run.step == 400:
            os.kill(os.getpid(), signal.SIGINT)

    run = run_small(bundled, tmp_path, "a", "fused", steps=1000, during=during, save_every=1000)
    assert (run.manifest["status"], run.manifest["steps"]) == ("interrupted", 410)
    assert weights(run.folder, 410)


@pytest.mark.parametrize("engine", ["fused", "session"])
def test_a_loss_that_is_not_finite_is_told_with_its_own_step(engine, bundled, tmp_path):
    with pytest.raises(FloatingPointError, match="at step 1;"):
        run_small(bundled, tmp_path, engine, engine, learning_rate=1e30)


def test_a_loop_cannot_use_weights_of_a_later_step(bundled, tmp_path):
    def during(run, sess):
        if run.step == 12:
            sess.run(tf.trainable_variables())

    with pytest.raises(RuntimeError, match="the session's weights are 7 steps ahead"):
        run_small(bundled, tmp_path, "a", "fused", steps=400, during=during)


def test_a_port_that_xla_does_not_know_is_refused(tmp_path, capsys):
    args = ["run", "mathybit_conv", "--steps", "1", "--data", "bundled", "--logdir", str(tmp_path), "--quiet"]
    assert cli.main([*args, "--engine", "fused"]) == 2
    assert re.fullmatch(
        "legacy-ports: this model cannot be fused: XLA has no op ResizeNearestNeighborGrad; use --engine session\n",
        capsys.readouterr().err,
    )
    assert not list(tmp_path.glob("*/*"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", FUSED)
def test_verify_passes_with_both_engines(name, capsys):
    for engine in ("session", "fused"):
        code = cli.main(["verify", name, "--data", "bundled", "--seeds", "0", "--engine", engine, "--json"])
        (row,) = json.loads(capsys.readouterr().out)["rows"]
        assert (code, row["engine"], row["start"], row["same_run"]) == (0, engine, True, True)


DRAWS = """
import resource
import sys
from itertools import islice

import numpy as np

from legacy_ports.data import batches
from legacy_ports.run import memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if sys.argv[1] == "kept":
    memory.keep_freed()
drawn = batches.DataSet(np.zeros((500, 28, 28), np.uint8), np.zeros(500, np.uint8)).batches(100)
part = list(islice(drawn, 50))
del part
before = faults()
part = list(islice(drawn, 50))
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="NOT TESTED without glibc, which keeps memory")
def test_batches_are_drawn_into_memory_that_is_there_already():
    def new_pages(kept):
        command = [sys.executable, "-c", DRAWS, kept]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert new_pages("kept") < new_pages("given back") / 4
