"""Scripts run unchanged in a process of their own, are recorded, and are replayed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from legacy_ports import UserError, cli, ports
from legacy_ports.original import data_sets, replay, tf1_recorder
from legacy_ports.original.recording import check_script, read
from legacy_ports.proof import recordings
from legacy_ports.tf1 import tf

POSTS = Path(__file__).parent / "posts"
# Steps of each post's script.
STEPS = {"kajuvonen": 100, "mathybit_dense": 25, "smith": 130, "vandenburg": 501, "mathybit_conv": 25}


def execute(*words, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "legacy_ports", *map(str, words)],
        capture_output=True, text=True, timeout=300, cwd=cwd, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """A post's script, executed and recorded: what it printed, and the recording."""
    done = {}

    def record(name):
        if name not in done:
            file = tmp_path_factory.mktemp(name) / f"{name}.npz"
            result = execute(
                "exec", POSTS / f"{name}.py", "--data", "bundled", "--stop-after", STEPS[name], "--record", file,
                cwd=file.parent,
            )  # fmt: skip
            assert result.returncode == 0, result.stderr
            done[name] = result.stdout, read(file)
        return done[name]

    return record


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_the_posts_own_script_gives_the_ports_curve_to_the_bit(name, recorded, bundled):
    from legacy_ports.proof.replay import replay as replay_port

    printed, recording = recorded(name)
    run = recordings.shipped(name, "bundled").run(0)
    build = {k: v for k, v in ports.post_options(name).items() if k not in ports.COMMON + ports.RUN_ONLY}
    port = replay_port(ports.load(name), name, run, bundled, STEPS[name], **build)
    assert recording.starts[: len(run.variable_starts)] == run.variable_starts, "the start of the post's own TensorFlow"
    steps = recording.scalars[:, 0].astype(int)
    assert len(steps) == {"vandenburg": 2}.get(name, STEPS[name])
    assert recording.scalars[:, 2].tolist() == port.losses[steps].tolist()
    assert printed


SCRIPT = """
import sys
import numpy as np
import tensorflow as tf
import tensorflow.contrib.slim as slim
from scipy.misc import imresize, imsave
from tensorflow.contrib import rnn
import matplotlib.pyplot as plt

x = tf.placeholder(tf.float32, [None, 4])
w = tf.get_variable("w", [4, 1], initializer=tf.contrib.layers.xavier_initializer())
loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - 1))
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
cell = rnn.BasicLSTMCell(3)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(5):
        _, l = sess.run([train, loss], {x: np.ones((2, 4), np.float)})
        print("loss", l)
print(tf.__version__, slim.__name__, imresize(np.zeros((4, 4)), (8, 6)).shape, sys.argv[1:])
plt.plot([1, 2])
plt.show()
helped = __import__("helper").helped
sys.exit(helped)
"""


