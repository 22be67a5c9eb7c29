"""Replays a recording on a port: its weights and batches pinned, its loss taken at every step."""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from legacy_ports.data.mnist import Digits
from legacy_ports.proof import recordings
from legacy_ports.run.recorder import mean_loss
from legacy_ports.tf1 import tf


class Replay(NamedTuple):
    losses: np.ndarray  # float64 [steps], of every step before its update
    test_loss: float  # after the last
    weights: int  # how many the network has


def replay(
    port: ModuleType,
    recording: recordings.Recording,
    digits: Digits,
    steps: int | None = None,
    progress: Callable[[range], Any] = iter,
    **options: Any,
) -> Replay:
    """Trains `port` from the recording's weights on the recording's batches.

    Args:
      port: a port's module: `feed` gives its batches, `build` (with `options`) its graph.
      steps: how many steps; all of the recording's by default.
      progress: wraps the range of the steps, e.g. tqdm.
    """
    steps = len(recording.losses) if steps is None else min(steps, len(recording.losses))
    batches, test_images = port.feed(digits, recording.batch_size, recording.seed)
    losses = np.empty(steps)
    with tf.Graph().as_default(), tf.Session() as sess:
        model = port.build(**options)
        sess.run(tf.global_variables_initializer())
        variables = tf.trainable_variables()
        shapes = [tuple(v.shape.as_list()) for v in variables]
        readout_bias = recordings.READOUT_BIAS.get(recording.port, 0.0)
        for variable, value in zip(variables, recordings.pinned_weights(shapes, recording.seed, readout_bias)):
            variable.load(value, sess)
        for i in progress(range(steps)):
            losses[i], _ = sess.run([model.loss, model.train_step], feed_dict={model.x: next(batches)})
        weights = sum(math.prod(shape) for shape in shapes)
        return Replay(losses, mean_loss(sess, model.loss, model.x, test_images), weights)
