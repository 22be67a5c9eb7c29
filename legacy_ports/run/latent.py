"""Makes what a run logs for the Latent tab: the codes of test digits over training, with decoder and encoder."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from legacy_ports.tf1 import tf
from tb_plugin import layers
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.summary import latent

NAME = "codes"
AT_LEAST = 20  # times per run
WIDE = 64  # codes of so many numbers are stored as float16: their pictures stay within half a gray level


def due(steps: int, every: int) -> set[int]:
    """Returns the steps after which codes are logged: at the post's logging interval, and at least 20 times.

    Args:
      steps: the length of the run.
      every: the post's logging interval, in steps.
    """
    if steps // every < AT_LEAST:
        return {round(k * steps / AT_LEAST) for k in range(AT_LEAST + 1)} | set(range(0, steps + 1, every))
    return {*range(0, steps + 1, every), steps}


def dense_decoder(sess: tf.Session, variables: Sequence[Any], activations: Sequence[str]) -> Decoder:
    """Returns the present decoder of a chain of dense layers.

    Args:
      variables: kernel and bias of each layer.
      activations: what comes after each layer.
    """
    return Decoder(*_dense(sess, variables, activations))


def dense_encoder(sess: tf.Session, variables: Sequence[Any], activations: Sequence[str]) -> Encoder:
    """Returns the present encoder of a chain of dense layers, as `dense_decoder` does."""
    return Encoder(*_dense(sess, variables, activations))


def _dense(sess: tf.Session, variables: Sequence[Any], activations: Sequence[str]) -> tuple[int, list[Any]]:
    weights = sess.run(list(variables))
    chain: list[Any] = []
    for kernel, bias, activation in zip(weights[::2], weights[1::2], activations):
        chain += [layers.dense(kernel, bias), activation]
    return weights[0].shape[0], chain


def _largest(points: np.ndarray, decoder: Decoder) -> float:
    """Returns the largest size of a number in the codes and in the decoder's weights."""
    return max(float(np.abs(array).max()) for array in (points, *decoder.arrays))


class Latent:
    """The latent space of one run.

    Args:
      model: the port's tensors: x, codes and output.
      x: test images as the model takes them, [N, ...].
      images, labels: the same digits, uint8 [N, 28, 28] and [N].
      decoder: returns the present Decoder.
      encoder: returns the present Encoder.
      every: the post's logging interval, in steps.
      walk: returns the circle that the tab starts with, from the codes [N, D]; None: the tab chooses.
    """

    def __init__(
        self,
        sess: tf.Session,
        model: Any,
        x: np.ndarray,
        images: np.ndarray,
        labels: np.ndarray,
        decoder: Callable[[], Decoder],
        encoder: Callable[[], Encoder],
        every: int,
        walk: Callable[[np.ndarray], dict[str, Any]] | None,
    ):
        self._sess, self._model, self._x, self._walk = sess, model, x, walk
        self._decoder, self._encoder = decoder, encoder
        self._images, self._labels = images, labels
        self._classes = max(10, int(labels.max()) + 1)
        self.every = every
        self.logged = 0  # how many times

    def summary(self) -> Any:
        """Returns a Summary of the present codes, decoder and encoder; the first also has the labels and images."""
        codes, errors = [], []
        for i in range(0, len(self._x), 1000):
            x = self._x[i : i + 1000]
            code, output = self._sess.run([self._model.codes, self._model.output], {self._model.x: x})
            codes.append(code)
            errors.append(np.square(output - x).reshape(len(x), -1).mean(axis=1))
        points = np.concatenate(codes)
        once: dict[str, Any] = {
            "labels": self._labels,
            "images": self._images,
            "class_names": [str(digit) for digit in range(self._classes)],
        }
        again = {"image_shape": self._images.shape[1:]}  # else the limits of a chart would be sought in the outputs
        decoder, encoder = self._decoder(), self._encoder()
        half = points.shape[1] >= WIDE and _largest(points, decoder) < float(np.finfo(np.float16).max)
        with warnings.catch_warnings():  # some posts end without an activation, and their own figures clip, too
            warnings.filterwarnings("ignore", "decoder: more than")
            summary = latent(
                NAME,
                points,
                index=self.logged,
                errors=np.concatenate(errors),
                decoder=decoder,
                encoder=encoder,
                float16=half,
                walk=self._walk(points) if self._walk else None,
                **(again if self.logged else once),
            )
        self.logged += 1
        return summary
