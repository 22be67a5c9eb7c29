"""Visualizing Autoencoder Reconstruction - Antti Juvonen, 2018.
https://github.com/akajuvonen/autoencoder-reconstruct-visualizer

What the post says
    784-500-100-500-784 with tf.layers.dense and no activation; mean squared error; Adam 0.001; batches of
    100; 2,000 steps, the training loss printed and one image reconstructed every 100.
What the post shows
    A drawing of an undercomplete autoencoder; the graph in TensorBoard, as a whole and the autoencoder's
    inside; the reconstruction of training image 10 over training, animated.
What changed, and why
    tf.contrib.learn.datasets.load_dataset -> legacy_ports.data.batches (tf.contrib is gone). tf is
    tf.compat.v1. The variable scope's `name`, undefined in the post's snippet, is the "autoencoder" of its
    graph. sess.run of a step -> run.train, which may take many steps at once (--engine); so the scalar
    train_loss is written from the loss. Defaults are written out: Adam's, the initializers of tf.layers.dense,
    the reduction of tf.losses. train_loss and "Final test loss" are as in the author's script, as are the
    titles "Step N"; the original beside each reconstruction is ours.
Open questions
    The post exists in two states: this one, which its script agrees with, and a later one whose code says
    outer_size=400 and 10,000 steps. It sets no seed; ours is 0. It prints no loss, so none can be held
    against it but that of its TensorFlow's time. Without an activation the network is linear, so that it
    cannot do better on its training images than their PCA with 100 components, whatever its 885,884
    weights: the run prints that floor beside its loss.
Running this gives
    885,884 weights, a final test loss of 0.00597 (TensorFlow 1.4.0, ten seeds: 0.0059 to 0.0061); on
    its training images 0.00610, where the PCA floor is 0.00575.
"""

from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from legacy_ports.data.batches import next_batches, read_data_sets
from legacy_ports.plots import figures
from legacy_ports.plots.diagram import network_diagram
from legacy_ports.run.engine import Run, mean_loss
from legacy_ports.run.events import scalar
from legacy_ports.run.latent import dense_decoder, dense_encoder
from legacy_ports.tf1 import tf
from tb_plugin.gif import gif

OPTIONS = {
    "steps": 2000,
    "batch_size": 100,
    "learning_rate": 0.001,
}
HELP: dict[str, str] = {}
FIGURES = {
    "network.png": "The network: 784 inputs, encoder of 500, code of 100, decoder of 500, 784 outputs.",
    "step-*.png": "Training image 10 beside its reconstruction at this step.",
    "reconstruction.gif": "Training image 10 beside its reconstruction, over training.",
}
ENGINE = "fused"  # 0.7 of the session's time per step on two cores, the same on one
PROOF = {
    "weights": 885_884,
    "networks": {"kajuvonen": "dense dense dense dense"},
    # TensorFlow 1.4 on two threads leaves itself by 5e-5 between steps 727 and 894.
    "tolerances": {"kajuvonen": {500: 5e-5}},
    "norms": {100: 1e-6},
    "milestones": {"full": (100, 200, 400, 800, 1400, 2000), "bundled": (100, 200, 400, 800, 1400, 2000)},
    "window": {"full": 100, "bundled": 100},
}
# Images are 28*28 pixels
input_size = 28 * 28
# Save training loss and image every [save_every] steps
save_every = 100
feed = next_batches


class Model(NamedTuple):
    """The graph's tensors: x and output float32 [N, 784], codes [N, 100] (may be fed: that decodes)."""

    x: Any
    codes: Any
    output: Any
    loss: Any
    train_step: Any


def dense(inputs, units, name):
    # tf.layers.dense's defaults, tensorflow/python/layers/core.py and tf.get_variable's initializer.
    return tf.layers.dense(
        inputs,
        units,
        activation=None,
        kernel_initializer=tf.glorot_uniform_initializer(),
        bias_initializer=tf.zeros_initializer(),
        name=name,
    )


def autoencoder(x, output_size, outer_size=500, inner_size=100):
    with tf.variable_scope("autoencoder"):
        encoder = dense(x, outer_size, name="encoder")
        code = dense(encoder, inner_size, name="code")
        decoder = dense(code, outer_size, name="decoder")
        output = dense(decoder, output_size, name="output")
        return output, code


