"""Simple MNIST autoencoder in TensorFlow - Gertjan van den Burg, 26 October 2017.
https://gertjanvandenburg.com/blog/autoencoder/

What the post says
    784-50-50-2-50-50-784 after Andrej Karpathy's ConvNetJS demo: tanh, a linear code of 2 and a linear
    read-out; weights truncated normal 0.1, biases 0.1; mean squared error; Adam 1e-4; 10,000 steps,
    logged every 500. A ReLU over the read-out removes the gray offset; so might a softmax times 255.
What the post shows
    In TensorBoard the scalar Loss and the grids Input, Encoder, Output; an animation of input and
    output over training (also with the ReLU); a scatter of the codes of the first 1,000 test digits;
    a walk around a circle in latent space.
What changed, and why
    read_data_sets -> legacy_ports.data.batches (removed in TensorFlow 2.0). form_image_grid -> written here
    (Magenta is archived); the bracket that layer_grid_summary has in the wrong place is put right. tf is
    tf.compat.v1. Adam's defaults are written out. The writer also gets the graph; every step's loss is fetched,
    with its update. sess.run of a step -> run.train, which may take many steps at once (--engine). For a
    --batch-size other than 50 the grids show what fits.
Open questions
    The batch size is not in the post; its grids of 5 x 10 show one batch, which makes it 50, as in the
    code that the author keeps on GitHub, which trains 200,001 steps. The post sets no seed; ours is 0.
    Which images the animation follows, and where the circle lies, is not said: here the first batch, and
    the circle about the mean of the plotted codes, its radius their mean distance from there. A softmax
    sums to 1, so times 255 every picture sums to 255, in the post's words "the range [0, 255]"; but the
    input is in 0..1 and a digit sums to about 103 there, so that read-out is always too bright and cannot
    fit.
Running this gives
    84,586 weights and a test loss of about 0.052 (0.050 with the ReLU), as TensorFlow 1.4.0 gave over
    ten seeds; see README for the figures and their runs.
"""

from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from legacy_ports.data.batches import next_batches, read_data_sets
from legacy_ports.plots import figures
from legacy_ports.plots.diagram import network_diagram
from legacy_ports.run.engine import Run, mean_loss
from legacy_ports.run.latent import dense_decoder, dense_encoder
from legacy_ports.tf1 import tf
from tb_plugin.decoder import Decoder
from tb_plugin.gif import gif
from tb_plugin.layers import scale

OPTIONS = {
    "steps": 10000,
    "batch_size": 50,
    "learning_rate": 1e-4,
    "readout": ("linear", "relu", "softmax"),
}
HELP = {"readout": "what is applied to the output layer, as the post suggests"}
FIGURES = {
    "network.png": "The network: 784 inputs, two tanh layers of 50, a code of 2, two tanh layers of 50, 784 outputs.",
    "input_output.gif": "Over training: 50 digits going in, and what comes out of the network.",
    "latent_space.png": "The codes of the first 1,000 test digits in the plane, colored by digit.",
    "circle_walk.gif": "A point walks around a circle among the codes; beside it the digit decoded from where it is.",
}
ENGINE = "fused"  # 0.6 of the session's time per step
PROOF = {
    "weights": 84_586,
    "networks": {
        "vandenburg": "dense tanh dense tanh dense dense tanh dense tanh dense",
        "vandenburg_relu": "dense tanh dense tanh dense dense tanh dense tanh dense relu",
    },
    "variants": {"vandenburg_relu": {"readout": "relu"}},
    # TensorFlow 1.4 on two threads agrees with itself to 5e-7 over all steps. Not so with the ReLU, whose gates
    # rounding decides: in the worst seed it is amplified a hundredfold after 2,112 steps with AVX2, 2,413 with AVX-512.
    "tolerances": {"vandenburg": {10_000: 2e-5}, "vandenburg_relu": {2_000: 1e-5}},
    "norms": {100: 1e-6},
    # None between 1,500 and 2,500: there some runs are already past a plateau that most are on.
    "milestones": {"full": (500, 1000, 4000, 7000, 10000), "bundled": (500, 1000, 4000, 7000, 10000)},
    "window": {"full": 500, "bundled": 500},
}
grid_rows, grid_cols = 5, 10
save_every = 500
feed = next_batches


def weight_variable(shape):
    initial = tf.truncated_normal(shape, stddev=0.1)
    return tf.Variable(initial)


def bias_variable(shape):
    initial = tf.constant(0.1, shape=shape)
    return tf.Variable(initial)


