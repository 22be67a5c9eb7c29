"""Replays a recorded run on a port: from the same seed, on the same batches, with the loss of every step."""

import hashlib
import itertools
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import ports
from legacy_ports.data.mnist import Digits
from legacy_ports.proof import gradients
from legacy_ports.proof.recordings import Run
from legacy_ports.run import training
from legacy_ports.run.engine import mean_loss
from legacy_ports.tf1 import draw_on_cpu, new_graph, tf


class Replay(NamedTuple):
    """What a port computed from a recorded run's seed. It has V variables."""

    start: str  # SHA-256 of all variables after initialization
    variable_starts: list[str]  # of each variable
    gradients: list[float]  # the relative error of the first step's, by each variable
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
    engine: str = "session",
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
      engine: what trains, "session" or "fused": see `training`.
      options: of `build`.
    """
    steps = len(run.losses) if steps is None else min(steps, len(run.losses))
    batches, test_images = port.feed(digits, ports.post_options(name)["batch_size"], run.seed)
    stops = sorted({0, *(n for n in run.norm_steps if n < steps), steps})
    losses, norms = np.empty(steps), []
    with new_graph() as graph, tf.Session() as sess:
        tf.set_random_seed(run.seed)
        model = port.build(**options)
        draw_on_cpu(graph)
        sess.run(tf.global_variables_initializer())
        variables = tf.trainable_variables()
        values = sess.run(variables)
        first = next(batches)
        errors = _gradient_errors(sess, model, values, ports.facts(name).proof.networks[run.port], first)
        train = getattr(training, engine)(sess, model)
        drawn = (batch for _, batch in zip(progress(range(steps)), itertools.chain([first], batches)))
        for begin, end in itertools.pairwise(stops):
            if begin in run.norm_steps:
                norms.append(_norms(sess.run(variables)))
            losses[begin:end] = [*train(itertools.islice(drawn, end - begin))]
        if steps in run.norm_steps:
            norms.append(_norms(sess.run(variables)))
        return Replay(
            sha256(values),
            [sha256([value]) for value in values],
            errors,
            np.reshape(norms, (len(norms), len(variables))),
            losses,
            mean_loss(sess, model.loss, model.x, test_images),
            sum(math.prod(variable.shape.as_list()) for variable in variables),
        )


def _gradient_errors(
    sess: tf.Session, model: Any, values: list[np.ndarray], network: str, batch: np.ndarray
) -> list[float]:
    """Holds the gradients of the first step against NumPy's. The graph is built by now, and gets no random op."""
    own = tf.gradients(model.loss, tf.trainable_variables(), unconnected_gradients="zero")
    return gradients.errors(network, values, batch, lambda images: sess.run(own, {model.x: images}))


def sha256(values: list[np.ndarray]) -> str:
    """Returns the SHA-256 over the float32 bytes of arrays, as the recordings' `starts`."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(value, np.float32).tobytes() for value in values)).hexdigest()


def _norms(values: list[np.ndarray]) -> list[float]:
    return [float(np.sqrt(np.sum(np.square(value.astype(np.float64))))) for value in values]
