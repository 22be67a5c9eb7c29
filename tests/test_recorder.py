"""A run's record is complete however the run ends, overwrites no other run, and TensorBoard shows the same."""

import json

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from legacy_ports import UserError
from legacy_ports.run.engine import Run
from legacy_ports.tf1 import tf

DOC = "A post - Somebody, 2017.\nhttps://example.org/post\n\nWhat the post says\n    a | b"


@pytest.fixture
def new_run(bundled, tmp_path):
    def make(name="a", **kwargs):
        return Run("port", DOC, {"steps": 3, "rate": 0.1}, bundled, tmp_path, name, **kwargs)

    return make


def count(run, steps=3, fail_at=None, error=None):
    with tf.Graph().as_default(), run:
        counter = tf.get_variable("counter", [], initializer=tf.zeros_initializer())
        add = counter.assign_add(1.0)
        with run.session() as sess:
            sess.run(tf.global_variables_initializer())
            for i in run.steps(range(steps)):
                if i == fail_at:
                    raise error
                run.loss(i, 1.0 / (i + 1))
                run.batch_loss(1.0 / (i + 1))
                sess.run(add)
    return run


def manifest(run):
    return json.loads((run.folder / "run.json").read_text())


def counter_in_checkpoint(run):
    return tf.train.load_variable(tf.train.latest_checkpoint(str(run.folder / "checkpoints")), "counter")


def test_a_completed_run(new_run):
    run = count(new_run())
    record = manifest(run)
    assert record["status"] == "completed"
    assert record["steps"] == 3
    assert record["losses"] == [[0, 1.0], [1, 0.5], [2, pytest.approx(1 / 3)]]
    assert record["options"] == {"steps": 3, "rate": 0.1}
    assert record["device"] in ("cpu", "gpu:0")  # "auto" is resolved
    assert {"tensorflow", "numpy", "legacy-ports"} <= record["versions"].keys()
    assert counter_in_checkpoint(run) == 3
    assert [p.name for p in run.folder.glob("*.part")] == []


def test_the_curve_is_the_mean_loss_of_every_ten_steps(new_run):
    run = count(new_run(), steps=25)
    means = [sum(1 / i for i in range(a + 1, a + 11)) / 10 for a in (0, 10)]
    assert manifest(run)["curve"] == {"every": 10, "mean_loss": pytest.approx(means, rel=1e-6)}
    assert '"losses": [\n  [0, 1.0],\n' in (run.folder / "run.json").read_text()  # each list of numbers is one line


def test_a_loss_that_is_not_finite_between_logged_steps_ends_the_run(new_run):
    run = new_run()
    with run, pytest.raises(FloatingPointError, match="the loss is nan at step 0"):
        run.batch_loss(float("nan"))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (FloatingPointError("the loss is nan at step 2"), "failed"),
        (RuntimeError("a bug"), "failed"),
    ],
)
def test_a_run_that_breaks_keeps_what_it_has(new_run, error, status):
    run = new_run(save_every=1)
    with pytest.raises(type(error)):
        count(run, fail_at=2, error=error)
    record = manifest(run)
    assert (record["status"], record["steps"], len(record["losses"])) == (status, 2, 2)
    assert record["reason"] == ("SIGINT" if status == "interrupted" else f"{type(error).__name__}: {error}")
    assert counter_in_checkpoint(run) == 2
    assert EventAccumulator(str(run.folder)).Reload().Tags()["graph"]


def test_a_loss_that_is_not_finite_ends_the_run(new_run):
    run = new_run()
    with pytest.raises(FloatingPointError, match="the loss is nan at step 7"), run:
        run.loss(7, float("nan"))
    assert manifest(run)["status"] == "failed"


def test_the_manifest_is_there_from_the_start(new_run):
    with new_run() as run:
        assert manifest(run)["status"] == "running"


def test_an_existing_run_is_never_touched(new_run):
    run = count(new_run())
    before = {p: p.read_bytes() for p in run.folder.rglob("*") if p.is_file()}
    with pytest.raises(UserError, match=r"port/a exists already"):
        new_run().__enter__()
    assert before == {p: p.read_bytes() for p in run.folder.rglob("*") if p.is_file()}


def test_unnamed_runs_get_names_of_their_own(new_run):
    runs = [count(new_run(name=None)) for _ in range(3)]
    assert len({run.folder for run in runs}) == 3


def test_bad_input_leaves_no_folder(new_run):
    with pytest.raises(UserError, match="bad"), new_run() as run:
        raise UserError("bad")
    assert not run.folder.exists()


def test_text_and_hparams_show_the_manifest(new_run):
    run = count(new_run())
    events = EventAccumulator(str(run.folder)).Reload()
    text = events.Tensors("run/text_summary" if "run/text_summary" in events.Tags()["tensors"] else "run")
    shown = text[-1].tensor_proto.string_val[0].decode()
    assert "| status | completed |" in shown
    assert "[A post - Somebody, 2017.](https://example.org/post)" in shown
    assert DOC in shown
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    start = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info
    assert start.hparams["rate"].number_value == 0.1
    assert start.hparams["data"].string_value == "bundled"
    assert "_hparams_/session_end_info" in events.summary_metadata
