"""Tells errors in one line, and which of them come from a file that cannot be written."""

import errno
import math
import os

from legacy_ports import UserError
from legacy_ports.files import WriteError
from legacy_ports.run import signals
from legacy_ports.tf1 import tf

WRITING = (OSError, WriteError, tf.errors.OpError)  # what writing a run's files raises


def cannot_write(error: BaseException) -> bool:
    """Returns whether an error says that a file cannot be written.

    TensorFlow raises the same classes for a failed op of the graph, so only errors without an op, and those of the
    Saver's op, count.
    """
    if isinstance(error, tf.errors.OpError):
        return error.op is None or error.op.type == "SaveV2"
    return isinstance(error, (OSError, WriteError))


def one_line(error: BaseException) -> str:
    """Returns an error in one line."""
    if isinstance(error, KeyboardInterrupt):
        return signals.which(error).name
    if isinstance(error, OSError):
        return f"{error.filename or 'writing'}: {error.strerror}"
    if isinstance(error, tf.errors.OpError):  # it has many lines, one of which quotes the operating system
        reasons = [text for text in map(os.strerror, errno.errorcode) if text in str(error)]
        if reasons:
            return f"a file cannot be written ({reasons[0]})"
    text = (str(error).splitlines() or [""])[0]
    return text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"


def finite(loss: float, step: int) -> float:
    """Returns a loss as a Python float.

    Raises:
      FloatingPointError: it is NaN or infinite.
    """
    if not math.isfinite(loss):
        raise FloatingPointError(f"the loss is {loss} at step {step}; a smaller --learning-rate may help")
    return float(loss)
