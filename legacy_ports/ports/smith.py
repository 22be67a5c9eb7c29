"""Building an Autoencoder for Generative Models - Patrick D. Smith.
https://dev.to/kayis/building-an-autoencoder-for-generative-models-3e1i

What the post says
    Encoder 784-256-128, decoder 128-256-784, each with a layer of its input's size before it, ReLU
    everywhere, the output too; Xavier for kernels and biases; the mean of the squared differences;
    RMSProp 0.001; batches of 256; 1,000 steps, the loss of each printed.
What the post shows
    Two canvases of 4 x 4 test digits, Original Images and Reconstructed Images. It ends with the idea
    that the encoder "becomes a means of initializing a supervised training model".
What changed, and why
    tensorflow.examples.tutorials.mnist -> legacy_ports.data.batches (removed in TensorFlow 2.0).
    tf.contrib.layers.xavier_initializer -> written here (tf.contrib is gone). tf is tf.compat.v1. RMSProp's
    defaults are written out. The post's `sess.run(decoder, ...)` runs a function: x_prime is meant. Its `print`
    is Python 2's. Its comment "at every 1000 out of 30,000 steps" stands over a loop that prints each of 1,000.
    It speaks of an accuracy and of a regularization term; its code has neither. The loss is also a scalar,
    loss. sess.run of a step -> run.train, which may take many steps at once (--engine).
Open questions
    The post prints no loss and sets no seed; ours is 0. ReLU on the output and RMSProp make the training
    chaotic: equal to 2e-5 for 100 steps, free after 300. How long the classifier would train is not said:
    here as long as the autoencoder, with the same optimizer and batches (--classifier). Cross entropy,
    which the post names beside the squared error, needs logits: --loss cross_entropy takes the output
    layer without its ReLU for them, and shows their sigmoid.
Running this gives
    1,100,320 weights, a final test loss of 0.0188 (TensorFlow 1.4.0, ten seeds: 0.0180 to 0.0219);
    with --classifier a test accuracy of 0.983.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from legacy_ports import UserError
from legacy_ports.data.batches import next_batches, read_data_sets
from legacy_ports.plots import figures
from legacy_ports.plots.diagram import network_diagram
from legacy_ports.run.engine import Run, mean_loss
from legacy_ports.run.events import scalar
from legacy_ports.run.latent import dense_decoder, dense_encoder
from legacy_ports.tf1 import tf

OPTIONS = {
    "steps": 1000,
    "batch_size": 256,
    "learning_rate": 0.001,
    "loss": ("mse", "cross_entropy"),
    "classifier": False,
}
HELP = {
    "loss": "the loss: mean squared error, or cross entropy over a sigmoid",
    "classifier": "afterwards train a softmax classifier from the trained encoder, which the post suggests",
}
FIGURES = {
    "network.png": "The network: ReLU layers of 784, 256, a code of 128, 128, 256 and 784 outputs.",
    "original_images.png": "Original Images: 4 x 4 test digits.",
    "reconstructed_images.png": "Reconstructed Images: the same 4 x 4 digits out of the network.",
}
ENGINE = "fused"  # 0.7 of the session's time per step on two cores, the same on one
PROOF = {
    "weights": 1_100_320,
    "networks": {"smith": "dense relu dense relu dense relu dense relu dense relu dense relu"},
    # ReLU everywhere and RMSProp: TensorFlow 1.4 on two threads leaves itself by 5e-5 between steps 165 and 187.
    "tolerances": {"smith": {130: 1e-4}},
    "norms": {100: 1e-6},
    "milestones": {"full": (10, 50, 100, 200, 500, 1000), "bundled": (10, 50, 100, 200, 500, 1000)},
    "window": {"full": 10, "bundled": 10},
}
input_dim = 784
display = 1
n = 4
feed = next_batches


def xavier_initializer():
    """Returns tf.contrib.layers.xavier_initializer: uniform in +-sqrt(3 / n), n the mean of fan-in and fan-out.

    For a vector both fans are its length: tensorflow/contrib/layers/python/layers/initializers.py,
    variance_scaling_initializer with factor 1, FAN_AVG, uniform.
    """

    def initializer(shape, dtype=tf.float32, partition_info=None):
        fan_in, fan_out = (shape[-2] if len(shape) > 1 else shape[-1]), shape[-1]
        limit = math.sqrt(3.0 / ((int(fan_in) + int(fan_out)) / 2.0))
        return tf.random_uniform(shape, -limit, limit, dtype)

    return initializer


initializer = xavier_initializer()


def dense(inputs, units, activation):
    return tf.layers.dense(
        inputs=inputs, units=units, activation=activation, kernel_initializer=initializer, bias_initializer=initializer
    )


def encoder(x):
    input_layer = dense(x, 784, tf.nn.relu)
    z_prime = dense(input_layer, 256, tf.nn.relu)
    z = dense(z_prime, 128, tf.nn.relu)
    return z


def decoder(x, output_activation=tf.nn.relu):
    x_prime_one = dense(x, 128, tf.nn.relu)
    x_prime_two = dense(x_prime_one, 256, tf.nn.relu)
    output_layer = dense(x_prime_two, 784, output_activation)
    return output_layer


class Model(NamedTuple):
    """The graph's tensors: x and output float32 [N, 784], codes [N, 128] (may be fed: that decodes)."""

    x: Any
    codes: Any
    output: Any
    loss: Any
    train_step: Any


def rmsprop(learning_rate):
    # RMSProp's defaults in TensorFlow 1, tensorflow/python/training/rmsprop.py; Keras has epsilon 1e-7.
    return tf.train.RMSPropOptimizer(learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, centered=False)


