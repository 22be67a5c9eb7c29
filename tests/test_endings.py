"""However a run ends, its events can be read, its manifest is true, and one line and an exit code say why."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from helpers.same import events

from legacy_ports.run import checkpoints, training
from legacy_ports.run.manifest import read_manifest

pytestmark = pytest.mark.slow  # processes that train; test_recorder.py has quick tests of the same

RUN = ["run", "vandenburg", "--data", "bundled", "--latent-points", "20", "--name", "a"]


def command(*args, before="", **kwargs):
    """Runs the command line in a process, after the shell commands `before`, which get namespaces of their own."""
    line = [sys.executable, "-m", "legacy_ports", *map(str, args)]
    if before:
        line = ["unshare", "--map-root-user", "--mount", "sh", "-c", f'{before}\n"$@"', "sh", *line]
    return subprocess.run(line, capture_output=True, text=True, timeout=300, **kwargs)


def one_line(stderr):
    assert stderr.startswith("legacy-ports: ")
    assert stderr.count("\n") == 1
    return stderr


def test_a_loss_that_is_not_finite(tmp_path):
    result = command(
        *RUN, "--quiet", "--logdir", tmp_path, "--steps", "50", "--learning-rate", "1e38", "--save-every", "1"
    )
    run = tmp_path / "vandenburg" / "a"
    assert result.returncode == 1
    assert "the loss is nan at step 1; a smaller --learning-rate may help" in one_line(result.stderr)
    manifest = read_manifest(run)
    assert (manifest["status"], manifest["steps"]) == ("failed", 1)
    assert "the loss is nan at step 1" in manifest["reason"]
    assert events(run)
    found, damaged = checkpoints.newest(run / "checkpoints")
    assert (found.state["step"], damaged) == (1, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_training(tmp_path, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "legacy_ports", *RUN, "--logdir", tmp_path, "--steps", "1000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    for line in process.stdout:
        if line.startswith("step: 500."):
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 128 + number
    assert one_line(err) == f"legacy-ports: interrupted by {number.name}\n"
    run = tmp_path / "vandenburg" / "a"
    assert f"legacy-ports run --resume {run}" in out
    manifest = read_manifest(run)
    assert (manifest["status"], manifest["reason"]) == ("interrupted", number.name)
    found, _ = checkpoints.newest(run / "checkpoints")
    assert found.state["step"] == manifest["steps"] >= 500  # nothing is lost
    assert ("Loss", 500) in events(run)


def test_a_pipe_whose_reader_has_gone(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "legacy_ports", *RUN, "--logdir", tmp_path, "--steps", "1000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    head = subprocess.run(["head", "-3"], stdin=process.stdout, capture_output=True, text=True, timeout=300)
    process.stdout.close()
    assert head.stdout.splitlines()[-1].startswith("step: 500.")
    assert process.wait(timeout=300) == 141
    assert one_line(process.stderr.read()) == "legacy-ports: interrupted by SIGPIPE\n"
    run = tmp_path / "vandenburg" / "a"
    manifest = read_manifest(run)
    assert (manifest["status"], manifest["reason"]) == ("interrupted", "SIGPIPE")
    found, _ = checkpoints.newest(run / "checkpoints")
    steps = manifest["steps"]
    assert found.state["step"] == steps > 1000
    assert 1 <= steps % 500 <= training.STEPS  # the steps that the engine had begun are finished
    assert ("Loss", steps - steps % 500) in events(run)


def test_a_stdout_that_is_closed(tmp_path):
    script = '"$@" >&-'
    result = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-m", "legacy_ports", *RUN, "--steps", "1", "--logdir", tmp_path],
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert read_manifest(tmp_path / "vandenburg" / "a")["status"] == "completed"


def test_a_full_disk_behind_stdout(tmp_path):
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "legacy_ports", *RUN, "--logdir", tmp_path],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
        )
    assert process.returncode == 1
    assert one_line(process.stderr) == "legacy-ports: stdout: No space left on device\n"
    assert list(tmp_path.iterdir()) == []  # printing the first line fails


def test_a_disk_behind_stdout_that_fills_up(tmp_path):
    """On a tmpfs of one page, of which 96 bytes are left: two or three lines fit."""
    disk = tmp_path / "disk"
    disk.mkdir()
    result = command(
        *RUN,
        "--logdir",
        tmp_path,
        "--steps",
        "100000",
        before=f"""
        mount -t tmpfs -o size=4k tmpfs '{disk}' || exit 77
        head -c 4000 /dev/zero > '{disk}/log'
        exec >> '{disk}/log'""",
    )
    if result.returncode == 77:
        pytest.skip(f"NOT TESTED on a full disk: no tmpfs can be mounted here ({result.stderr.strip()})")
    assert result.returncode == 1
    assert "No space left on device" in one_line(result.stderr)
    manifest = read_manifest(tmp_path / "vandenburg" / "a")
    assert manifest["status"] == "failed"
    assert "No space left on device" in manifest["reason"]
    assert 0 <= manifest["steps"] < 100000
    assert events(tmp_path / "vandenburg" / "a")


@pytest.mark.parametrize(("megabytes", "save_every", "fills"), [(5, 50, "a checkpoint"), (2, 100000, "events")])
def test_a_full_disk(tmp_path, megabytes, save_every, fills):
    """On a tmpfs of a few MB. The run can be resumed where there is room."""
    disk, after = tmp_path / "disk", tmp_path / "after"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size={megabytes}m tmpfs '{disk}' || exit 77"
    result = command(
        *RUN,
        "--quiet",
        "--logdir",
        disk,
        "--steps",
        "100000",
        "--save-every",
        save_every,
        before=f'{mount}\ntrap \'cp -r "{disk}" "{after}"\' EXIT',
    )
    if result.returncode == 77:
        pytest.skip(f"NOT TESTED on a full disk: no tmpfs can be mounted here ({result.stderr.strip()})")
    assert result.returncode == 1
    assert "No space left on device" in one_line(result.stderr)
    run = after / "vandenburg" / "a"
    manifest = read_manifest(run)
    assert manifest["status"] == "failed"
    assert "No space left on device" in manifest["reason"]
    assert 0 < manifest["steps"] < 100000
    assert ("codes/latent", 0) in events(run)
    assert [path.name for path in run.rglob("*") if ".part" in path.name or "_temp" in path.name] == []
    found, damaged = checkpoints.newest(run / "checkpoints")
    assert damaged == []
    assert (found is None) == (fills == "events")


@pytest.mark.parametrize(("when", "code"), [("run.json", 2), ("checkpoints/model.ckpt-50.npz", 1)])
def test_a_folder_that_becomes_read_only(tmp_path, when, code):
    """By a read-only mount over it: only open files can still be written, as after a chmod."""
    run = tmp_path / "vandenburg" / "a"
    before = f"""mount --bind '{tmp_path}' '{tmp_path}' || exit 77
        (until [ -e '{run / when}' ]; do sleep 0.02; done
         mount --bind '{run}' '{run}'
         # Refused as busy while a file is just being written there.
         until mount -o remount,bind,ro '{run}' 2> /dev/null; do sleep 0.02; done) &"""
    result = command(*RUN, "--quiet", "--logdir", tmp_path, "--steps", "5000", "--save-every", "50", before=before)
    if result.returncode == 77:
        pytest.skip(f"NOT TESTED in a read-only folder: nothing can be mounted here ({result.stderr.strip()})")
    assert result.returncode == code
    assert "Read-only file system" in one_line(result.stderr)
    manifest = read_manifest(run)
    assert manifest["status"] == "died"  # the last run.json says "running", and no process holds the run
    assert events(run)
    found, damaged = checkpoints.newest(run / "checkpoints")
    assert damaged == []
    assert manifest["steps"] <= (found.state["step"] if found else 0) < 5000


def test_a_folder_that_is_deleted(tmp_path):
    run = tmp_path / "vandenburg" / "a"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "legacy_ports",
            *RUN,
            "--quiet",
            "--logdir",
            tmp_path,
            "--steps",
            "100000",
            "--save-every",
            "50",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (run / "checkpoints" / "model.ckpt-50.npz").exists():
        time.sleep(0.02)
    while run.exists():
        shutil.rmtree(run, ignore_errors=True)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "No such file or directory" in one_line(err)
    assert not run.exists()
