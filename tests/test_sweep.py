"""Sweeps on one machine: the plan, what is kept, resumed and done again, and runs that break."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import joblib
import pytest
from helpers import sweeps
from hypothesis import given
from hypothesis import strategies as st

from legacy_ports import UserError, cli
from legacy_ports.cli import arguments
from legacy_ports.run import lock
from legacy_ports.run.manifest import read_manifest
from legacy_ports.sweep import plan, workers

PORT = ["sweep", "vandenburg", "--data", "bundled"]


@pytest.fixture(autouse=True)
def no_runs_before(monkeypatch):
    monkeypatch.setattr(workers, "_counts", {})


def planned(tmp_path, *words):
    """Returns the tasks of a command line."""
    args = cli.parser().parse_args(["sweep", *words, "--data", "bundled"])
    return cli.sweep.tasks(args.command.args[0], args, tmp_path, "bundled")


def test_every_combination_is_a_run_of_its_own_with_a_name(tmp_path):
    found = planned(
        tmp_path, "vandenburg", "kajuvonen", "--seeds", "0:2,7", "--grid", "learning_rate=1e-3,0.01", "--steps", "5"
    )
    assert len(found) == 2 * 3 * 2 == len({task.folder for task in found})
    assert [task.name for task in found[:4]] == [
        "vandenburg/learning_rate=0.001,seed=0",
        "vandenburg/learning_rate=0.001,seed=1",
        "vandenburg/learning_rate=0.001,seed=7",
        "vandenburg/learning_rate=0.01,seed=0",
    ]
    assert found[0].options == {"steps": 5, "batch_size": 50, "learning_rate": 0.001, "readout": "linear", "seed": 0}
    parsed = cli.parser().parse_args(found[3].words)  # each is a command line of its own
    assert (parsed.ports, parsed.learning_rate, parsed.seed, parsed.steps) == (["vandenburg"], 0.01, 0, 5)
    assert (parsed.name, parsed.logdir, parsed.data) == ("learning_rate=0.01,seed=0", tmp_path, "bundled")


def test_flags_and_choices_in_the_grid(tmp_path):
    found = planned(tmp_path, "smith", "--seeds", "3", "--grid", "classifier=true,false", "--steps", "1")
    assert [task.name for task in found] == ["smith/classifier=true,seed=3", "smith/classifier=false,seed=3"]
    assert [cli.parser().parse_args(task.words).classifier for task in found] == [True, None]
    assert [task.options["classifier"] for task in found] == [True, False]
    found = planned(tmp_path, "vandenburg", "--seeds", "3", "--grid", "readout=linear,relu")
    assert [task.options["readout"] for task in found] == ["linear", "relu"]


def test_how_it_trains_may_be_in_the_grid(tmp_path):
    found = planned(tmp_path, "vandenburg", "--seeds", "3", "--grid", "engine=session,fused", "threads=1,2")
    parsed = [cli.parser().parse_args(task.words) for task in found]
    assert [(args.engine, args.threads) for args in parsed] == [
        ("session", 1), ("session", 2), ("fused", 1), ("fused", 2)
    ]  # fmt: skip
    assert found[3].name == "vandenburg/engine=fused,threads=2,seed=3"


def test_a_script_with_many_seeds(tmp_path):
    words = ["--seeds", "0:2", "--logdir", str(tmp_path / "a"), "soft.py", "--stop-after", "3", "--", "-x"]
    args = cli.parser().parse_args(["sweep exec", *words])
    cli.exec_script.take_options(args)
    found = cli.sweep_exec.tasks(args)
    assert [task.folder for task in found] == [tmp_path / f"a/exec/soft/seed={seed}" for seed in (0, 1)]
    assert found[1].options == {"seed": 1, "args": ["-x"], "stop_after": 3}
    assert not found[1].resumable
    parsed = cli.parser().parse_args(found[1].words)
    cli.exec_script.take_options(parsed)
    assert (parsed.seed, parsed.name, parsed.stop_after, parsed.args) == (1, "seed=1", 3, ["-x"])
    assert (parsed.script, parsed.logdir, parsed.quiet) == (Path("soft.py").absolute(), tmp_path / "a", True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--grid", "learning_rate=-1"], "argument --learning-rate: '-1' is not a number above 0"),
        (["--grid", "learning_rate=1e-3,0.001"], "vandenburg/learning_rate=0.001,seed=0 is in the grid twice"),
        (["--grid", "speed=1"], "--grid speed: not an option of a run"),
        (["--grid", "seed=1"], "--grid seed: not an option of a run"),
        (["--grid", "steps=1", "--steps", "2"], "--grid steps: the option is given twice"),
        (["--grid", "steps=1", "steps=2"], "--grid steps: the option is given twice"),
        (["--grid", "classifier=true"], "vandenburg has no option --classifier"),
        (["--grid", "steps"], "'steps' is not OPTION=VALUE,VALUE…"),
        (["--grid", "steps=1,,2"], "'steps=1,,2' is not OPTION=VALUE,VALUE…"),
        (["--seeds", "5:5"], "'5:5' is empty"),
        (["--seeds", "x"], "'x' is not a whole number"),
        (["--seeds", ":3"], "'' is not a whole number"),
        (["--jobs", "0"], "'0' is not a whole number above 0"),
        (["--jobs", "2", "--scheduler", "tcp://localhost:1"], "--jobs is for this machine"),
    ],
)
def test_mistakes_are_one_line_before_anything_runs(words, message, tmp_path, capsys):
    try:
        code = cli.main([*PORT, "--logdir", str(tmp_path / "a"), *words])
    except SystemExit as exit:
        code = exit.code
    err = capsys.readouterr().err
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "a").exists()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=4))
def test_seeds(parts):
    text = ",".join(f"{first}:{first + count}" if count > 1 else str(first) for first, count in parts)
    found = arguments.seed_ranges(text)
    assert set(found) == {seed for first, count in parts for seed in range(first, first + count)}
    assert len(found) == len(set(found))
    with pytest.raises(argparse.ArgumentTypeError):
        arguments.seed_ranges(text + ",")


def test_the_state_of_a_run(tmp_path):
    task = sweeps.task(tmp_path, 0)
    assert plan.state(task) == "new"
    task.folder.mkdir(parents=True)
    (task.folder / "events.out.tfevents.1").touch()
    assert plan.state(task) == "new"
    held = lock.hold(task.folder)
    assert plan.state(task) == "elsewhere"
    os.close(held)
    plan.clear(task)
    assert not task.folder.exists()
    sweeps.toy(task.words)
    assert plan.state(task) == "completed"
    plan.clear(task)
    assert plan.state(task) == "completed"
    manifest = json.loads((task.folder / "run.json").read_text())
    (task.folder / "run.json").write_text(json.dumps({**manifest, "status": "running"}))
    assert plan.state(task) == "broken"
    with pytest.raises(UserError, match="was started with seed 0, this sweep has 1; give another --logdir"):
        plan.state(task._replace(options={"seed": 1}))


def test_a_folder_that_is_no_run_stays(tmp_path):
    task = sweeps.task(tmp_path, 0)
    task.folder.mkdir(parents=True)
    (task.folder / "thesis.tex").touch()
    with pytest.raises(UserError, match=r"not a run, it holds thesis.tex; give another --logdir"):
        plan.clear(task)
    assert (task.folder / "thesis.tex").exists()


def test_a_sweep_grows_and_keeps_to_its_digits(tmp_path):
    data = {"source": "the bundled digits", "sha256": {"train": "a"}}
    assert plan.write(tmp_path, [sweeps.task(tmp_path, 0)], data) == ["toy/seed=0"]
    runs = plan.write(tmp_path, [sweeps.task(tmp_path, seed) for seed in (1, 0)], data)
    assert runs == ["toy/seed=0", "toy/seed=1"] == plan.read(tmp_path)["runs"]
    with pytest.raises(UserError, match="was started on the bundled digits, this sweep is on soft.py; give"):
        plan.write(tmp_path, [], {"source": "soft.py", "sha256": {}})
    with pytest.raises(UserError, match="was started on the bundled digits when it held something else; give"):
        plan.write(tmp_path, [], {**data, "sha256": {}})
    (tmp_path / "sweep.json").write_text("{")
    with pytest.raises(UserError, match=r"not a sweep.json"):
        plan.write(tmp_path, [], data)


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_failure_does_not_stop_the_others(tmp_path, jobs, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    tasks = [sweeps.task(tmp_path, 0, does="fails"), sweeps.task(tmp_path, 1, does="raises")]
    tasks += [sweeps.task(tmp_path, seed) for seed in range(2, 6)]
    found = {result.name: result for result in workers.on_this_machine(tasks, sweeps.toy, jobs)}
    assert [found[task.name].status for task in tasks] == ["failed"] * 2 + ["completed"] * 4
    assert found[tasks[0].name].reason == "the loss is NaN at step 10"
    assert found[tasks[1].name].reason == "ZeroDivisionError: by nothing"
    assert found[tasks[0].name].loss == pytest.approx(0.1)
    assert found[tasks[2].name].loss == 0.05
    pids = {read_manifest(task.folder)["pid"] for task in tasks[2:]}
    assert (os.getpid() in pids) == (jobs == 1)
    threads = None if jobs == 1 else max(1, joblib.cpu_count() // jobs)
    assert {read_manifest(task.folder)["threads"] for task in tasks[2:]} == {threads}
    again = list(workers.on_this_machine(tasks[2:], sweeps.toy, jobs))
    assert {result.status for result in again} == {"kept"}


def test_a_process_that_is_killed_is_replaced_and_its_run_resumed(tmp_path):
    tasks = [sweeps.task(tmp_path, 0, does="kills once"), sweeps.task(tmp_path, 1, does="kills")]
    tasks += [sweeps.task(tmp_path, seed) for seed in range(2, 6)]
    found = {result.name: result for result in workers.on_this_machine(tasks, sweeps.toy, 2)}
    assert [found[task.name].status for task in tasks] == ["completed", "failed", *["completed"] * 4]
    assert found[tasks[1].name].reason.startswith("its process was killed 3 times")
    assert read_manifest(tasks[0].folder)["resumed"] == [sweeps.STEPS // 2]


def test_a_broken_run_of_a_script_is_done_again(tmp_path):
    (broken,) = workers.on_this_machine([sweeps.task(tmp_path, 0, does="fails")], sweeps.toy, 1)
    assert broken.status == "failed"
    task = sweeps.task(tmp_path, 0, does="fails")._replace(resumable=False)
    (again,) = workers.on_this_machine([task], sweeps.toy, 1)
    assert again.status == "failed"
    assert read_manifest(task.folder)["resumed"] == []


def test_a_run_that_another_process_is_at(tmp_path):
    task = sweeps.task(tmp_path, 0, does="is slow")
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from helpers import sweeps; "
    other = subprocess.Popen([sys.executable, "-c", code + f"sweeps.toy({task.words!r})"])
    while not (task.folder / "run.json").exists() and other.poll() is None:
        time.sleep(0.01)
    assert workers.complete(task, sweeps.toy, patience=0).status == "elsewhere"
    assert workers.complete(task, sweeps.toy, patience=60).status == "kept"
    assert other.wait() == 0


def test_runs_in_threads_of_one_process_wait_for_each_other(tmp_path):
    """A Dask worker calls from a thread, where Python takes no signals."""
    tasks = [sweeps.task(tmp_path, seed) for seed in range(3)]
    began = time.monotonic()
    threads = [threading.Thread(target=workers.complete, args=(task, sweeps.toy)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began >= 3 * sweeps.STEPS * sweeps.SECONDS
    assert [plan.state(task) for task in tasks] == ["completed"] * 3


def test_the_threads_of_a_script_are_its_own():
    ours = ["exec", "--quiet", "--threads=2", "script.py", "--", "--threads=7", "--threads"]
    assert workers._with_threads(ours, 3) == ours
    assert workers._with_threads([*ours[:2], *ours[3:]], 3) == ["exec", "--threads=3", "--quiet", *ours[3:]]
    assert workers._threads_in(ours[3:]) is None


def test_runs_with_other_threads_get_another_process(tmp_path, monkeypatch):
    """XLA's threads are those of a process's first run (`fused`: 17 threads in all with --threads 1, 25 with 9)."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    tasks = [sweeps.task(tmp_path, seed) for seed in range(3)]
    done = [workers.complete(task, sweeps.toy, threads) for task, threads in zip(tasks, (2, 2, 9))]
    assert [result.status for result in done] == ["completed"] * 3
    manifests = [read_manifest(task.folder) for task in tasks]
    assert [manifest["threads"] for manifest in manifests] == [2, 2, 9]
    assert [manifest["pid"] == os.getpid() for manifest in manifests] == [True, True, False]
    failed = workers.complete(sweeps.task(tmp_path, 3, does="fails"), sweeps.toy, 9)
    assert (failed.status, failed.reason) == ("failed", "the loss is NaN at step 10")