def fc_layer(prev, input_size, output_size):
    w = weight_variable([input_size, output_size])
    b = bias_variable([output_size])
    return tf.matmul(prev, w) + b


def autoencoder(x, readout="linear"):
    l1 = tf.nn.tanh(fc_layer(x, 28 * 28, 50))
    l2 = tf.nn.tanh(fc_layer(l1, 50, 50))
    l3 = fc_layer(l2, 50, 2)
    l4 = tf.nn.tanh(fc_layer(l3, 2, 50))
    l5 = tf.nn.tanh(fc_layer(l4, 50, 50))
    out = fc_layer(l5, 50, 28 * 28)
    if readout == "relu":
        out = tf.nn.relu(out)
    elif readout == "softmax":
        out = 255.0 * tf.nn.softmax(out)
    loss = tf.reduce_mean(tf.squared_difference(x, out))
    return loss, out, l3


class Model(NamedTuple):
    """The graph's tensors: x and output float32 [N, 784], codes [N, 2] (may be fed: that decodes)."""

    x: Any
    codes: Any
    output: Any
    loss: Any
    train_step: Any


def build(learning_rate=1e-4, readout="linear"):
    """Builds the post's network and its optimizer in the present graph."""
    x = tf.placeholder(tf.float32, shape=[None, 28 * 28])
    loss, output, latent = autoencoder(x, readout)
    # Adam's defaults of TensorFlow 1.4, tensorflow/python/training/adam.py.
    train_step = tf.train.AdamOptimizer(learning_rate, beta1=0.9, beta2=0.999, epsilon=1e-8).minimize(loss)
    return Model(x, latent, output, loss, train_step)


def decoder(sess, readout):
    """Returns the decoder with its present weights."""
    after = {"softmax": [scale(255.0)]}.get(readout, [])
    dense = dense_decoder(sess, tf.trainable_variables()[6:], ["tanh", "tanh", readout])
    return Decoder(dense.dims, [*dense.layers, *after])


def encoder(sess):
    """Returns the encoder with its present weights."""
    return dense_encoder(sess, tf.trainable_variables()[:6], ["tanh", "tanh", "linear"])


def form_image_grid(images, grid_shape, image_shape, num_channels):
    """Lays out a batch [rows * cols, height * width * channels], row by row, as [1, H, W, channels].

    As magenta/models/image_stylization/image_utils.py did.
    """
    (rows, cols), (height, width) = grid_shape, image_shape
    images = tf.reshape(images, [rows, cols, height, width, num_channels])
    images = tf.transpose(images, [0, 2, 1, 3, 4])
    return tf.reshape(images, [1, rows * height, cols * width, num_channels])


