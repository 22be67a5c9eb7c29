"""Paths of all kinds, for every command: they work, or one line names them; never a traceback, never a folder `gs:`."""

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.nobody import nobody
from hypothesis import given
from hypothesis import strategies as st

from legacy_ports import UserError, cli, files
from legacy_ports.cli import arguments
from legacy_ports.data import mnist
from legacy_ports.run.engine import Run
from legacy_ports.tf1 import tf
from tb_plugin import demo

RUN = Path(__file__).parents[1] / "docs" / "runs" / "vandenburg-default.json"
PATHS = {arguments.path, arguments.json_file, arguments.picture, arguments.data, arguments.restore}
# What an option of a type of its own, or none, may be. An option for a path is not among them.
OTHERS = {"grid", "scheduler", "ports", "name", "device", "seed", "seeds", "args", "words"}
C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def one_line(text):
    assert text.count("\n") == 1, text
    return text


def code(args):
    try:
        return cli.main([str(arg) for arg in args])
    except SystemExit as exit:
        return exit.code


def process(*args, module="legacy_ports", encoding="utf-8", env=(), **kwargs):
    line = [sys.executable, "-m", module, *args]
    env = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2]), **dict(env)}
    return subprocess.run(line, capture_output=True, encoding=encoding, timeout=300, env=env, **kwargs)


