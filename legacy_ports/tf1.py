"""The one door to TensorFlow: `tf` is `tf.compat.v1` with v2 behaviour off, `keras` is Keras 2.

Import TensorFlow from here and from nowhere else: what is set below must be set before
TensorFlow is imported.
"""

import os
import sys
import warnings

from legacy_ports import UserError

# From TensorFlow 2.16 on `tf.keras` is Keras 3, which has no graph mode; with this set it is
# tf-keras, and `tf.compat.v1.layers` works again (tensorflow/python/util/lazy_loader.py).
if "tensorflow" in sys.modules and os.environ.get("TF_USE_LEGACY_KERAS") not in ("1", "true", "True"):
    raise ImportError(
        "TensorFlow was imported before legacy_ports.tf1, without TF_USE_LEGACY_KERAS=1: "
        "import legacy_ports.tf1 first, or set TF_USE_LEGACY_KERAS=1 in the environment"
    )
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# At import TensorFlow's C++ looks for CUDA and says so on stderr before any log level is read.
_stderr = os.dup(2)
with open(os.devnull, "w") as _devnull:
    os.dup2(_devnull.fileno(), 2)
try:
    import tensorflow.compat.v1 as tf
finally:
    os.dup2(_stderr, 2)
    os.close(_stderr)

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()
warnings.filterwarnings("ignore", message="`tf.layers.dense` is deprecated")
# TensorFlow 2.4 began to round float32 matmuls to TF32 on Ampere and later GPUs; TensorFlow 1
# never did (tensorflow/python/framework/config.py, enable_tensor_float_32_execution).
tf.config.experimental.enable_tensor_float_32_execution(False)

keras = tf.keras

__all__ = ["keras", "session_config", "tf"]


def session_config(device: str = "auto") -> tf.ConfigProto:
    """The session configuration that puts a graph on `device`.

    Args:
      device: "auto" (a GPU where TensorFlow sees one, else the CPU), "cpu" or "gpu:N".

    Raises:
      UserError: there is no such device; the message says which there are.
    """
    gpus = [f"gpu:{i}" for i in range(len(tf.config.list_physical_devices("GPU")))]
    if device not in ("auto", "cpu", *gpus):
        raise UserError(f"there is no device {device!r} here; there are: {', '.join(['cpu', *gpus])}")
    config = tf.ConfigProto()
    if device == "cpu":
        config.device_count["GPU"] = 0
    elif device != "auto":
        config.gpu_options.visible_device_list = device.removeprefix("gpu:")
    return config
