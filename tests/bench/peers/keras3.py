"""Keras 3 on TensorFlow or JAX: "…, batches" is train_on_batch, "…, fit" is fit with up to 100 steps per execution."""

import os
import sys

os.environ["KERAS_BACKEND"] = sys.argv[2].split(",")[0]
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.pop("TF_USE_LEGACY_KERAS", None)

import keras
from keras import layers
from networks import NETWORKS, OPTIMIZER, serve, shape_of


def network(port):
    model = keras.Sequential([keras.Input(shape_of(port))])
    for kind, *numbers in NETWORKS[port]:
        if kind == "dense":
            model.add(layers.Dense(numbers[0], activation=numbers[1]))
        elif kind == "conv":
            model.add(layers.Conv2D(numbers[0], numbers[1], padding="same", activation=numbers[2]))
        elif kind == "reshape":
            model.add(layers.Reshape(numbers))
        else:
            model.add({"pool": layers.MaxPooling2D, "upsample": layers.UpSampling2D, "flatten": layers.Flatten}[kind]())
    return model


def prepare(port, candidate, threads, batches):
    if candidate.startswith("tensorflow"):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
    keras.utils.set_random_seed(0)
    kind, rate, epsilon = OPTIMIZER[port]
    adam = kind == "adam"
    optimizer = (
        keras.optimizers.Adam(rate, epsilon=epsilon) if adam else keras.optimizers.RMSprop(rate, epsilon=epsilon)
    )
    model = network(port)
    inputs = batches.reshape(len(batches), -1, *shape_of(port))
    if candidate.endswith("batches"):
        model.compile(optimizer, "mse", jit_compile="auto")
        return lambda: [float(model.train_on_batch(x, x)) for x in inputs]
    model.compile(optimizer, "mse", jit_compile="auto", steps_per_execution=min(100, len(batches)))
    flat = inputs.reshape(-1, *shape_of(port))

    def train():
        history = model.fit(flat, flat, batch_size=inputs.shape[1], epochs=1, shuffle=False, verbose=0)
        return history.history["loss"] * len(batches)  # the mean of all is what fit returns

    return train


if __name__ == "__main__":
    serve(prepare)
