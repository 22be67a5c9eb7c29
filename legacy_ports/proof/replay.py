"""Replays a recorded run on a port: from the same seed, on the same batches, with the loss of every step."""

import hashlib
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import ports
from legacy_ports.data.mnist import Digits
from legacy_ports.proof.recordings import Run
from legacy_ports.run.engine import mean_loss
from legacy_ports.tf1 import draw_on_cpu, new_graph, tf


class Replay(NamedTuple):
    """What a port computed from a recorded run's seed. It has V variables."""

    start: str  # SHA-256 of all variables after initialization
    variable_starts: list[str]  # of each variable
    norms: np.ndarray  # float64 [m, V], after the first m of the recording's norm_steps
    losses: np.ndarray  # float64 [steps], of each step's batch before its update
    test_loss: float  # after the last step
    weights: int  # how many the network has


def replay(
    port: ModuleType,
    name: str,
    run: Run,
    digits: Digits,
    steps: int | None = None,
    progress: Callable[[range], Any] = iter,
    **options: Any,
) -> Replay:
    """Trains a port as a recorded run was trained.

    Args:
      port: the port's module: `feed` gives its batches, `build` (with `options`) its graph.
      name: the port's name.
      run: the recorded run: its seed is taken, and its number of steps.
      digits: the data that it was recorded on.
      steps: how many steps; None: all of the recorded ones.
      progress: wraps the range of the steps, e.g. tqdm.
      options: of `build`.
    """
    steps = len(run.losses) if steps is None else min(steps, len(run.losses))
    batches, test_images = port.feed(digits, ports.post_options(name)["batch_size"], run.seed)
    losses, norms = np.empty(steps), []
    with new_graph() as graph, tf.Session() as sess:
        tf.set_random_seed(run.seed)
        model = port.build(**options)
        draw_on_cpu(graph)
        sess.run(tf.global_variables_initializer())
        variables = tf.trainable_variables()
        values = sess.run(variables)
        for i in progress(range(steps)):
            if i in run.norm_steps:
                norms.append(_norms(sess.run(variables)))
            losses[i], _ = sess.run([model.loss, model.train_step], feed_dict={model.x: next(batches)})
        if steps in run.norm_steps:
            norms.append(_norms(sess.run(variables)))
        return Replay(
            sha256(values),
            [sha256([value]) for value in values],
            np.reshape(norms, (len(norms), len(variables))),
            losses,
            mean_loss(sess, model.loss, model.x, test_images),
            sum(math.prod(variable.shape.as_list()) for variable in variables),
        )


def sha256(values: list[np.ndarray]) -> str:
    """Returns the SHA-256 over the float32 bytes of arrays, as the recordings' `starts`."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(value, np.float32).tobytes() for value in values)).hexdigest()


def _norms(values: list[np.ndarray]) -> list[float]:
    return [float(np.sqrt(np.sum(np.square(value.astype(np.float64))))) for value in values]