def build(learning_rate=0.001):
    """Builds the post's network and its optimizer in the present graph."""
    # Input placeholder
    x = tf.placeholder(tf.float32, [None, input_size], name="input")
    # Output prediction step
    output, code = autoencoder(x, input_size)
    # Using MSE loss: the sum of squares over their number, tensorflow/python/ops/losses/losses_impl.py
    loss = tf.losses.mean_squared_error(x, output, reduction=tf.losses.Reduction.SUM_BY_NONZERO_WEIGHTS)
    # Train op using Adam optimizer; its defaults as in tensorflow/python/training/adam.py
    train_op = tf.train.AdamOptimizer(learning_rate, beta1=0.9, beta2=0.999, epsilon=1e-8).minimize(loss)
    return Model(x, code, output, loss, train_op)


def main(run: Run, *, steps, batch_size, learning_rate, seed):
    mnist = read_data_sets(run.digits, seed=seed)
    # Example figure to visualize
    example_fig = [mnist.train.images[10]]

    tf.set_random_seed(seed)
    x, code, output, loss, _ = model = build(learning_rate)
    run.figure(
        "network.png",
        network_diagram(
            [("input", (784,)), ("encoder", (500,)), ("code", (100,)), ("decoder", (500,)), ("output", (784,))],
            "An undercomplete autoencoder",
        ),
    )

    with run.session() as sess:
        init = tf.global_variables_initializer()
        sess.run(init)
        run.latent(
            sess,
            model,
            mnist.test.images,
            lambda: dense_decoder(sess, tf.trainable_variables()[4:], ["linear", "linear"]),
            lambda: dense_encoder(sess, tf.trainable_variables()[:4], ["linear", "linear"]),
            save_every,
        )
        reconstruction = reconstructions(example_fig[0])
        batches = run.ahead(sess, model, mnist.train.batches(batch_size))
        for i in run.steps(range(1, steps + 1), keep={"batches": mnist.train}):
            l = run.train(next(batches))
            run.batch_loss(l)
            if i % save_every == 0:
                run.log("Training loss at step {0}: {1}".format(i, l))
                run.loss(i, l)
                run.writer.add_summary(scalar("train_loss", l), i)
                # Reconstruct example image
                result = sess.run([output], feed_dict={x: example_fig})
                figure = reconstruction(result[0][0], f"Step {i}")
                run.figure(f"step-{i:05}.png", figures.png(figure), tag="reconstruction", step=i)
                run.writer.flush()

        final = mean_loss(sess, loss, x, mnist.test.images)
        run.log(f"Final test loss: {final}")
        on_train, on_test = pca_floor(mnist.train.images, mnist.test.images, code.shape.as_list()[1])
        run.result("weights", run.manifest["parameters"], "885,884, from its layers")
        run.test_loss("Final test loss", final, "not given")
        run.result("training loss", mean_loss(sess, loss, x, mnist.train.images), "not given")
        run.result("floor: PCA, training images", on_train, "no linear network with a code of 100 is below")
        run.result("PCA, test images", on_test, "not given")
        drawn = [run.folder / f"figures/step-{i:05}.png" for i in range(save_every, steps + 1, save_every)]
        if drawn:
            run.figure("reconstruction.gif", gif([Image.open(path) for path in drawn], 300, hold=1500))


def pca_floor(train: np.ndarray, test: np.ndarray, components: int) -> tuple[float, float]:
    """Returns the mean squared error of PCA fitted to `train`, on `train` and on `test`: the floor of a linear code."""
    mean = train.mean(axis=0)

    def scatter(part):  # about the mean of the training images
        centered = part - mean
        return centered.T @ centered / len(part)

    of_train = scatter(train)
    directions = np.linalg.eigh(of_train)[1][:, -components:]

    def left(matrix):  # the variance in all directions, less that in these
        return float(np.trace(matrix) - np.trace(directions.T @ matrix @ directions)) / 784

    return left(of_train), left(scatter(test))


def reconstructions(image):
    """Returns a function that draws the example image beside a reconstruction [784], under a title."""
    figure = figures.new_figure(5.6, 3.3)
    above = figure.suptitle("Step 0")
    for axes, name in zip(figure.subplots(1, 2), ("original", "reconstruction")):
        shown = figures.show_pixels(axes, image.reshape(28, 28))
        axes.set_xlabel(name)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # the next draws keep this layout

    def draw(result, title):
        above.set_text(title)
        figures.set_pixels(shown, result.reshape(28, 28))
        return figure

    return draw
