"""The tests of the tab's modules in tests/node, run by `node --test`."""

import subprocess
from pathlib import Path

import pytest
from helpers.node import FLAGS, executable

TESTS = sorted((Path(__file__).parent / "node").glob("*.test.mjs"))


@pytest.mark.parametrize("file", TESTS, ids=lambda path: path.name.removesuffix(".test.mjs"))
def test_in_node(file):
    done = subprocess.run(
        [executable(), *FLAGS, "--test", "--test-reporter=spec", file], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pass 0" not in done.stdout, "the file has no test"