def build(learning_rate=0.001, loss="mse"):
    """Builds the post's network and its optimizer in the present graph."""
    x = tf.placeholder("float", [None, input_dim])
    # Construct the full autoencoder
    z = encoder(x)
    # x_prime represents our predicted distribution
    if loss == "mse":
        x_prime = decoder(z)
        # Define the loss function and the optimizer
        loss = tf.reduce_mean(tf.pow(x - x_prime, 2))
    else:
        logits = decoder(z, output_activation=None)
        x_prime = tf.nn.sigmoid(logits)
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits))
    optimizer = rmsprop(learning_rate).minimize(loss)
    return Model(x, z, x_prime, loss, optimizer)


def main(run: Run, *, steps, batch_size, learning_rate, loss, classifier, seed):
    if classifier and run.digits.classes > 10:
        raise UserError(f"--classifier tells ten digits apart; {run.digits.origin} has {run.digits.classes} classes")
    mnist = read_data_sets(run.digits, one_hot=True, seed=seed)
    squared = loss == "mse"

    tf.set_random_seed(seed)
    x, _, x_prime, loss, _ = model = build(learning_rate, loss)
    run.figure(
        "network.png",
        network_diagram(
            [
                ("input", (784,)),
                ("ReLU", (784,)),
                ("ReLU", (256,)),
                ("code: ReLU", (128,)),
                ("ReLU", (128,)),
                ("ReLU", (256,)),
                ("output: ReLU" if squared else "output: sigmoid", (784,)),
            ],
            "An autoencoder for generative models",
        ),
    )

    with run.session() as sess:
        sess.run(tf.global_variables_initializer())
        # Each of the 1,000 logged steps would be too many of these: every 50th.
        activations = ["relu", "relu", "relu" if squared else "sigmoid"]
        run.latent(
            sess,
            model,
            mnist.test.images,
            lambda: dense_decoder(sess, tf.trainable_variables()[6:12], activations),
            lambda: dense_encoder(sess, tf.trainable_variables()[:6], ["relu", "relu", "relu"]),
            50,
        )
        # Training Loop
        batches = run.ahead(sess, model, mnist.train.batches(batch_size))
        for i in run.steps(range(1, steps + 1), keep={"batches": mnist.train}):
            # Feed Batches of MNIST Data
            batch_x = next(batches)
            # Run the Optimization Process
            l = run.train(batch_x)
            run.batch_loss(l)
            # Display the loss
            if i % display == 0 or i == 1:
                run.log("Step %i: Loss: %f" % (i, l))
                run.loss(i, l)
                run.writer.add_summary(scalar("loss", l), i)

        run.result("weights", run.manifest["parameters"], "1,100,320, from its layers")
        run.test_loss("final test loss", mean_loss(sess, loss, x, mnist.test.images), "not given")

        canvas_orig, canvas_recon = np.empty((28 * n, 28 * n)), np.empty((28 * n, 28 * n))
        for i in range(n):
            batch_x, _ = mnist.test.next_batch(n)
            # Encode and decode each individual written digit
            g = sess.run(x_prime, feed_dict={x: batch_x})
            for j in range(n):
                # Draw the original digits
                canvas_orig[i * 28 : (i + 1) * 28, j * 28 : (j + 1) * 28] = batch_x[j].reshape([28, 28])
                # Draw the reconstructed digits
                canvas_recon[i * 28 : (i + 1) * 28, j * 28 : (j + 1) * 28] = g[j].reshape([28, 28])
        run.figure("original_images.png", canvas(canvas_orig, "Original Images"))
        run.figure("reconstructed_images.png", canvas(canvas_recon, "Reconstructed Images"))

        if classifier:
            run.result(
                "test accuracy of the classifier",
                classify(run, sess, model, mnist, steps, batch_size, learning_rate),
                "not given",
            )


def canvas(pixels, title):
    """plt.imshow(canvas, origin="upper", cmap="gray"), under its title; without the ticks."""
    figure = figures.new_figure(n, n + 0.35)
    axes = figure.subplots()
    axes.imshow(pixels, origin="upper", cmap="gray")
    axes.set(title=title, xticks=[], yticks=[])
    return figures.png(figure)


def classify(run, sess, model, mnist, steps, batch_size, learning_rate):
    """Trains a softmax head and a copy of the trained encoder under it; returns its test accuracy.

    Built only now: nothing of it may stand between the post's ops.
    """
    before = tf.trainable_variables()
    labels = tf.placeholder(tf.float32, [None, 10])
    logits = dense(encoder(model.x), 10, activation=None)
    loss = tf.losses.softmax_cross_entropy(labels, logits)
    ours = tf.trainable_variables()[len(before) :]
    optimizer = rmsprop(learning_rate)
    train_op = optimizer.minimize(loss, var_list=ours)
    slots = [optimizer.get_slot(v, name) for v in ours for name in optimizer.get_slot_names()]
    sess.run(tf.variables_initializer(ours + slots))
    # The encoder, kernel and bias of its three layers, becomes a means of initializing this model.
    sess.run([copy.assign(trained) for copy, trained in zip(ours[:6], before[:6])])
    for i in range(1, steps + 1):
        batch_x, batch_y = mnist.train.next_batch(batch_size)
        _, l = sess.run([train_op, loss], feed_dict={model.x: batch_x, labels: batch_y})
        if i % 100 == 0:
            run.log("Classifier step %i: Loss: %f" % (i, l))
    predicted = np.concatenate(
        [
            sess.run(logits, feed_dict={model.x: mnist.test.images[i : i + 1000]}).argmax(axis=1)
            for i in range(0, mnist.test.num_examples, 1000)
        ]
    )
    return float(np.mean(predicted == mnist.test.labels.argmax(axis=1)))