@pytest.mark.slow
def test_a_script_finds_its_time_and_leaves_a_run(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "helper.py").write_text("import tensorflow as tf\nassert tf.contrib.learn\nhelped = 3\n")
    done = execute("exec", "script.py", "--seed", "7", "--", "--data", "own", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["loss"] * 5
    assert lines[5] == "1.15.5 tensorflow.contrib.slim (8, 6) ['--data', 'own']"
    assert done.stderr == ""
    (folder,) = (tmp_path / "runs/exec/script").iterdir()
    manifest = json.loads((folder / "run.json").read_text())
    assert (manifest["status"], manifest["steps"], manifest["figures"]) == ("failed", 5, ["figure-001.png"])
    assert (folder / "figures/figure-001.png").stat().st_size > 1000
    assert (folder / "log.txt").read_text() == done.stdout
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    scalars = EventAccumulator(str(folder)).Reload().Scalars("Mean")
    assert [np.float32(event.value) for event in scalars] == [np.float32(line.split()[1]) for line in lines[:5]]


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_a_script_may_change_the_images_and_with_them_its_batches(dtype, bundled, monkeypatch):
    copies = bundled._replace(arrays=type(bundled.arrays)(*(array.copy() for array in bundled.arrays)))
    monkeypatch.setattr(data_sets, "_loaded", [copies])
    train = data_sets.read_data_sets("", dtype=getattr(tf, dtype)).train
    train.images[:] = train.images > train.images.max() / 2
    batch, _ = train.next_batch(50, shuffle=False)
    assert batch.dtype == dtype
    assert np.unique(batch).tolist() == [0, 1]


def test_what_is_missing_is_one_line(tmp_path):
    script = 'import tensorflow as tf\nprint("begun")\ntf.contrib.crf.crf_log_likelihood\n'
    (tmp_path / "script.py").write_text(script)
    done = execute("exec", "script.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "begun\n")
    assert done.stderr.startswith(f"legacy-ports: {tmp_path}/script.py:3: tf.contrib.crf") or done.stderr.startswith(
        "legacy-ports: script.py:3: tf.contrib.crf is gone; instead: tfa.text.crf of TensorFlow Addons; see https://"
    )
    assert done.stderr.count("\n") == 1


def test_a_recording_is_its_own_replay_and_another_is_told_apart(recorded):
    _, recording = recorded("kajuvonen")
    same = replay.compare(recording, recording)
    assert same.equal
    assert same.cells()[-1] == "same run"
    assert same.windows == {10: 0.0, 100: 0.0, 101: 0.0}

    off = recording.scalars.copy()
    off[60, 2] *= 1.001
    other = replay.compare(recording, recording._replace(scalars=off))
    assert other.first == (60, pytest.approx(1e-3, rel=1e-6))
    assert other.leaves == [
        "mean_squared_error/value:0 at step 60 is the first scalar beyond the tolerance, by 1.0e-03"
    ]

    norms = recording.norms.copy()
    norms[3, 2] *= 1.01
    starts = [*recording.starts[:4], "0" * 64, *recording.starts[5:]]
    seeds = recording.op_seeds[:-1]
    worse = replay.compare(recording, recording._replace(norms=norms, starts=starts, op_seeds=seeds))
    assert not worse.start
    assert worse.leaves == [
        "random op 7 differs: 6 op-level seeds are asked for, in the recording 7",
        f"the initial {recording.variables[4]} differs first of the variables",
        f"after 10 steps the norm of {recording.variables[2]} is off by 1.0e-02, the farthest",
    ]


def test_variables_of_optimizers_are_left_out_where_they_differ(recorded):
    _, recording = recorded("kajuvonen")
    cut = len(recording.starts) - 3  # of Adam
    fewer = {name: getattr(recording, name)[:cut] for name in ("variables", "shapes", "starts")}
    assert replay.compare(recording, recording._replace(**fewer, norms=recording.norms[:, :cut])).equal
    names = [name.replace("code/kernel", "code/weights") for name in recording.variables]
    renamed = recording._replace(variables=names, shapes=["(3,)", *recording.shapes[1:]])
    assert replay.compare(recording, renamed).leaves == [
        f"variable 1, {recording.variables[0]}, has the shape (3,), not {recording.shapes[0]}"
    ]


def test_a_recording_of_another_script_is_refused(recorded):
    _, recording = recorded("kajuvonen")
    check_script(recording, (POSTS / "kajuvonen.py").read_bytes().replace(b"\n", b"\r\n"), "kajuvonen.py")
    with pytest.raises(UserError, match=r"was recorded of another text than smith.py \(of a kajuvonen.py\)"):
        check_script(recording, (POSTS / "smith.py").read_bytes(), "smith.py")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["exec"], "required: SCRIPT, ARGS"),
        (["exec", "script.py", "--stop-after", "0"], "'0' is not a whole number above 0"),
        (["replay", "a.npz"], "required: SCRIPT"),
        (["replay", "none.npz", "script.py"], "none.npz: cannot be read (No such file or directory)"),
        (["replay", __file__, "script.py"], "not a recording of tf1_recorder.py"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(args, message, capsys):
    try:
        code = cli.main(args)
    except SystemExit as exit:
        code = exit.code
    err = capsys.readouterr().err
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


def test_a_recording_of_nothing_is_refused_before_the_script_runs(tmp_path, capsys):
    (tmp_path / "script.py").write_text("1 / 0\n")
    recorder = tf1_recorder.Recorder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "tensorflow", type(sys)("tensorflow"))
        sys.modules["tensorflow"].__version__ = "1.15.0"
        tf1_recorder.save(tmp_path / "a.npz", recorder, "script.py", b"1 / 0\n", [])
    assert cli.main(["replay", str(tmp_path / "a.npz"), str(tmp_path / "script.py")]) == 2
    err = capsys.readouterr().err
    assert "a.npz holds neither a variable nor a scalar" in err
    assert err.count("\n") == 1


def test_recorder_prints_the_one_file(capsys):
    assert cli.main(["recorder"]) == 0
    text = capsys.readouterr().out
    compile(text, "tf1_recorder.py", "exec")
    assert "legacy_ports" not in text


PLAIN = """
import os
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import tensorflow.compat.v1 as tf, numpy as np
tf.disable_v2_behavior()
tf.set_random_seed(1)
w = tf.Variable(tf.truncated_normal([50, 20])); x = tf.placeholder(tf.float32, [None, 50])
loss = tf.reduce_mean(tf.square(tf.nn.dropout(tf.matmul(x, w), keep_prob=0.5)))
step = tf.train.AdamOptimizer().minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(30):
        print(sess.run([step, loss], {x: np.random.RandomState(i).rand(8, 50)})[1].tobytes().hex())
    print(sess.run(w).tobytes().hex())
"""


@pytest.mark.slow
def test_recording_changes_nothing_that_is_computed(tmp_path):
    (tmp_path / "plain.py").write_text(PLAIN)
    recorder = Path(replay.__file__).with_name("tf1_recorder.py")
    words = [[], [str(recorder), "--every", "3", "--ops", "30", "--out", "plain.npz"]]
    printed = [
        subprocess.run([sys.executable, *w, "plain.py"], cwd=tmp_path, capture_output=True, text=True).stdout
        for w in words
    ]
    assert len(printed[0].splitlines()) == 31
    assert printed[0] == printed[1]
    recording = read(tmp_path / "plain.npz")
    assert recording.steps == 30
    assert {"RandomUniform", "MatMul", "Mean"} < set(recording.op_types)
    assert recording.ops.index("MatMul:0") < recording.ops.index("Mean:0")


@pytest.mark.slow
def test_a_script_is_recorded_replayed_and_held_against_its_event_files(tmp_path):
    script = (
        SCRIPT.replace("sys.exit(helped)", "")
        .replace('helped = __import__("helper").helped', "")
        .replace(
            "plt.show()", "writer = tf.summary.FileWriter('events'); writer.add_summary(summary, 4); writer.close()"
        )
        .replace('print("loss", l)', "summary = tf.Summary(value=[tf.Summary.Value(tag='l', simple_value=float(l))])")
    )
    (tmp_path / "script.py").write_text(script)
    assert execute("exec", "script.py", "--record", "a.npz", cwd=tmp_path).returncode == 0
    again = execute("replay", "a.npz", "script.py", cwd=tmp_path)
    assert (again.returncode, again.stdout.split()[-2:]) == (0, ["same", "run"])
    events = execute("replay", "--events", "events", "script.py", cwd=tmp_path)
    assert events.returncode == 0
    assert events.stdout == "l: 1 steps in both, largest error 0.0e+00, stays within the tolerance\n"
    assert "this proves less" in events.stderr
    other = execute("replay", "--events", "events", "--seed", "1", "script.py", cwd=tmp_path)
    assert other.returncode == 1