def options():
    """Every option and argument of every command that takes a text, as (command, its name, its type)."""
    (commands,) = (a for a in cli.parser()._actions if isinstance(a, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        for action in command._actions:
            if action.nargs != 0 and not action.choices:
                yield name, action.option_strings[-1:] or action.dest, action.type


def test_every_option_for_a_path_has_a_type_that_looks_at_it():
    plain = {
        name if isinstance(name, str) else name[0].strip("-")
        for _, name, kind in options()
        if kind not in PATHS and kind is not arguments.finite and "positive" not in getattr(kind, "__qualname__", "")
    }
    assert plain == OTHERS


PATH_OPTIONS = [(command, name) for command, name, kind in options() if kind in PATHS]
WRONG = [
    "gs://b/runs",
    "s3://b",
    "hdfs://host/x",
    "file:///tmp/x",
    "memory://x",
    "https://x/y",
    "gs:/b",
    "a::s3://b",
    "",
]


@pytest.mark.parametrize("path", WRONG)
@pytest.mark.parametrize(("command", "name"), PATH_OPTIONS, ids=str)
def test_what_is_no_path_is_refused_by_name(command, name, path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = [path] if isinstance(name, str) else [*name, path]
    suffix = {"--plot": ".png", "--json": ".json"}.get(name[0], "")
    if suffix and path:
        given = [*name, path + suffix]
    port = [] if name in ("runs", "script") else ["x" if command in ("compare", "band") else "vandenburg"]
    words = ["band", "make"] if command == "band" else command.split()
    assert code([*words, *port, *given]) == 2
    error = one_line(capsys.readouterr().err)
    assert (name if isinstance(name, str) else name[0]).strip("-").upper()[:3] in error.upper()
    assert repr(path)[:-1] in error
    assert list(tmp_path.iterdir()) == []


def test_a_url_in_the_environment(monkeypatch, capsys):
    monkeypatch.setenv("LEGACY_PORTS_DATA", "gs://b/mnist")
    for args in (["run", "vandenburg"], ["fetch"], ["verify", "vandenburg"]):
        assert code(args) == 2
        assert "'gs://b/mnist' is a URL" in one_line(capsys.readouterr().err)


def test_a_url_in_python(bundled):
    for logdir in ("gs://b/runs", Path("gs://b/runs"), ""):
        with pytest.raises(UserError):
            Run("port", "A\nhttps://a", {}, bundled, logdir)


@given(scheme=st.from_regex(r"[a-z][a-z0-9+.-]{1,9}", fullmatch=True), rest=st.text(max_size=20))
def test_any_url_is_refused_and_its_path_is_not(scheme, rest):
    rest = rest.replace("\0", "").replace("\n", "")
    with pytest.raises(UserError, match="is a URL"):
        files.local(f"{scheme}://{rest}")
    assert files.local(f"./{scheme}:/{rest}") == Path(f"./{scheme}:/{rest}")
    assert files.local(f"/{rest}") == Path(f"/{rest}")
    assert files.local("C:/x") == Path("C:/x")


@pytest.mark.parametrize(("logdir", "message"), [("gs://b", "'gs://b' is no folder"), ("", "'' is no folder")])
def test_the_demo_refuses_it_too(logdir, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert demo.main(["--logdir", logdir]) == 2
    assert message in one_line(capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


ODD = {
    "a name that is too long": "x" * 300,
    "a path that is too long": "x/" * 3000,
    "a link to itself": "loop/x",
    "below a file": "file/x",
    "a null byte": "a\0b",
}


@pytest.mark.parametrize("path", ODD.values(), ids=ODD)
@pytest.mark.parametrize(
    "args",
    [
        ["run", "vandenburg", "--data"],
        ["run", "--resume"],
        ["compare"],
        ["verify", "vandenburg", "--data", "bundled", "--reference"],
    ],
    ids=" ".join,
)
def test_odd_paths(args, path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("loop").symlink_to("loop")
    assert code([*args, path]) == 2
    one_line(capsys.readouterr().err)


@pytest.fixture
def locked(tmp_path):
    """A folder that only root may enter, with a run and a recording, in a folder that all may enter."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/tmp") and folder.owner() == "root" and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o111)
    folder = tmp_path / "locked"
    folder.mkdir()
    shutil.copy(RUN, folder / "run.json")
    folder.chmod(0o700)
    return folder


def test_a_folder_that_may_not_be_entered(locked, bundled, monkeypatch, capsys):
    commands = [
        ["compare", locked],
        ["compare", locked / "run.json"],
        ["run", "--resume", locked],
        ["run", "vandenburg", "--data", locked],
        ["run", "vandenburg", "--data", locked / "mnist.npz"],
        ["verify", "vandenburg", "--data", locked],
        ["verify", "vandenburg", "--data", "bundled", "--reference", locked / "a.npz"],
    ]
    with nobody(monkeypatch):
        for command in commands:
            assert code(command) == 2
            error = one_line(capsys.readouterr().err)
            assert str(locked) in error
            assert "Permission denied" in error
        for command in (["run", "vandenburg"], ["run", "vandenburg", "--data", "full"], ["fetch"]):
            monkeypatch.setenv("LEGACY_PORTS_DATA", str(locked))
            assert code(command) == 2
            assert f"{locked}: cannot be read (Permission denied)" in one_line(capsys.readouterr().err)
        with pytest.raises(UserError, match=f"cannot be written to {locked}.*: Permission denied"):
            Run("port", "A\nhttps://a", {}, bundled, locked, "a").__enter__()
        assert demo.main(["--logdir", str(locked)]) == 2
        assert "Permission denied" in one_line(capsys.readouterr().err)


def test_a_user_without_a_home(tmp_path, monkeypatch, capsys):
    with nobody(monkeypatch):
        assert re.match(r"bundled MNIST, .* \(there is no home directory for a cache", str(mnist.load("auto")))
        assert code(["fetch"]) == 2
        assert "set HOME, or $LEGACY_PORTS_DATA to a folder" in one_line(capsys.readouterr().err)
        assert code(["run", "vandenburg", "--data", "~/x"]) == 2
        assert "~/x: no such directory" in one_line(capsys.readouterr().err)
    assert not Path("~").exists()


@pytest.mark.parametrize("name", ["é日", os.fsdecode(b"x\xff"), "$a^$", "日\udcfe"])
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_any_name_is_printed_drawn_and_reported(name, encoding, tmp_path, monkeypatch):
    run = tmp_path / name / "vandenburg" / name
    run.mkdir(parents=True)
    manifest = json.loads(RUN.read_text())
    (run / "run.json").write_text(json.dumps(manifest | {"figures": []}))
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", out)
    assert cli.main(["compare", str(run), "--plot", str(run / "a.svg")]) == 0
    assert cli.main(["compare", str(run), "--json"]) == 0
    monkeypatch.undo()
    shown = str(run).encode(encoding, "legacy_ports")
    assert out.buffer.getvalue().startswith(shown + b": vandenburg on full MNIST")
    assert (run / "a.svg").stat().st_size

    from legacy_ports.proof import report

    assert files.shown(name) in report._run(report.compare.compare(run))["folder"]


def count(logdir, digits, **kwargs):
    """A run of three steps that does what a port does."""
    run = Run("port", "A post\nhttps://a", {"steps": 3}, digits, logdir, **{"name": "a", **kwargs})
    with tf.Graph().as_default(), run:
        add = tf.get_variable("counter", [], initializer=tf.zeros_initializer()).assign_add(1.0)
        with run.session() as sess:
            sess.run(tf.global_variables_initializer())
            for i in run.steps(range(3)):
                run.loss(i, 1.0)
                sess.run(add)
    return run


def test_names_that_tensorflow_cannot_write_to(bundled, tmp_path):
    count(tmp_path / "é日", bundled)
    for logdir, name in ((tmp_path / "x\udcff", "a"), (tmp_path, "x\udcff")):
        with pytest.raises(UserError, match=r"x\\xff.*: TensorFlow writes to no folder whose name is not UTF-8"):
            count(logdir, bundled, name=name)
    assert [path.name for path in tmp_path.iterdir()] == ["é日"]


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: Windows deletes no working directory")
def test_a_deleted_working_directory(bundled, tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(UserError, match="the run cannot be written to runs"):
        count("runs", bundled)
    count(tmp_path / "runs", bundled)
    assert mnist.load("bundled").sha256 == bundled.sha256
    for args, message in (
        (["compare", "a"], "a: cannot be read"),
        (["run", "--resume", "a"], "the working directory was deleted"),
        (["run", "vandenburg", "--data", "a"], "a: no such directory"),
    ):
        assert code(args) == 2
        assert message in one_line(capsys.readouterr().err)
    assert code(["compare", RUN]) == 0


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams(closed, tmp_path):
    """No file gets the number of a standard stream, to which C code prints."""
    script = (
        "import os, sys; from legacy_ports import cli\n"
        "assert cli.main(['list']) == 0; os.write(2, b'x'); print('y', file=sys.stderr)\n"
        f"with open({str(tmp_path / 'a')!r}, 'w') as file: assert file.fileno() > 2"
    )
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", sys.executable, "-c", script], capture_output=True)
    assert done.returncode == 0
    assert (b"vandenburg" in done.stdout) == (">&-" not in closed.replace("2>&-", ""))


ENVIRONMENTS = {"ascii": {"PYTHONIOENCODING": "ascii"}, "C": C_LOCALE, "UTF-8": {}}
TRAIN = ["run", "vandenburg", "--data", "bundled", "--steps", "1", "--latent-points", "20", "--name", "a"]


@pytest.mark.slow
@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
@pytest.mark.parametrize("name", ["é".encode(), b"\xff"], ids=str)
def test_a_whole_run_in_a_folder_of_any_name(name, environment, tmp_path):
    logdir = os.fsencode(tmp_path) + b"/" + name
    done = process(*TRAIN, "--logdir", logdir, env=environment, encoding="latin-1")
    if name == b"\xff" or environment is C_LOCALE:
        assert done.returncode == 2
        assert "not UTF-8" in one_line(done.stderr)
        assert list(tmp_path.iterdir()) == []
    else:
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1].startswith("TensorBoard tensorboard --logdir ")
    done = process("--logdir", logdir + b"demo", module="tb_plugin.demo", env=environment, encoding="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
