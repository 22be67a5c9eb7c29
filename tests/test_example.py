"""The notebook in examples/, executed: the TensorBoard that it opens serves what it logs."""

import json
import os
import signal
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "examples/latent_tab.ipynb"


@pytest.fixture
def executed(tmp_path, monkeypatch):
    """Returns the executed notebook, and the port of its TensorBoard."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where a TensorBoard leaves its port
    scripts = Path(sys.executable).parent  # of the environment, which may not be activated
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        (info,) = (tmp_path / ".tensorboard-info").glob("pid-*.info")
        server = json.loads(info.read_text())
        yield notebook, server["port"]
        os.kill(server["pid"], signal.SIGTERM)


def test_the_outputs_are_cleared():
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
def test_the_tensorboard_that_it_opens_serves_what_it_logs(executed):
    notebook, port = executed
    with urllib.request.urlopen(f"http://localhost:{port}/data/plugin/latent/runs", timeout=300) as response:
        (spaces,) = json.load(response).values()
    space = spaces["digits"]
    assert space["error"] is None
    assert space["steps"] == list(range(0, 3001, 100))
    assert (space["points"], space["dims"], space["image_shape"]) == (500, 2, [8, 8, 1])
    assert set(space["parts"]) == {"codes", "decoder", "labels", "images", "errors"}
    printed = "".join(output.text for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output)
    errors = [float(line.split()[-1]) for line in printed.splitlines() if line.startswith("step")]
    assert errors[-1] < 0.05 < 0.1 < errors[0]
