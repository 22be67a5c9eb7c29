"""Importing TensorFlow through `tf1` gives v1 graphs and Keras 2, and devices are checked."""

import os
import subprocess
import sys

from legacy_ports.tf1 import draw_on_cpu, glorot_uniform, keras, new_graph, session_config, tf  # first

# isort: split
import numpy as np
import pytest
from tensorflow.python.framework import random_seed

from legacy_ports import UserError


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


def test_the_garbage_collector_does_not_go_through_what_tensorflow_imported():
    code = "import gc, legacy_ports.tf1; print(gc.isenabled(), gc.get_freeze_count(), len(gc.get_objects()))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    enabled, frozen, collected = result.stdout.split()
    assert enabled == "True"
    assert int(frozen) > 100_000 > 10_000 > int(collected)


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


def test_random_ops_are_seeded_as_tensorflow_1_seeded_them():
    """An op that is given no seed takes the number of ops before it; outside of the graph nothing has changed."""
    before = random_seed.get_seed
    with new_graph() as graph:
        tf.set_random_seed(7)
        tf.placeholder(tf.float32)
        drawn = tf.truncated_normal([3])  # after the placeholder and three constants
        given = tf.random_uniform([2], seed=5)
    draws = {
        op.type: (op.get_attr("seed"), op.get_attr("seed2"))
        for op in graph.get_operations()
        if "seed2" in op.node_def.attr
    }
    assert draws == {"TruncatedNormal": (7, 4), "RandomUniform": (7, 5)}
    assert random_seed.get_seed is before
    with pytest.raises(ZeroDivisionError), new_graph():
        raise ZeroDivisionError
    assert random_seed.get_seed is before
    with tf.Graph().as_default():  # TensorFlow 2's own count
        tf.set_random_seed(7)
        tf.placeholder(tf.float32)
        assert tf.truncated_normal([3]).op.inputs[0].op.graph is tf.get_default_graph()
        assert random_seed.get_seed(None) == (7, 1)
    with tf.Session(graph=graph) as sess:
        first = sess.run([drawn, given])
    with tf.Session(graph=graph) as sess:
        again = sess.run([drawn, given])
    assert [value.tolist() for value in first] == [value.tolist() for value in again]


def test_a_graph_without_a_seed_draws_anew():
    with new_graph():
        assert random_seed.get_seed(None) == (None, None)


def test_draws_are_put_on_the_cpu():
    with new_graph() as graph, tf.device("/device:GPU:0"):
        tf.get_variable("kernel", [2, 2])
        tf.Variable(tf.truncated_normal([2]))
        draw_on_cpu(graph)
    devices = {op.type: op.device for op in graph.get_operations()}
    assert devices["RandomUniform"] == devices["TruncatedNormal"] == "/device:CPU:0"
    assert devices["VariableV2"] == "/device:GPU:0"


def test_keras_kernels_take_their_seeds_from_numpy():
    np.random.seed(3)
    drawn = [glorot_uniform().seed for _ in range(2)]
    assert drawn == np.random.RandomState(3).randint(10**7, size=2).tolist()
