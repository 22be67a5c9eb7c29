"""Scripts are recorded on TensorFlow 1 itself and replayed on today's.

The environments are made once, in $LEGACY_PORTS_PERIOD or in a folder of tox. Without Python 3.6 and the full MNIST
everything here is skipped.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from legacy_ports.data import folder, idx, mnist
from legacy_ports.original import replay
from legacy_ports.original.recording import read

pytestmark = [pytest.mark.slow, pytest.mark.period, pytest.mark.timeout(3600)]
POSTS = Path(__file__).parent / "posts"
RECORDER = Path(replay.__file__).with_name("tf1_recorder.py")
OPTIONS = ["--seed", "0", "--threads", "1", "--stop-after", "100", "--every", "10", "--ops", "100"]
PACKAGES = {
    "1.4": ["tensorflow==1.4.0", "numpy<1.15", "protobuf<3.18", "matplotlib"],
    "1.10": ["tensorflow==1.10.0", "keras==2.2.2", "h5py<3", "numpy<1.15", "protobuf<3.18", "matplotlib"],
    "1.15": ["tensorflow==1.15.0", "numpy<1.20", "protobuf<3.20", "matplotlib"],
}
# A variational autoencoder: random ops in the training graph, dropout, and a weight decay that slots make visible.
SCRIPT = """
import numpy as np
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

mnist = input_data.read_data_sets("MNIST-data", one_hot=True)
x = tf.placeholder(tf.float32, [None, 784])
hidden = tf.nn.dropout(tf.layers.dense(x, 64, tf.nn.relu), 0.8)
mean, log_variance = tf.layers.dense(hidden, 8), tf.layers.dense(hidden, 8)
z = mean + tf.exp(log_variance / 2) * tf.random_normal(tf.shape(mean))
logits = tf.layers.dense(tf.layers.dense(z, 64, tf.nn.relu), 784)
loss = tf.reduce_mean(tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits), 1))
loss -= tf.reduce_mean(tf.reduce_sum(1 + log_variance - mean ** 2 - tf.exp(log_variance), 1)) / 2
train = tf.train.AdamOptimizer(1e-3).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(200):
        _, l = sess.run([train, loss], {x: mnist.train.next_batch(100)[0]})
    print(l)
"""


def python_3_6():
    found = shutil.which("python3.6")
    if found and subprocess.run([found, "--version"], capture_output=True).returncode == 0:
        return found
    return next((str(p) for p in sorted(Path.home().glob(".pyenv/versions/3.6.*/bin/python"))), None)


@pytest.fixture(scope="session")
def period(tmp_path_factory):
    """Returns the Python of an environment with TensorFlow 1."""
    python = python_3_6()
    if python is None:
        pytest.skip("NOT TESTED on TensorFlow 1: there is no Python 3.6; pyenv install 3.6.15 brings it")
    home = os.environ.get("LEGACY_PORTS_PERIOD") or os.environ.get("TOX_ENV_DIR")
    where = Path(home) if home else tmp_path_factory.mktemp("period")

    def environment(version):
        own = where / f"tf{version}" / "bin" / "python"
        if not own.exists():
            clean = {k: v for k, v in os.environ.items() if k not in ("PIP_CONSTRAINT", "PYTHONPATH")}
            for words in (
                [python, "-m", "venv", str(where / f"tf{version}")],
                [own, "-m", "pip", "install", "--quiet", "pip==21.3.1"],
                [own, "-m", "pip", "install", "--quiet", *PACKAGES[version]],
            ):
                subprocess.run(words, check=True, env=clean)
        return own

    return environment


@pytest.fixture
def digits(tmp_path):
    """The official digits, where scripts of the time look for them."""
    if not folder.complete(mnist.home()):
        pytest.skip(
            f"NOT TESTED on TensorFlow 1: the full MNIST is not in {mnist.home()}; `legacy-ports fetch` gets it"
        )
    arrays = mnist.load("full").arrays
    (tmp_path / "MNIST-data").mkdir()
    for name, array in zip(idx.OFFICIAL_SHA256, arrays):
        (tmp_path / "MNIST-data" / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(array), 1))
    (tmp_path / ".keras" / "datasets").mkdir(parents=True)
    names = ("x_train", "y_train", "x_test", "y_test")
    np.savez(tmp_path / ".keras" / "datasets" / "mnist.npz", **dict(zip(names, arrays)))
    return tmp_path


def idx_bytes(array):
    header = [0, 0, 8, array.ndim, *np.array(array.shape, ">u4").tobytes()]
    return bytes(header) + array.tobytes()


@pytest.mark.parametrize(
    ("version", "script"),
    [("1.4", "kajuvonen"), ("1.4", "vandenburg"), ("1.10", "mathybit_dense"), *((v, "vae") for v in PACKAGES)],
)
def test_what_tensorflow_1_computed_is_computed_today(version, script, period, digits):
    python = period(version)
    text = SCRIPT if script == "vae" else (POSTS / f"{script}.py").read_text()
    text = re.sub(r"^from magenta.*\n", GRID, text, flags=re.MULTILINE)  # magenta is not installed there
    (digits / "script.py").write_text(text.replace("./mnist_data", "MNIST-data"))
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if version == "1.10":
        source = next((python.parents[1] / "lib").glob("python*/site-packages/keras/datasets/mnist.py"))
        source.write_text(re.sub(r",\s*file_hash='\w+'", "", source.read_text()))  # these are the same digits, repacked
    subprocess.run(
        [python, RECORDER, *OPTIONS, "--out", "a.npz", "script.py"],
        cwd=digits, check=True, env={**clean, "MPLBACKEND": "Agg", "HOME": str(digits)},
    )  # fmt: skip
    recording = read(digits / "a.npz")
    assert recording.norm_steps == [1, 2, 5, *range(10, 101, 10)]
    assert ("MatMul" in recording.op_types) != script.startswith("mathybit")  # Keras fetches by a function of its own
    words = [sys.executable, "-m", "legacy_ports", "replay", "a.npz", "script.py", "--data", "full"]
    done = subprocess.run(words, cwd=digits, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  equal  " in done.stdout
    assert done.stdout.rstrip().endswith("same run")


GRID = """def form_image_grid(images, grid_shape, image_shape, channels):
    images = tf.reshape(images, grid_shape + image_shape + [channels])
    images = tf.transpose(images, [0, 2, 1, 3, 4])
    return tf.reshape(images, [1, grid_shape[0] * image_shape[0], grid_shape[1] * image_shape[1], channels])
"""
