"""Those names of `tf.contrib` that neither TensorFlow nor a kept package has, and that are a few lines long."""

from typing import Any

from legacy_ports.tf1 import tf

VERSION = "1.15.5"  # which `tf.compat.v1` is


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Any = None,
    name: str | None = None,
) -> Any:
    """Returns the weighted cross entropy of sequences.

    As tensorflow/contrib/seq2seq/python/ops/loss.py of TensorFlow 1.4 had it.

    Args:
      logits: [batch, steps, symbols].
      targets: int [batch, steps].
      weights: float [batch, steps].
    """
    if len(logits.get_shape()) != 3:
        raise ValueError("Logits must be a [batch_size x sequence_length x logits] tensor")
    with tf.name_scope(name, "sequence_loss", [logits, targets, weights]):
        num_classes = tf.shape(logits)[2]
        logits_flat = tf.reshape(logits, [-1, num_classes])
        targets = tf.reshape(targets, [-1])
        if softmax_loss_function is None:
            crossent = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits_flat)
        else:
            crossent = softmax_loss_function(labels=targets, logits=logits_flat)
        crossent *= tf.reshape(weights, [-1])
        if average_across_timesteps and average_across_batch:
            return tf.reduce_sum(crossent) / (tf.reduce_sum(weights) + 1e-12)
        crossent = tf.reshape(crossent, tf.shape(logits)[0:2])
        if average_across_timesteps != average_across_batch:
            axis = 1 if average_across_timesteps else 0
            return tf.reduce_sum(crossent, axis=[axis]) / (tf.reduce_sum(weights, axis=[axis]) + 1e-12)
        return crossent
