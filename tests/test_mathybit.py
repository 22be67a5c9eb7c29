"""The two mathybit ports: facts, what a run leaves behind, restoring."""

import json
import math

import numpy as np
import pytest
from helpers.runs import run_port
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from legacy_ports import UserError, cli, ports
from legacy_ports.data.batches import keras_batches, keras_pixels
from legacy_ports.ports._mathybit import restore_model
from legacy_ports.proof import distribution
from legacy_ports.tf1 import keras, tf

DENSE, CONV = "mathybit_dense", "mathybit_conv"
FIGURES = list(ports.facts(DENSE).figures)


@pytest.fixture
def dense_run(short_run):
    return short_run(DENSE)


@pytest.fixture
def conv_run(short_run):
    return short_run(CONV)


@pytest.fixture(params=[DENSE, CONV])
def either_run(request):
    return request.getfixturevalue(request.param.removeprefix("mathybit_") + "_run")


@pytest.fixture
def graph():
    with tf.Graph().as_default():
        yield


# ---- structure -----------------------------------------------------------------------------------


def output_shapes(model):
    return [layer.output_shape[1:] for layer in model.layers]


def test_the_dense_network_is_the_posts(graph):
    model = ports.load(DENSE).build()
    assert [v.shape.as_list() for v in tf.trainable_variables()] == [
        [784, 250],
        [250],
        [250, 16],
        [16],
        [16, 320],
        [320],
        [320, 784],
        [784],
    ]
    assert [model.encoder.name, model.decoder.name] == ["encoder", "decoder"]
    assert model.encoder.layers[0].name == "input"
    assert model.encoder.layers[-1].name == "codings"
    assert model.decoder.layers[0].name == "codings_in"
    assert model.decoder.layers[-1].name == "output"
    assert output_shapes(model.encoder) == [(784,), (250,), (250,), (16,), (16,)]
    assert output_shapes(model.decoder) == [(320,), (320,), (784,), (784,), (28, 28, 1)]
    # as the notebook's summaries print them
    assert [layer.count_params() for layer in model.encoder.layers] == [0, 196250, 0, 4016, 0]
    assert [layer.count_params() for layer in model.decoder.layers] == [5440, 0, 251664, 0, 0]
    assert model.model.count_params() == 457_370


def test_the_convolutional_network_is_the_posts(graph):
    model = ports.load(CONV).build()
    assert [v.shape.as_list() for v in tf.trainable_variables()[::2]] == [
        [5, 5, 1, 4],
        [5, 5, 4, 8],
        [392, 150],
        [150, 16],
        [16, 120],
        [120, 320],
        [320, 784],
        [5, 5, 16, 8],
        [6, 6, 8, 4],
        [7, 7, 4, 1],
    ]
    assert model.encoder.layers[-1].name == model.decoder.layers[-1].name == "output"
    assert model.decoder.layers[0].name == "codings_in"
    assert output_shapes(model.encoder)[2::3] == [(14, 14, 4), (7, 7, 8), (150,)]
    assert output_shapes(model.decoder)[6:] == [
        (7, 7, 16),
        (14, 14, 16),
        (14, 14, 8),
        (14, 14, 8),
        (28, 28, 8),
        (28, 28, 4),
        (28, 28, 4),
        (28, 28, 1),
        (28, 28, 1),
    ]
    assert (model.encoder.count_params(), model.decoder.count_params()) == (62_278, 296_985)


@pytest.mark.parametrize("name", [DENSE, CONV])
def test_weights_start_as_keras_2_2_2_drew_them(graph, name):
    ports.load(name).build()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for value in sess.run(tf.trainable_variables()):
            if value.ndim == 1:
                assert not value.any()
                continue
            limit = math.sqrt(6 / (math.prod(value.shape[:-2]) * sum(value.shape[-2:])))
            assert 0.9 * limit < np.abs(value).max() <= limit
            assert abs(value.std() / (limit / math.sqrt(3)) - 1) < 0.15


@pytest.mark.parametrize("codings", ["tanh", "relu", "sigmoid", "linear"])
@pytest.mark.parametrize("name", [DENSE, CONV])
def test_codings_have_the_chosen_activation_and_decode_when_fed(graph, bundled, name, codings):
    model = ports.load(name).build(codings=codings)
    images = keras_pixels(bundled.arrays.test_images[::100])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        codes, output = sess.run([model.codes, model.output], {model.x: images})
        before = sess.run(model.codes.op.inputs[0] if codings != "linear" else model.codes, {model.x: images})
        decoded = sess.run(model.output, {model.codes: codes})
    assert (codes.shape, output.shape, codes.dtype, output.dtype) == ((10, 16), (10, 28, 28, 1), "float32", "float32")
    expected = {
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "linear": lambda z: z,
    }[codings](before)
    np.testing.assert_allclose(codes, expected, atol=1e-6)
    np.testing.assert_allclose(decoded, output, atol=1e-6)


