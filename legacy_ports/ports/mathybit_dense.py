"""Intro to Autoencoders - mathybit, 29 August 2018: the dense autoencoder.
https://github.com/mathybit/ml-tutorials

What the post says
    784-250-16-320-784 in Keras: ReLU, tanh codings (ReLU, sigmoid or none "work fine too"), a sigmoid
    read-out; mean squared error; Adam; 50 epochs of 300 batches of 200. The loss starts at about 0.07
    and decreases to about 0.01.
What the post shows
    A drawing of the network; the reconstructions of some images over the epochs, animated; 36 digits
    decoded from N(0, 0.33); histograms of eight coordinates of the training codings; their KernelPCA in
    2-D and 3-D, 3,000 of them, colored by digit.
What changed, and why
    keras.datasets -> legacy_ports.data.batches. compile and fit -> the loss, the optimizer and the loop,
    written out as Keras 2.2.2 had them: tf-keras's fit shuffles otherwise (see batches.keras_batches). A step
    is run.train, which may take many at once (--engine). K.clear_session is left out: each run has a graph of
    its own. An epoch is 300 steps on any data and with any batch, so that the bundled digits are trained as far
    as the post's. The models are saved as the notebook saved them, .h5 files; --restore RUNFOLDER loads them
    instead of training. X_test, which the post never prepares, is prepared as X_train. All figures are of one
    run, where the notebook trains again for some.
Open questions
    The post sets no seed; ours is 0. Whether the model learns what the post shows depends on it, on its own
    framework too. The read-out starts at sigmoid(0) = 0.5, the mean pixel is 0.13, and what the first steps
    do about that drives the codings to +-1, where tanh passes no gradient: of thirteen seeds on TensorFlow
    1.10 with Keras 2.2.2 seven stay at the mean image, at 0.0675, and six leave it. The run says "codings
    saturated" while it happens. On more than one thread Keras 2.2.2 had data races, with which runs ended
    at 0.03 to 0.06.
Running this gives
    On the full data, 50 epochs, seed 0: from 0.0739 over the first epoch to 0.0114 over the last, and a test
    score of 0.0114, as TensorFlow 1.10 with Keras 2.2.2 gave. On the bundled digits nine of ten seeds are at
    the mean image after 1,000 steps.
"""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from legacy_ports.data.batches import keras_batches, keras_pixels
from legacy_ports.plots import figures
from legacy_ports.plots.diagram import network_diagram
from legacy_ports.ports._mathybit import (
    generated_digits,
    histograms,
    kernel_pca,
    progress,
    random_images,
    reconstructions,
    restore_model,
    save_models,
)
from legacy_ports.run.engine import Run, mean_loss
from legacy_ports.run.events import scalar
from legacy_ports.run.latent import dense_decoder, dense_encoder
from legacy_ports.tf1 import glorot_uniform, keras, tf

OPTIONS = {
    "steps": 0,  # the epochs decide
    "epochs": 50,
    "batch_size": 200,
    "learning_rate": 0.001,
    "codings": ("tanh", "relu", "sigmoid", "linear"),
    "restore": "",
}
HELP = {
    "epochs": "how many epochs of 300 steps; --steps goes before it",
    "codings": "the activation of the codings, as the post says",
    "restore": "load the trained models of this run instead of training",
}
FIGURES = {
    "network.png": "The network: 784 inputs, dense layers of 250, 16 codings, 320 and 784 outputs.",
    "reconstruction_progress.gif": "Some digits above, their reconstructions below, after each epoch.",
    "reconstructions.png": "The first test digit of each class above, its reconstruction below.",
    "generated_digits.png": "36 pictures decoded from codings drawn from N(0, 0.33).",
    "codings_histograms.png": "Histograms of eight of the codings over the training images.",
    "kernel_pca_2d.png": "KernelPCA of 3,000 training codings in two dimensions, colored by digit.",
    "kernel_pca_3d.png": "KernelPCA of 3,000 training codings in three dimensions, colored by digit.",
}
ENGINE = "fused"  # 0.85 of the session's time per step on two cores
PROOF = {
    "weights": 457_370,
    "networks": {"mathybit_dense": "dense relu dense tanh dense relu dense sigmoid"},
    # Replays are within 6e-7, but a ReLU that lets a gradient pass or not by rounding can make 1.2e-5 of it. In the
    # seeds that leave the mean image rounding is amplified a hundredfold after some 230 steps; in the others never.
    "tolerances": {"mathybit_dense": {150: 2e-5}},
    "horizons": {
        "mathybit_dense": {
            "full": {1: 15_000, 2: 15_000, 5: 15_000, 6: 15_000, 7: 15_000, 8: 15_000},
            "bundled": {0: 1_000, 1: 1_000, 2: 1_000, 3: 1_000, 5: 1_000, 6: 1_000, 7: 1_000, 8: 1_000, 9: 1_000},
        }
    },
    "norms": {100: 2e-5},
    "milestones": {"full": (300, 600, 1500, 4500, 9000, 15000), "bundled": (20, 40, 100, 300, 600, 1000)},
    "window": {"full": 300, "bundled": 20},  # an epoch, a pass
    "plateau": {"full": 0.0673, "bundled": 0.0676},  # the mean image
}
height, width, channels = 28, 28, 1
n_codings = 16
n_inputs = height * width * channels
n_outputs = n_inputs
steps_per_epoch = 300  # 60,000 images in batches of 200
n_examples = 8
n_images = 36
saturated = 0.99  # mean |tanh| of the codings
coordinates = (0, 1, 2, 4, 5, 6, 7, 14)
kernel_pca_2d = {"kernel": "poly", "gamma": 0.15, "degree": 2}
kernel_pca_3d = {"kernel": "poly", "gamma": 0.18, "degree": 5, "random_state": 2}
feed = keras_batches


