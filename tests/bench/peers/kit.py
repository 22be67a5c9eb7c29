"""The kit's engines: "session" and "fused"."""

import numpy as np
from networks import serve

from legacy_ports import ports
from legacy_ports.run import training
from legacy_ports.tf1 import new_graph, session_config, tf


def prepare(port, candidate, threads, batches):
    with new_graph() as graph:
        np.random.seed(0)
        tf.set_random_seed(0)
        model = ports.load(port).build()
        initialize = tf.global_variables_initializer()
    sess = tf.Session(graph=graph, config=session_config("cpu", threads))
    sess.run(initialize)
    train = getattr(training, candidate)(sess, model)
    return lambda: list(train(batches))


if __name__ == "__main__":
    serve(prepare)