SMALL = ["--steps", "30", "--latent-points", "20", "--save-every", "5"]


@pytest.mark.slow
def test_a_sweep_of_real_runs_is_the_runs_that_run_makes(tmp_path, capsys):
    words = [*PORT, *SMALL, "--seeds", "0:3", "--jobs", "2", "--logdir", str(tmp_path)]
    assert cli.main(words) == 0
    assert "3 of 3 runs completed" in capsys.readouterr().out
    alone = ["run", "vandenburg", "--data", "bundled", *SMALL, "--seed", "1", "--name", "alone"]
    assert cli.main([*alone, "--logdir", str(tmp_path)]) == 0
    curves = [read_manifest(tmp_path / "vandenburg" / name)["curve"] for name in ("seed=1", "alone")]
    assert curves[0]["mean_loss"] == pytest.approx(curves[1]["mean_loss"], rel=1e-5)
    capsys.readouterr()
    assert cli.main([*words, "--seeds", "0:4"]) == 0
    assert "4 runs in" in (out := capsys.readouterr().out)
    assert "3 completed, 1 to do" in out


@pytest.mark.slow
@pytest.mark.parametrize(("jobs", "number"), [("1", signal.SIGINT), ("2", signal.SIGINT), ("2", signal.SIGTERM)])
def test_ctrl_c_and_the_same_command_again(tmp_path, jobs, number):
    words = [sys.executable, "-m", "legacy_ports", *PORT, "--seeds", "0:2", "--jobs", jobs, "--logdir", str(tmp_path)]
    words += ["--latent-points", "20", "--save-every", "50"]
    process = subprocess.Popen(
        [*words, "--steps", "2000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    first = tmp_path / "vandenburg/seed=0"
    while not list(first.glob("checkpoints/*.npz")) and process.poll() is None:
        time.sleep(0.05)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert err.strip().splitlines()[-1] == f"legacy-ports: interrupted by {number.name}"
    assert "Traceback" not in err
    again = subprocess.run([*words, "--steps", "2000"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 runs completed" in again.stdout
    assert read_manifest(first)["resumed"]


SCRIPT = """
import sys
import tensorflow as tf
w = tf.Variable(tf.random_normal([]))
loss = tf.square(w - 1.0)
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for i in range(int(sys.argv[1])):
        print(session.run([loss, train])[0])
    assert session.run(w) > {limit}, "stuck"
"""


@pytest.mark.slow
def test_a_script_of_others(tmp_path, capsys):
    (tmp_path / "soft.py").write_text(SCRIPT.format(limit=0.45))
    words = ["sweep", "exec", str(tmp_path / "soft.py"), "--seeds", "0:4", "--jobs", "2"]
    words += ["--logdir", str(tmp_path / "a")]
    assert cli.main([*words, "--", "5"]) == 1
    out = capsys.readouterr().out
    failed = re.findall(r"^  exec/soft/(seed=\d)  failed  Square [\d.]+  [\d.]+ s: AssertionError: stuck$", out, re.M)
    assert 0 < len(failed) < 4
    assert f"{4 - len(failed)} of 4 runs completed" in out
    assert cli.main([*words, "--", "6"]) == 2
    assert "was started with args ['5'], this sweep has ['6']; give another --logdir" in capsys.readouterr().err
    assert cli.main(["compare", str(tmp_path / "a")]) == 2  # nothing of it was recorded
    assert re.search(r"^  Square +[\d.]+ \[[\d.]+, [\d.]+\]$", capsys.readouterr().out, re.M)
    (tmp_path / "soft.py").write_text(SCRIPT.format(limit=0))
    assert cli.main([*words, "--", "5"]) == 2
    assert "was started on soft.py when it held something else; give another --logdir" in capsys.readouterr().err


def test_the_module_is_found_by_the_workers():
    """Workers take the command line by its name."""
    import pickle

    assert pickle.loads(pickle.dumps(cli.main)) is cli.main
    assert Path(cli.__file__).name == "__init__.py"