class Model(NamedTuple):
    """The graph's tensors: x and output float32 [N, 28, 28, 1], codes [N, 16] (may be fed: that decodes).

    Then the post's three Keras models.
    """

    x: Any
    codes: Any
    output: Any
    loss: Any
    train_step: Any
    encoder: Any
    decoder: Any
    model: Any


def as_keras_2(layer):
    """Returns the layer with the initializers of Keras 2.2.2, written out: tf-keras's draw other kernels."""
    return lambda **more: layer(kernel_initializer=glorot_uniform(), bias_initializer="zeros", **more)


def build(learning_rate=0.001, codings="tanh"):
    """Builds the post's network and its optimizer in the present graph."""
    Sequential, layers = keras.Sequential, keras.layers
    Activation, Dense, Flatten, Reshape = layers.Activation, as_keras_2(layers.Dense), layers.Flatten, layers.Reshape

    encoder = Sequential(name="encoder")
    encoder.add(Flatten(input_shape=(height, width, channels), name="input"))
    encoder.add(Dense(units=250))
    encoder.add(Activation("relu"))
    encoder.add(Dense(units=n_codings))
    encoder.add(Activation(codings, name="codings"))

    decoder = Sequential(name="decoder")
    decoder.add(Dense(units=320, input_shape=(n_codings,), name="codings_in"))
    decoder.add(Activation("relu"))
    decoder.add(Dense(units=n_outputs))
    decoder.add(Activation("sigmoid"))
    decoder.add(Reshape(target_shape=(height, width, channels), name="output"))

    model = Sequential()
    model.add(encoder)
    model.add(decoder)
    assert (encoder.count_params(), decoder.count_params(), model.count_params()) == (200_266, 257_104, 457_370)

    x, codes, output = model.input, encoder.get_output_at(-1), model.output  # -1: as a part of model
    # mean_squared_error is the mean over the last axis, compile takes the mean over the others.
    loss = tf.reduce_mean(keras.losses.mean_squared_error(x, output))
    # Keras 2.2.2's Adam, keras/optimizers.py: p -= lr * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)
    # with epsilon = K.epsilon() = 1e-7, no decay, no amsgrad. TensorFlow's ApplyAdam, which this one
    # calls, has the same epsilon: outside the root, not corrected for t.
    optimizer = keras.optimizers.legacy.Adam(learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    (train_step,) = optimizer.get_updates(loss, model.trainable_weights)
    return Model(x, codes, output, loss, train_step, encoder, decoder, model)


def main(run: Run, *, steps, epochs, batch_size, learning_rate, codings, restore, seed):
    # load the data
    batches, X_test = keras_batches(run.digits, batch_size, seed)
    # build the models
    tf.set_random_seed(seed)
    model = build(learning_rate, codings)
    model.encoder.summary(print_fn=run.log)
    model.decoder.summary(print_fn=run.log)
    model.model.summary(print_fn=run.log)
    run.figure(
        "network.png",
        network_diagram(
            [
                ("input", (n_inputs,)),
                ("hidden layer 1", (250,)),
                (f"codings ({codings})", (n_codings,)),
                ("hidden layer 3", (320,)),
                ("output", (n_outputs,)),
            ],
            "A dense autoencoder",
        ),
    )

    with run.session() as sess:
        keras.backend.set_session(sess)
        sess.run(tf.global_variables_initializer())
        run.latent(
            sess,
            model,
            X_test,
            lambda: dense_decoder(sess, model.decoder.trainable_weights, ["relu", "sigmoid"]),
            lambda: dense_encoder(sess, model.encoder.trainable_weights, ["relu", codings]),
            steps_per_epoch,
        )
        if restore:
            theirs = restore_model(Path(restore), "mathybit_dense", {"codings": codings}, model.model)
            run.manifest["restored"] = {"run": restore, "options": theirs}
        else:
            train(run, sess, model, batches, X_test, steps or epochs * steps_per_epoch, codings, seed)
            save_models(run.folder, encoder=model.encoder, decoder=model.decoder, model=model.model)

        score = mean_loss(sess, model.loss, model.x, X_test)
        run.log(f"Test score: {score}")
        run.result("weights", run.manifest["parameters"], "457,370, from its layers")
        run.test_loss("test score", score, "about 0.01")

        run.log("drawing the figures")
        draw(run, sess, model, X_test, seed)


def train(run, sess, model, batches, X_test, steps, codings, seed):
    """Runs the post's fit, and draws its notebook's pictures of the same few images after every epoch."""
    epochs = math.ceil(steps / steps_per_epoch)
    images_const = random_images(run.digits.arrays.train_images, n_examples, seed)
    frames = [sess.run(model.output, {model.x: images_const})]
    losses: list[Any] = []
    epoch_losses: list[Any] = []
    mean_codings: list[Any] = []
    keep = {
        "batches": batches,
        "frames": frames,
        "losses": losses,
        "epoch_losses": epoch_losses,
        "mean_codings": mean_codings,
    }
    ahead = run.ahead(sess, model, batches)
    for i in run.steps(range(steps), keep):
        batch_loss = run.train(next(ahead))
        run.writer.add_summary(scalar("batch_loss", batch_loss), i)
        run.batch_loss(batch_loss)
        losses.append(batch_loss)
        if len(losses) < steps_per_epoch and i + 1 < steps:
            continue

        epoch_losses.append(np.mean(losses))
        run.log(f"Epoch {len(epoch_losses)}/{epochs} - loss: {epoch_losses[-1]:.4f}")
        run.loss(i, epoch_losses[-1])
        run.writer.add_summary(scalar("epoch_loss", epoch_losses[-1]), i)
        mean_codings.append(np.abs(sess.run(model.codes, {model.x: X_test[:1000]})).mean())
        run.writer.add_summary(scalar("mean_abs_coding", mean_codings[-1]), i)
        if codings == "tanh" and mean_codings[-1] > saturated:
            run.log(f"codings saturated: mean |tanh| {mean_codings[-1]:.5f}")
        run.writer.flush()
        frames.append(sess.run(model.output, {model.x: images_const}))
        losses.clear()

    run.result("loss of the first epoch", float(epoch_losses[0]), "about 0.07")
    run.result("loss of the last epoch", float(epoch_losses[-1]), "about 0.01")
    saturated_epochs = sum(mean_coding > saturated for mean_coding in mean_codings) if codings == "tanh" else 0
    if saturated_epochs:
        run.result(
            "codings saturated",
            f"{saturated_epochs} of {epochs} epochs; last mean |tanh| {mean_codings[-1]:.5f}",
            "not given; its histograms are not saturated",
        )
    run.figure("reconstruction_progress.gif", progress(images_const, frames))


def encode(sess, model, images):
    """Returns the codes float32 [N, 16] of images uint8 [N, 28, 28]."""
    parts = [keras_pixels(images[i : i + 1000]) for i in range(0, len(images), 1000)]
    return np.concatenate([sess.run(model.codes, {model.x: part}) for part in parts])


def draw(run, sess, model, X_test, seed):
    """Draws the post's figures of a trained model."""
    X_train, y_train, _, y_test = run.digits.arrays
    examples = np.unique(y_test, return_index=True)[1]  # the first of each digit
    images_out = sess.run(model.output, {model.x: X_test[examples]})
    run.figure("reconstructions.png", figures.png(reconstructions(X_test[examples], images_out, "test digits")))

    random = np.random.RandomState(seed)  # NumPy's global generator is left alone
    codings_in = random.normal(0, 0.33, n_images * n_codings).reshape((n_images, n_codings))
    images_out = sess.run(model.output, {model.codes: codings_in})
    run.figure("generated_digits.png", generated_digits(images_out, "digits decoded from N(0, 0.33)"))

    X_codings = encode(sess, model, X_train)
    run.figure("codings_histograms.png", histograms(X_codings, coordinates))
    sample = random.permutation(len(X_train))[:3000]
    for n_components, recipe in ((2, kernel_pca_2d), (3, kernel_pca_3d)):
        picture = kernel_pca(X_codings[sample], y_train[sample], n_components, recipe)
        run.figure(f"kernel_pca_{n_components}d.png", picture)
