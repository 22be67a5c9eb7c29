"""The one door to TensorFlow: `tf` is `tf.compat.v1` with v2 behavior off, `keras` is Keras 2.

Import TensorFlow only from here, because the environment below must be set before TensorFlow is imported.
"""

import gc
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from legacy_ports import UserError

# From TensorFlow 2.16 on, `tf.keras` is Keras 3, which has no graph mode. With this variable it is tf-keras, and
# `tf.compat.v1.layers` works again (tensorflow/python/util/lazy_loader.py).
if "tensorflow" in sys.modules and os.environ.get("TF_USE_LEGACY_KERAS") not in ("1", "true", "True"):
    raise ImportError(
        "TensorFlow was imported before legacy_ports.tf1, without TF_USE_LEGACY_KERAS=1: "
        "import legacy_ports.tf1 first, or set TF_USE_LEGACY_KERAS=1 in the environment"
    )
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow takes oneDNN by itself only where the processor has AVX512-VNNI or the like (tensorflow/core/util/util.cc,
# IsMKLEnabled). Without it a convolution takes five times as long, and another processor would be another run.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


@contextmanager
def quiet() -> Iterator[None]:
    """Discards what C++ code writes to stderr whatever the log level."""
    stderr = os.dup(2)
    with open(os.devnull, "w") as devnull:
        os.dup2(devnull.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


@contextmanager
def _keep_for_good() -> Iterator[None]:
    """Keeps the garbage collector from the objects that are made meanwhile, then and later.

    TensorFlow's import makes some 370,000 objects, and hardly any garbage. To go through them again and again takes a
    fifth of the import, 0.2 s now and then in a run, and a second when the process ends.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


with quiet(), _keep_for_good():  # it looks for CUDA, and reports
    import tensorflow.compat.v1 as tf
    from tensorflow.core.protobuf.config_pb2 import CallableOptions

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()
warnings.filterwarnings("ignore", message="`tf.layers.dense` is deprecated")
# Since version 2.4 TensorFlow rounds float32 matmuls to TF32 on Ampere and later GPUs. TensorFlow 1 never did
# (tensorflow/python/framework/config.py, enable_tensor_float_32_execution).
tf.config.experimental.enable_tensor_float_32_execution(False)

keras = tf.keras

try:
    from tensorflow.python.framework import random_seed

    _get_seed = random_seed.get_seed
except (ImportError, AttributeError) as error:
    raise ImportError(
        f"TensorFlow {tf.VERSION} has no tensorflow.python.framework.random_seed.get_seed, which legacy_ports needs to "
        f"seed random ops as TensorFlow 1 did ({error}); install an earlier TensorFlow"
    ) from error

__all__ = ["CallableOptions", "draw_on_cpu", "glorot_uniform", "keras", "new_graph", "quiet", "session_config", "tf"]

_RANDOM_OPS = {"RandomStandardNormal", "RandomUniform", "RandomUniformInt", "TruncatedNormal"}


@contextmanager
def new_graph() -> Iterator[tf.Graph]:
    """Makes a graph the default one. Its random ops draw what they drew on TensorFlow 1 with the same graph-level seed.

    A random op that is given no seed of its own gets the number of ops in its graph, as in TensorFlow 1
    (tensorflow/python/framework/random_seed.py of 1.4: `ops.get_default_graph()._last_id`). Today's TensorFlow counts
    the random ops instead. Outside of the `with` statement nothing is changed.

    Yields:
      The graph.
    """

    def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
        graph = tf.get_default_graph()
        if op_seed is None and graph.seed is not None:
            op_seed = len(graph.get_operations())
        return _get_seed(op_seed)

    graph = tf.Graph()
    before, random_seed.get_seed = random_seed.get_seed, get_seed
    try:
        with graph.as_default():
            yield graph
    finally:
        random_seed.get_seed = before


def draw_on_cpu(graph: tf.Graph) -> None:
    """Puts the ops of a graph that draw initial weights on the CPU, where the posts' recordings were made.

    On a GPU other kernels draw them, and may round another way. To be called once the graph is built:
    `tf.get_variable` takes initial values out of any `tf.device`.
    """
    for op in graph.get_operations():
        if op.type in _RANDOM_OPS:
            op._set_device("/device:CPU:0")


def glorot_uniform() -> tf.keras.initializers.Initializer:
    """Returns Keras 2.2.2's `glorot_uniform`, its seed drawn from NumPy's global generator.

    Source: `random_uniform` in keras/backend/tensorflow_backend.py, which draws `numpy.random.randint(10e6)` for each
    kernel. tf-keras has generators of its own, which give other weights.
    """
    return tf.glorot_uniform_initializer(seed=np.random.randint(10**7))


def session_config(device: str = "auto", threads: int | None = None) -> tf.ConfigProto:
    """Returns the session configuration that puts a graph on `device`.

    Args:
      device: "auto" (a GPU if TensorFlow sees one, else the CPU), "cpu" or "gpu:N".
      threads: how many cores one op may use; None: all.

    Raises:
      UserError: there is no such device; the message lists those there are.
    """
    gpus = [f"gpu:{i}" for i in range(len(tf.config.list_physical_devices("GPU")))]
    if device not in ("auto", "cpu", *gpus):
        raise UserError(f"there is no device {device!r} here; there are: {', '.join(['cpu', *gpus])}")
    config = tf.ConfigProto(intra_op_parallelism_threads=threads or 0)
    if device == "cpu":
        config.device_count["GPU"] = 0
    elif device != "auto":
        config.gpu_options.visible_device_list = device.removeprefix("gpu:")
    return config


def device_name(device: str = "auto") -> str:
    """Returns the device that a session of `session_config(device)` computes on: "cpu" or "gpu:N"."""
    if device != "auto":
        return device
    return "gpu:0" if tf.config.list_physical_devices("GPU") else "cpu"
