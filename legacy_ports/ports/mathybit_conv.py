"""Intro to Autoencoders - mathybit, 29 August 2018: the convolutional autoencoder.
https://github.com/mathybit/ml-tutorials

What the post says
    In Keras, down: convolutions of 4 and 8 filters, 5 x 5, each with 2 x 2 max pooling (average is "a
    viable alternative"), dense 150, tanh codings of 16. Up: dense 120, 320 and 7 x 7 x 16, twice an
    upsampling and a convolution, of 8 and 4 filters (Conv2DTranspose is "also possible"), a sigmoid
    read-out. ReLU between; mean squared error; Adam; batches of 200. It learns "significantly faster"
    than the dense one, looks good after 10 epochs and takes a 9 for a 7.
What the post shows
    A drawing of the network; the reconstructions of some images over 5 epochs, animated; 36 digits
    decoded from N(0, 0.33); the KernelPCA of 3,000 training codings in 3-D, colored by digit.
What changed, and why
    keras.datasets -> legacy_ports.data.batches. compile and fit -> the loss, the optimizer and the loop,
    written out as Keras 2.2.2 had them: tf-keras's fit shuffles otherwise (see batches.keras_batches). A step
    is run.train, which may take many at once (--engine). K.clear_session is left out: each run has a graph of
    its own. An epoch is 300 steps on any data and with any batch, so that the bundled digits are trained as far
    as the post's. The models are saved as the notebook saved them, .h5 files; --restore RUNFOLDER loads them
    instead of training. X_test, which the post never prepares, is prepared as X_train. All figures are of one
    run, where the notebook trains again for some. Histograms and the 2-D KernelPCA, which the post shows of the
    dense model alone, are drawn here too.
Open questions
    The post trains for 5 epochs in its animation and says that 10 look good; it gives no loss. Here 10.
    Which upsampling Conv2DTranspose replaces, and with what stride, is not said: here each upsampling
    with its convolution, same filters and kernel, stride 2; that leaves the number of weights as it is.
Running this gives
    359,263 weights; on the full data, seed 0, a loss of 0.0849 over the first epoch, 0.0140 over the tenth,
    and a test score of 0.0136. On TensorFlow 1.10 with Keras 2.2.2 nine of ten seeds have 0.0158 to 0.0207
    after five epochs, and one stays at black pictures.
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
from legacy_ports.tf1 import glorot_uniform, keras, tf
from tb_plugin.from_keras import encoder_from_keras, from_keras

OPTIONS = {
    "steps": 0,  # the epochs decide
    "epochs": 10,
    "batch_size": 200,
    "learning_rate": 0.001,
    "codings": ("tanh", "relu", "sigmoid", "linear"),
    "pooling": ("max", "average"),
    "upsampling": ("nearest", "transpose"),
    "restore": "",
}
HELP = {
    "epochs": "how many epochs of 300 steps; --steps goes before it",
    "codings": "the activation of the codings, as the post says",
    "pooling": "the pooling of the encoder, as the post says",
    "upsampling": "the upsampling of the decoder: nearest neighbor, or transposed convolutions",
    "restore": "load the trained models of this run instead of training",
}
FIGURES = {
    "network.png": "The network: convolutions with pooling, dense layers, 16 codings, and the way back up to 28 x 28.",
    "reconstruction_progress.gif": "Some digits above, their reconstructions below, after each epoch.",
    "reconstructions.png": "The first test digit of each class above, its reconstruction below.",
    "generated_digits.png": "36 pictures decoded from codings drawn from N(0, 0.33).",
    "codings_histograms.png": "Histograms of eight of the codings over the training images.",
    "kernel_pca_2d.png": "KernelPCA of 3,000 training codings in two dimensions, colored by digit.",
    "kernel_pca_3d.png": "KernelPCA of 3,000 training codings in three dimensions, colored by digit.",
}
ENGINE = "session"  # XLA has no gradient of the nearest-neighbor upsampling
PROOF = {
    "weights": 359_263,
    "networks": {
        "mathybit_conv": "conv relu pool conv relu pool dense relu dense tanh dense relu dense relu dense relu 7x7x16 "
        "upsample conv relu upsample conv relu conv sigmoid"
    },
    # Adam divides tiny gradients by tiny gradients, and so rounding by rounding, from the first step on.
    "tolerances": {"mathybit_conv": {10: 5e-5, 35: 5e-3}},
    "norms": {20: 5e-3},
    "milestones": {"full": (300, 600, 900, 1200, 1500), "bundled": (20, 40, 60, 80, 100)},
    "window": {"full": 300, "bundled": 20},  # an epoch, a pass
    "plateau": {"full": 0.112, "bundled": 0.1127},  # black pictures
}
height, width, channels = 28, 28, 1
n_codings = 16
steps_per_epoch = 300  # 60,000 images in batches of 200
n_examples = 8
n_images = 36
saturated = 0.99  # mean |tanh| of the codings
coordinates = (0, 1, 2, 4, 5, 6, 7, 14)
kernel_pca_2d = {"kernel": "poly", "gamma": 0.15, "degree": 2}
kernel_pca_3d = {"kernel": "rbf", "gamma": 0.18}
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


def build(learning_rate=0.001, codings="tanh", pooling="max", upsampling="nearest"):
    """Builds the post's network and its optimizer in the present graph."""
    Sequential, layers = keras.Sequential, keras.layers
    Activation, Flatten, Reshape, UpSampling2D = layers.Activation, layers.Flatten, layers.Reshape, layers.UpSampling2D
    Pooling2D = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[pooling]
    Conv2D, Conv2DTranspose, Dense = map(as_keras_2, (layers.Conv2D, layers.Conv2DTranspose, layers.Dense))

    encoder = Sequential(name="encoder")
    encoder.add(Conv2D(input_shape=(height, width, channels), filters=4, kernel_size=5, strides=1, padding="same"))
    encoder.add(Activation("relu"))
    encoder.add(Pooling2D(pool_size=(2, 2)))

    encoder.add(Conv2D(filters=8, kernel_size=5, strides=1, padding="same"))
    encoder.add(Activation("relu"))
    encoder.add(Pooling2D(pool_size=(2, 2)))

    encoder.add(Flatten())

    encoder.add(Dense(units=150))
    encoder.add(Activation("relu"))

    encoder.add(Dense(units=n_codings))
    encoder.add(Activation(codings, name="output"))

    decoder = Sequential(name="decoder")
    decoder.add(Dense(input_shape=(n_codings,), units=120, name="codings_in"))
    decoder.add(Activation("relu"))
    decoder.add(Dense(units=320))
    decoder.add(Activation("relu"))

    h0 = encoder.layers[-6].output_shape[1]  # the second pooling: 7 x 7
    w0 = encoder.layers[-6].output_shape[2]
    feats = 16
    decoder.add(Dense(units=h0 * w0 * feats))
    decoder.add(Activation("relu"))
    decoder.add(Reshape(target_shape=(h0, w0, feats)))

    for filters, kernel_size in ((8, 5), (4, 6)):
        if upsampling == "nearest":
            decoder.add(UpSampling2D(size=(2, 2)))
            decoder.add(Conv2D(filters=filters, kernel_size=kernel_size, strides=1, padding="same"))
        else:
            decoder.add(Conv2DTranspose(filters=filters, kernel_size=kernel_size, strides=2, padding="same"))
        decoder.add(Activation("relu"))

    decoder.add(Conv2D(filters=1, kernel_size=7, strides=1, padding="same"))
    decoder.add(Activation("sigmoid", name="output"))

    model = Sequential()
    model.add(encoder)
    model.add(decoder)
    assert (encoder.count_params(), decoder.count_params(), model.count_params()) == (62_278, 296_985, 359_263)
    assert (h0, w0) == (7, 7)

    x, codes, output = model.input, encoder.get_output_at(-1), model.output  # -1: as a part of model
    # mean_squared_error is the mean over the last axis, compile takes the mean over the others.
    loss = tf.reduce_mean(keras.losses.mean_squared_error(x, output))
    # Keras 2.2.2's Adam, keras/optimizers.py: p -= lr * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)
    # with epsilon = K.epsilon() = 1e-7, no decay, no amsgrad. TensorFlow's ApplyAdam, which this one
    # calls, has the same epsilon: outside the root, not corrected for t.
    optimizer = keras.optimizers.legacy.Adam(learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    (train_step,) = optimizer.get_updates(loss, model.trainable_weights)
    return Model(x, codes, output, loss, train_step, encoder, decoder, model)


def main(run: Run, *, steps, epochs, batch_size, learning_rate, codings, pooling, upsampling, restore, seed):
    # load the data
    batches, X_test = keras_batches(run.digits, batch_size, seed)
    # build the models
    tf.set_random_seed(seed)
    model = build(learning_rate, codings, pooling, upsampling)
    model.encoder.summary(print_fn=run.log)
    model.decoder.summary(print_fn=run.log)
    model.model.summary(print_fn=run.log)
    run.figure(
        "network.png",
        network_diagram(
            [
                ("input", (28, 28, 1)),
                ("convolution", (28, 28, 4)),
                (f"{pooling} pooling", (14, 14, 4)),
                ("convolution", (14, 14, 8)),
                (f"{pooling} pooling", (7, 7, 8)),
                ("dense", (150,)),
                (f"codings ({codings})", (n_codings,)),
                ("dense", (120,)),
                ("dense", (320,)),
                ("dense", (7, 7, 16)),
                ("convolution", (14, 14, 8)),
                ("convolution", (28, 28, 4)),
                ("output", (28, 28, 1)),
            ],
            "A convolutional autoencoder",
        ),
    )

    with run.session() as sess:
        keras.backend.set_session(sess)
        sess.run(tf.global_variables_initializer())
        decoder, encoder = lambda: from_keras(model.decoder), lambda: encoder_from_keras(model.encoder)
        run.latent(sess, model, X_test, decoder, encoder, steps_per_epoch)
        if restore:
            architecture = {"codings": codings, "pooling": pooling, "upsampling": upsampling}
            theirs = restore_model(Path(restore), "mathybit_conv", architecture, model.model)
            run.manifest["restored"] = {"run": restore, "options": theirs}
        else:
            train(run, sess, model, batches, X_test, steps or epochs * steps_per_epoch, codings, seed)
            save_models(run.folder, encoder=model.encoder, decoder=model.decoder, model=model.model)

        score = mean_loss(sess, model.loss, model.x, X_test)
        run.log(f"Test score: {score}")
        run.result("weights", run.manifest["parameters"], "359,263, from its layers")
        run.test_loss("test score", score, "not given")

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

    run.result("loss of the first epoch", float(epoch_losses[0]), "not given")
    run.result("loss of the last epoch", float(epoch_losses[-1]), "not given")
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
