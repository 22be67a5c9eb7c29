"""Files are written whole or not at all."""

import os
import stat
import subprocess
import sys

import pytest

from legacy_ports import files
from tb_plugin.files import replacing


def test_a_block_that_raises_leaves_the_old_file(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(TypeError), replacing(tmp_path / "a") as file:
        file.writelines([b"new", "no bytes"])
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


def test_bytes_are_on_disk_before_the_name_is_and_then_the_name(tmp_path, monkeypatch):
    calls = []

    def record(name):
        real = getattr(os, name)

        def call(*args):
            calls.append((name, stat.S_ISDIR(os.fstat(args[0]).st_mode)) if name == "fsync" else (name, None))
            return real(*args)

        monkeypatch.setattr(os, name, call)

    record("fsync")
    record("replace")
    files.write(tmp_path / "a", b"new")
    assert calls == [("fsync", False), ("replace", None), ("fsync", True)]


def test_a_killed_writer_leaves_the_old_file(tmp_path):
    (tmp_path / "a").write_text("old")
    code = (
        "import os, pathlib, sys; from tb_plugin.files import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as file: file.write(b'new'); file.flush(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "a"]).returncode == 9
    assert (tmp_path / "a").read_text() == "old"
    (part,) = tmp_path.glob("*.part")
    assert part.read_text() == "new"


def test_others_may_read_the_file_as_the_umask_says(tmp_path):
    before = os.umask(0o022)
    try:
        files.write(tmp_path / "a", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


@pytest.mark.parametrize(("path", "why"), [("no/folder/a", "No such file or directory"), (".", "Is a directory")])
def test_checking_raises_the_error_of_writing_and_leaves_nothing(tmp_path, path, why):
    for check in (files.check_writable, lambda path: files.write(path, b"")):
        with pytest.raises(files.WriteError, match=f"cannot be written \\({why}\\)"):
            check(tmp_path / path)
    assert list(tmp_path.iterdir()) == []
    files.check_writable(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
