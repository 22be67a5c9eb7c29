"""`fetch` from a server on this machine: verified, whole or not at all, resumed, within a time limit."""

import gzip
import hashlib
import itertools
import socket
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from legacy_ports.data import download, idx
from legacy_ports.data.download import FetchError
from legacy_ports.data.folder import complete, find

NAMES = list(idx.OFFICIAL_SHA256)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def mirror(tmp_path_factory, monkeypatch):
    """Serves small files under the official names, and makes their digests the official ones."""
    root = tmp_path_factory.mktemp("mirror")
    digests = {}
    for name in NAMES:
        content = name.encode() * 1000
        (root / f"{name}.gz").write_bytes(gzip.compress(content))
        digests[name] = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(download, "OFFICIAL_SHA256", digests)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=root)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(download, "MIRRORS", (f"http://127.0.0.1:{server.server_port}/",))
        yield root
        server.shutdown()


def test_all_files_arrive_and_a_second_fetch_takes_none(mirror, tmp_path):
    home = tmp_path / "made" / "on the way"
    assert download.fetch(home) == NAMES
    assert sorted(p.name for p in home.iterdir()) == sorted(f"{name}.gz" for name in NAMES)
    assert download.fetch(home) == []


def test_a_second_fetch_gets_only_the_missing_file(mirror, tmp_path):
    download.fetch(tmp_path)
    (tmp_path / f"{NAMES[2]}.gz").unlink()
    assert download.fetch(tmp_path) == [NAMES[2]]


