"""TensorFlow 1 itself, on Python 3.6: "session" as the scripts of the posts, "keras" as the notebook, Keras 2.2.2."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf
from networks import NETWORKS, OPTIMIZER, serve, shape_of


def in_a_session(port, threads, batches):
    x = y = tf.placeholder(tf.float32, (None,) + shape_of(port))
    for _, units, activation in NETWORKS[port]:
        y = tf.layers.dense(y, units, activation and getattr(tf.nn, activation))
    loss = tf.reduce_mean(tf.squared_difference(x, y))
    kind, rate, epsilon = OPTIMIZER[port]
    optimizer = {"adam": tf.train.AdamOptimizer, "rmsprop": tf.train.RMSPropOptimizer}[kind](rate, epsilon=epsilon)
    step = optimizer.minimize(loss)
    sess = tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=threads))
    sess.run(tf.global_variables_initializer())
    return lambda: [sess.run([step, loss], {x: batch})[1] for batch in batches]


def in_keras(port, threads, batches):
    import keras
    from keras import layers

    keras.backend.set_session(tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=threads)))
    model = keras.Sequential()
    for kind, *numbers in NETWORKS[port]:
        first = {} if model.layers else {"input_shape": shape_of(port)}
        if kind == "dense":
            model.add(layers.Dense(numbers[0], activation=numbers[1], **first))
        elif kind == "conv":
            model.add(layers.Conv2D(numbers[0], numbers[1], padding="same", activation=numbers[2], **first))
        elif kind == "reshape":
            model.add(layers.Reshape(numbers))
        else:
            model.add({"pool": layers.MaxPooling2D, "upsample": layers.UpSampling2D, "flatten": layers.Flatten}[kind]())
    _, rate, epsilon = OPTIMIZER[port]
    model.compile(keras.optimizers.Adam(rate, epsilon=epsilon), "mse")
    inputs = batches.reshape((-1,) + shape_of(port))
    losses = []
    kept = keras.callbacks.LambdaCallback(on_batch_end=lambda _, logs: losses.append(logs["loss"]))

    def train():
        del losses[:]
        model.fit(inputs, inputs, batches.shape[1], 1, verbose=0, shuffle=False, callbacks=[kept])
        return losses

    return train


def prepare(port, candidate, threads, batches):
    return {"session": in_a_session, "keras": in_keras}[candidate](port, threads, batches)


if __name__ == "__main__":
    serve(prepare)
