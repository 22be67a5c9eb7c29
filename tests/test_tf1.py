"""The one door to TensorFlow."""

import os
import subprocess
import sys

import pytest

from legacy_ports import UserError
from legacy_ports.tf1 import keras, session_config, tf


def test_tensorflow_imported_first_is_an_error_that_says_so():
    env = {key: value for key, value in os.environ.items() if key != "TF_USE_LEGACY_KERAS"}
    result = subprocess.run(
        [sys.executable, "-c", "import tensorflow, legacy_ports.tf1"],
        capture_output=True,
        text=True,
        timeout=120,
        env=env,
    )
    assert result.returncode == 1
    assert "ImportError: TensorFlow was imported before legacy_ports.tf1" in result.stderr


def test_v1_graphs_keras_2_and_layers_are_there():
    assert not tf.executing_eagerly()
    assert keras.optimizers.Adam.__module__.startswith("tf_keras.")
    with tf.Graph().as_default():
        layer = tf.layers.dense(tf.placeholder(tf.float32, [None, 3]), 2, name="code")
        assert [v.op.name for v in tf.trainable_variables()] == ["code/kernel", "code/bias"]
        assert layer.shape.as_list() == [None, 2]


def test_no_tf32():
    assert not tf.config.experimental.tensor_float_32_execution_enabled()


def test_devices():
    assert session_config("cpu").device_count["GPU"] == 0
    assert not session_config("auto").device_count
    with pytest.raises(UserError, match="no device 'gpu:99' here; there are: cpu"):
        session_config("gpu:99")