def test_a_wrong_file_is_refused_and_the_next_mirror_is_asked(mirror, tmp_path, monkeypatch):
    good = (mirror / f"{NAMES[0]}.gz").read_bytes()
    (mirror / "other").mkdir()
    for name in NAMES:
        (mirror / "other" / f"{name}.gz").write_bytes(good)
    (url,) = download.MIRRORS
    monkeypatch.setattr(download, "MIRRORS", (url + "other/", url))
    assert download.fetch(tmp_path) == NAMES
    assert gzip.decompress((tmp_path / f"{NAMES[3]}.gz").read_bytes()) == NAMES[3].encode() * 1000


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-10], lambda b: b"<html>", lambda b: gzip.compress(b"other"), None],
    ids=["truncated", "not gzip", "another file", "missing"],
)
def test_a_damaged_file_leaves_nothing_behind(mirror, tmp_path, damage):
    path = mirror / f"{NAMES[1]}.gz"
    content = path.read_bytes()
    path.unlink() if damage is None else path.write_bytes(damage(content))
    with pytest.raises(FetchError, match=f"{NAMES[1]}.gz cannot be fetched"):
        download.fetch(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [f"{NAMES[0]}.gz"]


def test_a_bomb_is_cut_short(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MAX_SIZE", 1000)
    with pytest.raises(FetchError, match="TooLarge"):
        download.fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_answers_costs_seconds(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(download, "MIRRORS", (f"http://127.0.0.1:{silent.getsockname()[1]}/",))
        start = time.monotonic()
        with pytest.raises(FetchError, match="cannot be reached"):
            download.fetch(tmp_path)
    assert time.monotonic() - start < 3 * download.PATIENCE


def test_a_folder_that_cannot_be_written(mirror, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FetchError, match="file"):
        download.fetch(tmp_path / "file" / "home")


# Broken servers: each gets the socket and the content of the requested file, and writes its response.


def answer(*headers, status="200 OK"):
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


def forever(send, block):
    while True:
        send(block)


def trickle(send, content):
    for byte in content:
        send(bytes([byte]))
        time.sleep(0.05)


def reset(connection, content):
    connection.sendall(answer(f"Content-Length: {len(content)}") + content[:100])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


LIES = {
    "shorter than said": lambda c, b: c.sendall(answer(f"Content-Length: {len(b)}") + b[:-9]),
    "longer than said": lambda c, b: c.sendall(answer(f"Content-Length: {len(b) - 10}") + b),
    "nothing": lambda c, b: c.sendall(answer("Content-Length: 0")),
    "no content": lambda c, b: c.sendall(answer(status="204 No Content")),
    "endless": lambda c, b: c.sendall(answer()) or forever(c.sendall, bytes(2**16)),
    "endless chunks": lambda c, b: (
        c.sendall(answer("Transfer-Encoding: chunked")) or forever(c.sendall, b"4000\r\n" + bytes(0x4000) + b"\r\n")
    ),
    "an endless chunk": lambda c, b: (
        c.sendall(answer("Transfer-Encoding: chunked") + b"f" * 15 + b"\r\n") or forever(c.sendall, bytes(2**16))
    ),
    "half of the chunks": lambda c, b: c.sendall(answer("Transfer-Encoding: chunked") + b"a\r\n" + b[:10] + b"\r\n"),
    "no chunks": lambda c, b: c.sendall(answer("Transfer-Encoding: chunked") + b),
    "half, with no length": lambda c, b: c.sendall(answer() + b[: len(b) // 2]),
    "cut off": reset,
    "no HTTP": lambda c, b: c.sendall(b),
    "endless headers": lambda c, b: c.sendall(answer()[:-2]) or forever(c.sendall, b"X: y\r\n"),
    "an endless header": lambda c, b: c.sendall(answer()[:-2]) or forever(c.sendall, b"X" * 2**16),
    "redirected in circles": lambda c, b: c.sendall(answer("Location: ?", "Content-Length: 0", status="302 Found")),
    "redirected with an endless text": lambda c, b: (
        c.sendall(answer("Location: /", status="302 Found")) or forever(c.sendall, bytes(2**16))
    ),
    "an error": lambda c, b: c.sendall(answer(f"Content-Length: {len(b)}", status="500 No") + b),
    "byte by byte": lambda c, b: c.sendall(answer()) or trickle(c.sendall, b * 100),
    "headers byte by byte": lambda c, b: trickle(c.sendall, answer() * 100),
}


@pytest.fixture
def liar(mirror, monkeypatch):
    """Starts the only mirror: it answers HEAD correctly, and sends for a file whatever the test says."""

    def answers(connection, send):
        with connection:
            try:
                request = connection.recv(4096).decode()
                name = request.split()[1].removeprefix("/")
                if request.startswith("HEAD"):
                    connection.sendall(answer("Content-Length: 9"))
                else:
                    send(connection, (mirror / name).read_bytes())
            except OSError:  # the client went away
                pass

    def serve(server, send):
        for _ in itertools.count():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answers, args=(connection, send), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:

        def start(send):
            threading.Thread(target=serve, args=(server, send), daemon=True).start()
            monkeypatch.setattr(download, "MIRRORS", (f"http://127.0.0.1:{server.getsockname()[1]}/",))

        yield start
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("send", LIES.values(), ids=LIES)
def test_a_broken_response_is_one_line_and_leaves_nothing(mirror, liar, tmp_path, monkeypatch, capfd, send):
    monkeypatch.setattr(download, "MAX_SIZE", 2**20)
    monkeypatch.setattr(download, "LONGEST", 1.0)
    liar(send)
    tracemalloc.start()
    with pytest.raises(FetchError, match=f"^{NAMES[0]}.gz cannot be fetched") as error:
        download.fetch(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "headers",
    [["Content-Length: many"], ["Content-Length: -1"], ["Content-Encoding: gzip"], ["Content-Encoding: br"], []],
    ids=repr,
)
def test_a_whole_file_is_taken_whatever_its_headers_say(mirror, liar, tmp_path, headers):
    liar(lambda connection, content: connection.sendall(answer(*headers) + content))
    assert download.fetch(tmp_path) == NAMES
    for name in NAMES:
        assert (tmp_path / f"{name}.gz").read_bytes() == (mirror / f"{name}.gz").read_bytes()


FETCH = """
import sys
from pathlib import Path
from legacy_ports.data import download
download.MIRRORS, download.OFFICIAL_SHA256 = sys.argv[2:3], dict(zip(sys.argv[3::2], sys.argv[4::2]))
print("ready", flush=True)
download.fetch(Path(sys.argv[1]))
"""


def fetching(folder):
    """Starts a process that fetches into a folder from the mirror that this test has set."""
    words = [word for pair in download.OFFICIAL_SHA256.items() for word in pair]
    process = subprocess.Popen([sys.executable, "-c", FETCH, folder, *download.MIRRORS, *words], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def slowly(connection, content):
    connection.sendall(answer(f"Content-Length: {len(content)}"))
    for at in range(0, len(content), 8):
        connection.sendall(content[at : at + 8])
        time.sleep(0.01)


def whole(mirror, folder):
    """Returns the files that `find` accepts, after comparing each with the mirror's."""
    files = find(folder)
    for file in files.values():
        assert file.read_bytes() == (mirror / file.name).read_bytes()
    return files


def test_killed_at_any_moment(mirror, liar, tmp_path):
    liar(slowly)
    seen, parts = set(), 0
    for moment in range(6):
        folder = tmp_path / str(moment)
        process = fetching(folder)
        time.sleep(moment / 10)
        process.kill()
        process.communicate()
        files = whole(mirror, folder)
        assert complete(folder) == (len(files) == 4)
        parts += any(folder.glob("*.part"))
        seen.add(len(files))
        download.fetch(folder)
        assert len(whole(mirror, folder)) == 4
    assert len(seen) > 1  # in the first file and later
    assert parts  # within a file


def test_two_at_once(mirror, liar, tmp_path):
    liar(slowly)
    both = [fetching(tmp_path), fetching(tmp_path)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(whole(mirror, tmp_path)) == 4
    assert not any(tmp_path.glob("*.part"))