def test_pooling_and_upsampling_have_a_choice_with_the_same_number_of_weights(graph):
    average = ports.load(CONV).build(pooling="average")
    assert [type(layer).__name__ for layer in average.encoder.layers].count("AveragePooling2D") == 2
    transpose = ports.load(CONV).build(upsampling="transpose")
    kinds = [type(layer).__name__ for layer in transpose.decoder.layers]
    assert (kinds.count("Conv2DTranspose"), kinds.count("UpSampling2D"), kinds.count("Conv2D")) == (2, 0, 1)
    assert transpose.output.shape.as_list() == [None, 28, 28, 1]


@pytest.mark.parametrize("name", [DENSE, CONV])
def test_options_of_the_model_make_another_variant_and_those_of_the_run_do_not(name):
    options = {**ports.post_options(name), "seed": 0}
    assert ports.variant(name, options) == name
    assert ports.variant(name, options | {"epochs": 3, "restore": "x", "steps": 7}) == name
    assert ports.variant(name, options | {"codings": "relu"}) == f"{name}_relu"
    assert "not the post's options" in distribution.test_loss_band(name, options | {"epochs": 3}, "full")
    assert "TensorFlow 1.10.0" in distribution.test_loss_band(name, options, "full")


# ---- runs ----------------------------------------------------------------------------------------


def test_the_animation_has_a_frame_per_epoch_and_the_start(dense_run, conv_run):
    frames = [
        Image.open(run.folder / "figures" / "reconstruction_progress.gif").n_frames for run in (dense_run, conv_run)
    ]
    assert frames == [3, 2]


def test_losses_are_in_tensorboard_per_batch_and_per_epoch(dense_run):
    events = EventAccumulator(str(dense_run.folder), size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    batch_loss, epoch_loss = events.Scalars("batch_loss"), events.Scalars("epoch_loss")
    assert [event.step for event in batch_loss] == list(range(302))
    assert [event.step for event in epoch_loss] == [299, 301]
    values = np.array([event.value for event in batch_loss])
    np.testing.assert_allclose(
        [event.value for event in epoch_loss], [values[:300].mean(), values[300:].mean()], rtol=1e-5
    )
    manifest = json.loads((dense_run.folder / "run.json").read_text())
    np.testing.assert_allclose([loss for _, loss in manifest["losses"]], [event.value for event in epoch_loss])
    assert {f"figures/{name.split('.')[0]}" for name in FIGURES} <= set(events.Tags()["images"])


def test_the_first_losses_are_those_of_the_first_batches(dense_run, bundled, graph):
    """What the loop trains on is what a replay would be fed, with the weights of the run's seed."""
    events = EventAccumulator(str(dense_run.folder), size_guidance={"scalars": 0})
    events.Reload()
    batches, _ = keras_batches(bundled, 200, seed=0)
    tf.set_random_seed(0)
    model = ports.load(DENSE).build()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([model.loss, model.train_step], {model.x: next(batches)})[0] for _ in range(5)]
    np.testing.assert_allclose([event.value for event in events.Scalars("batch_loss")[:5]], losses, rtol=1e-4)


def test_the_bundled_digits_are_trained_as_many_steps_as_the_posts(bundled, tmp_path, monkeypatch):
    seen = []
    for name in (DENSE, CONV):
        port = ports.load(name)
        monkeypatch.setattr(port, "train", lambda run, sess, model, batches, X_test, steps, *rest: seen.append(steps))
        monkeypatch.setattr(port, "draw", lambda *args: None)
        run_port(name, bundled, tmp_path)
    assert seen == [15_000, 3_000]


def test_saturation_is_said_while_it_happens_and_in_the_manifest(dense_run):
    out = dense_run.printed
    first = out.index("codings saturated: mean |tanh| 0.99")
    assert out.index("Epoch 1/2 - loss: 0.07") < first < out.index("Epoch 2/2") < out.index("Test score: 0.067")
    value = json.loads((dense_run.folder / "run.json").read_text())["results"]["codings saturated"]["value"]
    assert value.startswith("2 of 2 epochs; last mean |tanh| 0.99")


def test_nothing_is_said_of_saturation_where_there_is_none(bundled, tmp_path, monkeypatch):
    monkeypatch.setattr(ports.load(DENSE), "draw", lambda *args: None)
    run = run_port(DENSE, bundled, tmp_path, steps=100, codings="relu")
    assert "Epoch 1/1" in run.printed
    assert "saturated" not in run.printed
    assert "codings saturated" not in run.manifest["results"]


def test_summaries_are_printed_as_the_post_prints_them(dense_run):
    for line in (
        "input (Flatten)",
        "codings (Activation)",
        "codings_in (Dense)",
        "output (Reshape)",
        "encoder (Sequential)",
        "Total params: 200266",
        "Total params: 257104",
        "Total params: 457370",
    ):
        assert line in dense_run.printed


