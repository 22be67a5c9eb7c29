"""Gives tf-keras back what changed a run since Keras 2.2: seeds from NumPy, shuffling, optimizers and their defaults.

Importing this module changes tf-keras in this process. It is imported once a script imports `keras`; `tf.keras` of
TensorFlow 1 drew its seeds from the graph, and is left as it is.
"""

from legacy_ports.tf1 import keras  # first: it prepares the import of TensorFlow

# isort: split
import sys
from typing import Any

import numpy as np
from tensorflow.python.framework import random_seed
from tensorflow.python.ops import init_ops
from tf_keras.src.engine import training_arrays_v1, training_v1
from tf_keras.src.optimizers.optimizer_v1 import Adadelta, Adagrad, Adamax, Nadam

legacy = keras.optimizers.legacy


class SGD(legacy.SGD):  # type: ignore[name-defined]
    """Keras 2.2's SGD."""

    def __init__(
        self, lr: float = 0.01, momentum: float = 0.0, decay: float = 0.0, nesterov: bool = False, **more: Any
    ):
        super().__init__(more.pop("learning_rate", lr), momentum, nesterov, decay=decay, **more)


class RMSprop(legacy.RMSprop):  # type: ignore[name-defined]
    """Keras 2.2's RMSprop."""

    def __init__(
        self, lr: float = 0.001, rho: float = 0.9, epsilon: float | None = None, decay: float = 0.0, **more: Any
    ):
        super().__init__(more.pop("learning_rate", lr), rho, epsilon=epsilon or 1e-7, decay=decay, **more)


class Adam(legacy.Adam):  # type: ignore[name-defined]
    """Keras 2.2's Adam."""

    def __init__(
        self,
        lr: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float | None = None,
        decay: float = 0.0,
        amsgrad: bool = False,
        **more: Any,
    ):
        super().__init__(more.pop("learning_rate", lr), beta_1, beta_2, epsilon or 1e-7, amsgrad, decay=decay, **more)


# The four whose defaults have changed are Keras 2's own classes.
OPTIMIZERS = {each.__name__.lower(): each for each in (SGD, RMSprop, Adam, Adagrad, Adadelta, Adamax, Nadam)}
sgd, rmsprop, adam, adagrad, adadelta, adamax, nadam = OPTIMIZERS.values()


def get(identifier: Any) -> Any:
    """Returns an optimizer by its name, as `compile(optimizer="adam")` asks for it."""
    return OPTIMIZERS[identifier.lower()]() if isinstance(identifier, str) else _get(identifier)


_get, training_v1.optimizers.get = training_v1.optimizers.get, get


def _get_seed(op_seed: int | None) -> Any:
    """Draws the seed of an op of Keras that is given none from NumPy: keras/backend/tensorflow_backend.py of 2.2.2."""
    return _seed(np.random.randint(10**7) if op_seed is None and _in_keras() else op_seed)


_seed, random_seed.get_seed = random_seed.get_seed, _get_seed


def _in_keras() -> bool:
    """Returns whether Keras is asking, and not one of `tf.layers`, which go through tf-keras today."""
    frame: Any = sys._getframe(2)
    names = []
    while frame is not None:
        names.append(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
    keras_ = [name for name in names if name.startswith("tf_keras.")]
    return bool(keras_) and not any("legacy_tf_layers" in name or ".legacy_cells" in name for name in keras_)


def _orthogonal(self: Any, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
    """Draws an orthogonal matrix as Keras 2.2.2 did: by NumPy, where TensorFlow has an op."""
    if not _in_keras():
        return _of_tensorflow(self, shape, dtype, partition_info)
    flat = (int(np.prod(shape[:-1])), int(shape[-1]))
    if self.seed is not None:
        np.random.seed(self.seed)
    u, _, v = np.linalg.svd(np.random.normal(0.0, 1.0, flat), full_matrices=False)
    q = (u if u.shape == flat else v).reshape([int(n) for n in shape])
    return init_ops.constant_op.constant(self.gain * q[: shape[0], : shape[1]], dtype or self.dtype)


_of_tensorflow, init_ops.Orthogonal.__call__ = init_ops.Orthogonal.__call__, _orthogonal


class _OneIndex:
    """NumPy for `training_arrays_v1`, whose `fit` starts each epoch from a new index array.

    Keras 2.2.2 shuffled the same one again and again: `fit_loop` in keras/engine/training_arrays.py.
    """

    index: np.ndarray | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def arange(self, count: int) -> np.ndarray:
        if self.index is None:
            self.index = np.arange(count)
        return self.index


def _fit(*args: Any, **kwargs: Any) -> Any:
    before, _one.index = _one.index, None
    try:
        return _iterate(*args, **kwargs)
    finally:
        _one.index = before


_one = _OneIndex()
training_arrays_v1.np = _one
_iterate, training_arrays_v1.model_iteration = training_arrays_v1.model_iteration, _fit
training_arrays_v1.fit_loop = _fit
