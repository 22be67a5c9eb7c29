"""Decoders converted from Keras models of each kind, each Keras and backend in a process of its own."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

NEEDED = {
    "tf_keras": "tf_keras",
    "tf_keras-graph": "tf_keras",
    "tensorflow": "tensorflow",
    "jax": "jax",
    "torch": "torch",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NEEDED)
def test_models(name):
    three = not name.startswith("tf_keras")
    if find_spec(NEEDED[name]) is None or three and find_spec("keras") is None:
        pytest.skip(f"NOT TESTED with Keras on {name}: the extra `frameworks` is not installed")
    tests = Path(__file__).parent
    path = os.pathsep.join(filter(None, [str(tests.parent), os.environ.get("PYTHONPATH")]))
    child = subprocess.run(
        [sys.executable, "-m", "helpers.keras_models", name],
        cwd=tests,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert child.returncode == 0, child.stdout[-3000:] + child.stderr[-3000:]


def test_importing_it_imports_no_framework():
    code = (
        "import sys, tb_plugin.from_keras, tb_plugin.from_jax, tb_plugin.from_tensorflow, tb_plugin.from_onnx; "
        "assert not {'tensorflow', 'keras', 'tf_keras', 'torch', 'jax', 'onnx'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
