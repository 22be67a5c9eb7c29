"""`fetch` against a server on this machine: verified, atomic, resumed, never a hang."""

import gzip
import hashlib
import socket
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from legacy_ports import fetch, mnist_files
from legacy_ports.fetch import FetchError

NAMES = list(mnist_files.OFFICIAL_SHA256)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(tmp_path_factory, monkeypatch):
    """A mirror of small stand-ins, whose digests are made the official ones."""
    root = tmp_path_factory.mktemp("mirror")
    digests = {}
    for name in NAMES:
        content = name.encode() * 1000
        (root / f"{name}.gz").write_bytes(gzip.compress(content))
        digests[name] = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(fetch, "OFFICIAL_SHA256", digests)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(fetch, "MIRRORS", (f"http://127.0.0.1:{server.server_port}/",))
        yield root
        server.shutdown()


def test_all_files_arrive_and_a_second_fetch_takes_none(mirror, tmp_path):
    home = tmp_path / "made" / "on the way"
    assert fetch.fetch(home) == NAMES
    assert sorted(p.name for p in home.iterdir()) == sorted(f"{name}.gz" for name in NAMES)
    assert fetch.fetch(home) == []


def test_an_interrupted_fetch_is_taken_up(mirror, tmp_path):
    fetch.fetch(tmp_path)
    (tmp_path / f"{NAMES[2]}.gz").unlink()
    assert fetch.fetch(tmp_path) == [NAMES[2]]


def test_another_file_is_not_taken_and_the_next_mirror_is_asked(mirror, tmp_path, monkeypatch):
    good = (mirror / f"{NAMES[0]}.gz").read_bytes()
    (mirror / "other").mkdir()
    for name in NAMES:
        (mirror / "other" / f"{name}.gz").write_bytes(good)
    (url,) = fetch.MIRRORS
    monkeypatch.setattr(fetch, "MIRRORS", (url + "other/", url))
    assert fetch.fetch(tmp_path) == NAMES
    assert gzip.decompress((tmp_path / f"{NAMES[3]}.gz").read_bytes()) == NAMES[3].encode() * 1000


@pytest.mark.parametrize("damage", [lambda b: b[:-10], lambda b: b"<html>", lambda b: gzip.compress(b"other"), None],
                         ids=["truncated", "not gzip", "another file", "missing"])
def test_what_is_damaged_leaves_nothing_behind(mirror, tmp_path, damage):
    path = mirror / f"{NAMES[1]}.gz"
    content = path.read_bytes()
    path.unlink() if damage is None else path.write_bytes(damage(content))
    with pytest.raises(FetchError, match=f"{NAMES[1]}.gz cannot be fetched"):
        fetch.fetch(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [f"{NAMES[0]}.gz"]


def test_a_bomb_is_cut_short(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "MAX_SIZE", 1000)
    with pytest.raises(FetchError, match="TooLarge"):
        fetch.fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_answers_costs_seconds(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(fetch, "MIRRORS", (f"http://127.0.0.1:{silent.getsockname()[1]}/",))
        start = time.monotonic()
        with pytest.raises(FetchError, match="cannot be reached"):
            fetch.fetch(tmp_path)
    assert time.monotonic() - start < 3 * fetch.PATIENCE


def test_a_folder_that_cannot_be_written(mirror, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FetchError, match="file"):
        fetch.fetch(tmp_path / "file" / "home")
