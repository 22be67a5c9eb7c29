"""Damaged and hostile event files in a real TensorBoard, and addresses that lead to other files."""

import http.client
import itertools
import json
import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from helpers import hostile, latent

import tb_plugin

pytestmark = pytest.mark.slow

QUERIES = {
    "step": [{}],
    "codes": [{}, {"count": 1}],
    "labels": [{}],
    "metadata": [{"column": "a"}],
    "errors": [{}],
    "images": [{}, {"start": 1}],
    "reconstructions": [{}],
    "decoder": [{}],
    "points": [{}, {"plane": "pca"}, {"i": 1, "j": 0, "labels": 1}],
    "decode": [{"codes": "[[0.5,1]]"}, {"codes": json.dumps([[1, 2]] * 1000)}],
    "walk.gif": [
        {"size": 64},
        {"frames": 2, "size": 512},
        {"path": "line", "start": "0,0", "end": "1e29,1", "size": 9},
    ],
}
# Runs that are served: they are odd but not damaged, or they are refused with 400 because they ask for too much.
SERVED = {
    "head of no counts",
    "huge picture",
    "class names",
    "walk of texts",
    "walk of lists",
    "one code",
    "far codes",
    "far and near codes",
    "more errors",
    "no images",
    "images of no size",
    "other labels",
    "decoder of booleans",
    "slow decoder",
    "decoder with a huge kernel",
    "decoder of colors",
}
SENTENCE = re.compile(r"[^\n]{10,300}")


def ask_all(board, run, tag="codes"):
    """Requests a run from all routes, and returns their statuses."""
    statuses = set()
    for path, queries in QUERIES.items():
        for query in queries:
            began = time.monotonic()
            status, headers, body = board.get(f"plugin/latent/{path}", run=run, tag=tag, **query)
            seconds = time.monotonic() - began
            assert status in (200, 400, 404, 422), (run, path, query, body)
            if status != 200:
                assert SENTENCE.fullmatch(body.decode()), (run, path, body)
            assert len(body) <= 2**26
            assert seconds < 20, (run, path, query, seconds)
            statuses.add(status)
    return statuses


@pytest.fixture(scope="module", params=["true", "false"], ids=["rust", "python"])
def board(request, tmp_path_factory):
    logdir = tmp_path_factory.mktemp("hostile")
    hostile.write(logdir, without=[hostile.NO_EVENTS] if request.param == "false" else [])
    board = latent.TensorBoard(logdir, "--load_fast", request.param)
    board.until(lambda runs: "good" in runs and len(runs) > 60)
    yield board
    log = board.stop()
    for word in ("Traceback", "RuntimeWarning"):
        assert word not in log, log[:5000]


def test_no_hostile_run_fails_or_harms_a_good_one(board):
    before = board.megabytes()
    named = board.runs()
    for run in [*hostile.BLOBS, *hostile.SUMMARIES, *hostile.FILES, "extreme steps", "good"]:
        statuses = ask_all(board, run)
        assert run in named or statuses <= {400, 404}, run
        if run in hostile.BLOBS:
            assert (422 in statuses) == (run not in SERVED), run
        for tag, described in named.get(run, {}).items():
            assert described["error"] is None or SENTENCE.fullmatch(described["error"])
            if tag != "codes" and len(tag) < 5000:  # longer than an address may be
                ask_all(board, run, tag)
    assert board.megabytes() < before + 1500
    described = board.runs()["good"]["codes"]
    assert (described["error"], described["steps"]) == (None, [0, 1])
    _, headers, body = board.get("plugin/latent/codes", run="good", tag="codes")
    np.testing.assert_array_equal(np.frombuffer(body, "<f4").reshape(30, 2), hostile.codes.astype("f4"))


# Addresses that lead to other files.

UP = [
    "..",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "%252e%252e",
    "..%00",
    "%c0%ae%c0%ae",
    "%uff0e%uff0e",
    "..;",
    "\u2024\u2024",
    "%e2%80%a4%e2%80%a4",
    "....",
    "..%0d%0a",
    " ..",
]
SLASH = ["/", "%2f", "%5c", "\\", "//", "%252f", "/./", "%c0%af", "%ef%bc%8f"]
TARGETS = [
    "loader.py",
    "server/plugin.py",
    "static/index.js",
    "tb_plugin/server/plugin.py",
    "etc/passwd",
    "etc/hostname",
]


def addresses():
    """Yields addresses below the plugin's that would lead to a file if the server misread them."""
    for up, slash, target in itertools.product(UP, SLASH, TARGETS):
        for depth in (1, 9):
            yield "/data/plugin/latent/" + (up + slash) * depth + target.replace("/", slash)
        yield f"/data/plugin/latent/index.js{slash}{up}{slash}{target}"
    for target in TARGETS:
        for form in (
            "//{}",
            "/{}",
            "%2f{}",
            "file:///{}",
            "C:%5c{}",
            "index.js%00{}",
            "{}%00.js",
            "{}%00.css",
            "~/{}",
            "static/{}",
            "index.js/{}",
            "index.js;{}",
            "?/{}",
            "#/{}",
            "{}/",
            "./{}",
            "%2e/{}",
            "{}?a.js",
        ):
            yield "/data/plugin/latent/" + form.format(target)


def secrets():
    """Yields bytes that no answer may contain."""
    yield Path("/etc/passwd").read_bytes()[:30]
    yield Path("/etc/hostname").read_bytes() if Path("/etc/hostname").exists() else b"root:x:"
    for name in ("loader.py", "server/plugin.py"):
        yield (Path(tb_plugin.__file__).parent / name).read_bytes()[:60]


def test_no_address_leads_to_another_file(tmp_path):
    latent.write(tmp_path / "run")
    board = latent.TensorBoard(tmp_path)
    hidden, asked = list(secrets()), 0
    try:
        connection = http.client.HTTPConnection(urlsplit(board.url).netloc, timeout=120)
        connection._validate_path = lambda path: None  # which refuses some of them
        connection._encode_request = lambda line: line.encode("latin-1")
        script = answer_of(connection, "/data/plugin/latent/index.js")[1]
        for address in addresses():
            status, body = answer_of(connection, address)
            assert not any(secret in body for secret in hidden), address
            assert status in (301, 302, 308, 400, 404) or (status, body) == (200, script), (address, status)
            asked += 1
        for run, path in itertools.product(["../../etc/passwd", "run/../../..", "/etc", "run\0"], QUERIES):
            for query in ({"run": run, "tag": "codes"}, {"run": "run", "tag": run}):
                assert board.get("plugin/latent/" + path, codes="[[1,2]]", column="writer", **query)[0] == 404
    finally:
        log = board.stop()
    assert asked > 2000
    assert "Traceback" not in log


def answer_of(connection, address):
    """Returns the status and body of the answer to an address that is sent as it is."""
    connection.putrequest("GET", address.encode().decode("latin-1"))
    connection.endheaders()
    response = connection.getresponse()
    return response.status, response.read()