# ---- saving and restoring ------------------------------------------------------------------------


def test_the_saved_models_load_in_keras_and_do_the_same(dense_run, bundled, graph):
    images = keras_pixels(bundled.arrays.test_images)
    with tf.Session() as sess:
        keras.backend.set_session(sess)
        encoder, decoder, model = (
            keras.models.load_model(str(dense_run.folder / f"{name}.h5"), compile=False)
            for name in ("encoder", "decoder", "model")
        )
        codes = sess.run(encoder.output, {encoder.input: images})
        stacked = sess.run(decoder.output, {decoder.input: codes})
        output = sess.run(model.output, {model.input: images})
    np.testing.assert_allclose(stacked, output, atol=1e-6)
    score = dense_run.manifest["results"]["test score"]["value"]
    assert np.mean((output - images) ** 2, dtype=float) == pytest.approx(score, rel=1e-5)


@pytest.mark.slow
def test_a_restored_run_has_the_same_score_and_figures(either_run, bundled, tmp_path):
    restored = run_port(either_run.port, bundled, tmp_path, restore=str(either_run.folder))
    assert restored.step == 0
    assert restored.manifest["results"]["test score"]["value"] == either_run.manifest["results"]["test score"]["value"]
    assert restored.manifest["restored"]["run"] == str(either_run.folder)
    for name in set(FIGURES) - {"reconstruction_progress.gif"}:  # that one needs the training
        assert (restored.folder / "figures" / name).read_bytes() == (
            either_run.folder / "figures" / name
        ).read_bytes(), name


def test_a_run_that_cannot_be_restored_is_one_line(graph, dense_run, conv_run, tmp_path):
    model = ports.load(DENSE).build().model

    def refused(folder, codings="tanh"):
        with pytest.raises(UserError) as told:
            restore_model(folder, DENSE, {"codings": codings}, model)
        assert "\n" not in str(told.value)
        return str(told.value)

    with tf.Session() as sess:
        keras.backend.set_session(sess)
        assert "missing: cannot be read (No such file or directory)" in refused(tmp_path / "missing")
        assert f"that run has port {CONV}" in refused(conv_run.folder)
        assert "that run has codings tanh, this one relu" in refused(dense_run.folder, "relu")

        broken = tmp_path / "broken"
        broken.mkdir()
        (broken / "run.json").write_text((dense_run.folder / "run.json").read_text())
        assert "model.h5 cannot be loaded" in refused(broken)
        data = (dense_run.folder / "model.h5").read_bytes()
        for damaged in (b"", b"not a model", data[:5000], data[: len(data) // 2]):
            (broken / "model.h5").write_bytes(damaged)
            assert "model.h5 cannot be loaded" in refused(broken)
        (broken / "model.h5").write_bytes((conv_run.folder / "model.h5").read_bytes())
        assert "model.h5 cannot be loaded" in refused(broken)
        for damaged in ("", "[]", "{}", '{"port": "mathybit_dense", "options": 3}'):
            (broken / "run.json").write_text(damaged)
            assert "run.json: not a run.json" in refused(broken)


def test_a_refused_restore_exits_with_2_and_leaves_no_run(tmp_path, capsys):
    assert (
        cli.main(
            [
                "run",
                DENSE,
                "--data",
                "bundled",
                "--quiet",
                "--logdir",
                str(tmp_path),
                "--restore",
                str(tmp_path / "missing"),
            ]
        )
        == 2
    )
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("legacy-ports: --restore ")
    assert not list((tmp_path / DENSE).iterdir())


def test_verify_knows_no_epochs_and_calls_other_codings_another_experiment(capsys):
    with pytest.raises(SystemExit):
        cli.main(["verify", DENSE, "--epochs", "3"])
    capsys.readouterr()
    assert cli.main(["verify", DENSE, "--data", "bundled", "--codings", "relu"]) == 2
    assert "no recording of mathybit_dense_relu on bundled" in capsys.readouterr().err


def test_the_adam_is_that_of_keras_2_2_2(graph):
    """p -= lr_t * m / (sqrt(v) + epsilon), written out; where the gradient is small, epsilon shows."""
    gradients = np.array([1e-8, -1e-6, 1e-3, 2.0])
    p = tf.Variable(np.zeros(4), dtype=tf.float32, use_resource=True)
    optimizer = keras.optimizers.legacy.Adam(0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    (step,) = optimizer.get_updates(tf.reduce_sum(p * gradients.astype(np.float32)), [p])
    expected, m, v = np.zeros(4), np.zeros(4), np.zeros(4)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for t in range(1, 6):
            sess.run(step)
            m, v = 0.9 * m + 0.1 * gradients, 0.999 * v + 0.001 * gradients**2
            lr_t = 0.001 * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            expected -= lr_t * m / (np.sqrt(v) + 1e-7)
            np.testing.assert_allclose(sess.run(p), expected, rtol=2e-4)