def layer_grid_summary(name, var, image_dims, batch_size):
    prod = np.prod(image_dims)
    rows, cols = min(grid_rows, max(1, batch_size // grid_cols)), min(grid_cols, batch_size)
    grid = form_image_grid(tf.reshape(var[: rows * cols], [rows * cols, prod]), [rows, cols], image_dims, 1)
    return tf.summary.image(name, grid)


def create_summaries(loss, x, latent, output, batch_size):
    tf.summary.scalar("Loss", loss)
    input_grid = layer_grid_summary("Input", x, [28, 28], batch_size)
    layer_grid_summary("Encoder", latent, [2, 1], batch_size)
    output_grid = layer_grid_summary("Output", output, [28, 28], batch_size)
    return tf.summary.merge_all(), [input_grid, output_grid]


def main(run: Run, *, steps, batch_size, learning_rate, readout, seed):
    # load the data
    mnist = read_data_sets(run.digits, seed=seed)
    # build the model, initialize optimizer
    tf.set_random_seed(seed)
    x, latent, output, loss, train_step = model = build(learning_rate, readout)
    # initialize summaries
    summary_op, grids = create_summaries(loss, x, latent, output, batch_size)

    run.figure(
        "network.png",
        network_diagram(
            [
                ("input", (784,)),
                ("tanh", (50,)),
                ("tanh", (50,)),
                ("code", (2,)),
                ("tanh", (50,)),
                ("tanh", (50,)),
                ("output", (784,)),
            ],
            "Simple MNIST autoencoder",
        ),
    )

    frames: list[np.ndarray] = []
    first_batch = np.empty((batch_size, 28 * 28), np.float32)
    # run the training loop
    with run.session() as sess:
        sess.run(tf.global_variables_initializer())
        run.latent(
            sess, model, mnist.test.images, lambda: decoder(sess, readout), lambda: encoder(sess), save_every, walk_of
        )
        batches = run.ahead(sess, model, mnist.train.batches(batch_size))
        for i in run.steps(range(steps), keep={"batches": mnist.train, "first_batch": first_batch, "frames": frames}):
            batch = next(batches)
            feed = {x: batch}
            if i == 0:
                first_batch[:] = batch
            if i % save_every == 0:
                summary, train_loss = sess.run([summary_op, loss], feed_dict=feed)
                run.log("step: %d. loss: %g" % (i, train_loss))
                run.loss(i, train_loss)
                run.writer.add_summary(summary, i)
                run.writer.flush()
                frames.append(pixels(sess.run(grids, feed_dict={x: first_batch})))
            train_loss = run.train(batch)
            run.batch_loss(train_loss)
        frames.append(pixels(sess.run(grids, feed_dict={x: first_batch})))

        run.result("weights", run.manifest["parameters"], "84,586, from its layers")
        run.test_loss("final test loss", mean_loss(sess, loss, x, mnist.test.images), "not given")

        run.log("drawing the figures")
        run.figure("input_output.gif", input_output_animation([*range(0, steps, save_every), steps], frames))
        codes = sess.run(latent, feed_dict={x: mnist.test.images[:1000]})
        labels = mnist.test.labels[:1000]
        run.figure("latent_space.png", latent_space(codes, labels))
        run.figure("circle_walk.gif", circle_walk(sess, model, codes, labels))


def pixels(grids):
    """Returns the pictures in the image summaries `grids`, as tf.summary.image renders them: uint8 [N, H, W]."""
    encoded = [tf.Summary.FromString(grid).value[0].image.encoded_image_string for grid in grids]
    return np.stack([np.asarray(Image.open(BytesIO(png))) for png in encoded])


def input_output_animation(steps, frames):
    """Returns the grids Input and Output of one batch over training, uint8 [2, H, W] after each of `steps`."""
    figure = figures.new_figure(9.2, 2.9)
    for axes, title, grid in zip(figure.subplots(1, 2), ("Input", "Output"), frames[0]):
        shown = figures.show_pixels(axes, grid)
        axes.set_title(title)
    label = figure.supxlabel("iteration: 0")

    def show(frame):
        step, grids = frame
        label.set_text(f"iteration: {step}")
        figures.set_pixels(shown, grids[1])

    moving = [*figures.pixels_and_frame(shown), label]  # the input stays
    return gif(figures.animation(figure, moving, zip(steps, frames), show), milliseconds=400, hold=1600)


def latent_space(codes, labels):
    """Draws the codes [N, 2] of test digits."""
    figure = figures.new_figure(7.5, 6.5)
    axes = figure.subplots()
    figures.scatter_digits(axes, codes, labels)
    axes.set(
        title=f"Latent space of the first {len(codes):,} test digits",
        xlabel="latent neuron 1",
        ylabel="latent neuron 2",
    )
    return figures.png(figure)


def walk_of(codes):
    """Returns the circle about the mean of the first 1,000 codes [N, 2], as far from it as they are on average."""
    center = codes[:1000].mean(axis=0)
    return {"center": center.tolist(), "radius": float(np.linalg.norm(codes[:1000] - center, axis=1).mean())}


def circle_walk(sess, model, codes, labels, frames=60):
    """Draws a walk around a circle in latent space: the path on the scatter, beside the decoded digit."""
    center, radius = walk_of(codes).values()
    t = np.linspace(0, 2 * np.pi, frames, endpoint=False)
    path = np.asarray(center) + radius * np.stack([np.cos(t), np.sin(t)], axis=1)
    digits = sess.run(model.output, feed_dict={model.codes: path}).reshape(-1, 28, 28)

    figure = figures.new_figure(10.5, 5.6)
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    figures.scatter_digits(left, codes, labels)
    left.set(title="A circle in latent space", xlabel="latent neuron 1", ylabel="latent neuron 2")
    left.plot(*np.append(path, path[:1], axis=0).T, color="black", linewidth=1.5)
    (here,) = left.plot(*path[:1].T, "o", color="black", markersize=11, markeredgecolor="white")
    image = figures.show_pixels(right, digits[0])
    right.set_title("What the decoder makes of it")

    def show(frame):
        point, digit = frame
        here.set_data(*point[:, None])
        figures.set_pixels(image, digit)

    moving = [here, *figures.pixels_and_frame(image)]
    return gif(figures.animation(figure, moving, zip(path, digits), show), milliseconds=100)
