"""van den Burg's port: the post's network, its log, its summaries, its figures; and what verify rejects."""

import json
from io import BytesIO

import numpy as np
import pytest
from helpers.runs import run_port
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from legacy_ports.ports import vandenburg
from legacy_ports.tf1 import tf

FIGURES = list(vandenburg.FIGURES)
SIZES = [784, 50, 50, 2, 50, 50, 784]
SHAPES = [shape for a, b in zip(SIZES, SIZES[1:]) for shape in ((a, b), (b,))]


@pytest.fixture
def run(short_run):
    return short_run("vandenburg")


@pytest.fixture
def events(run):
    return EventAccumulator(str(run.folder), size_guidance={"images": 0, "tensors": 0}).Reload()


def test_the_network_is_the_posts():
    with tf.Graph().as_default():
        model = vandenburg.build()
        shapes = [tuple(v.shape.as_list()) for v in tf.trainable_variables()]
    assert shapes == SHAPES
    assert sum(np.prod(s) for s in shapes) == 84586
    assert model.codes.shape.as_list() == [None, 2]
    assert vandenburg.OPTIONS == {
        "steps": 10000,
        "batch_size": 50,
        "learning_rate": 1e-4,
        "readout": ("linear", "relu", "softmax"),
    }
    assert (vandenburg.grid_rows, vandenburg.grid_cols, vandenburg.save_every) == (5, 10, 500)


def test_the_initial_weights_are_the_posts():
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        vandenburg.build()
        sess.run(tf.global_variables_initializer())
        weights = sess.run(tf.trainable_variables())
    for w in weights[1::2]:
        np.testing.assert_array_equal(w, np.float32(0.1))
    kernels = np.concatenate([w.ravel() for w in weights[::2]])
    assert np.abs(kernels).max() <= 0.2  # truncated at two standard deviations
    assert kernels.std() == pytest.approx(0.1 * 0.8796, rel=0.01)  # the deviation that truncation leaves


def test_feeding_codes_decodes(bundled):
    x = bundled.arrays.test_images[:7].reshape(-1, 784) / 255.0
    with tf.Graph().as_default(), tf.Session() as sess:
        model = vandenburg.build()
        sess.run(tf.global_variables_initializer())
        codes, output = sess.run([model.codes, model.output], {model.x: x})
        np.testing.assert_array_equal(sess.run(model.output, {model.codes: codes}), output)


def test_softmax_readout_sums_to_255(bundled):
    with tf.Graph().as_default(), tf.Session() as sess:
        model = vandenburg.build(readout="softmax")
        sess.run(tf.global_variables_initializer())
        output = sess.run(model.output, {model.x: bundled.arrays.test_images[:5].reshape(-1, 784) / 255.0})
    np.testing.assert_allclose(output.sum(axis=1), 255, rtol=1e-5)


def test_the_grid_is_magentas():
    """Image k lies in row k // cols and column k % cols, pixel by pixel and channel by channel."""
    rows, cols, height, width, channels = 3, 4, 2, 5, 3
    images = np.random.RandomState(0).rand(rows * cols, height * width * channels).astype(np.float32)
    expected = np.empty((1, rows * height, cols * width, channels), np.float32)
    for k, image in enumerate(images):
        top, left = k // cols * height, k % cols * width
        expected[0, top : top + height, left : left + width] = image.reshape(height, width, channels)
    with tf.Graph().as_default(), tf.Session() as sess:
        grid = sess.run(vandenburg.form_image_grid(images, [rows, cols], [height, width], channels))
    np.testing.assert_array_equal(grid, expected)


def test_summaries_are_named_and_spaced_as_in_the_post(events):
    assert [e.step for e in events.Scalars("Loss")] == [0, 500]
    tags = {tag: events.Images(tag) for tag in events.Tags()["images"]}
    assert set(tags) == {f"{name}/image/0" for name in ("Input", "Encoder", "Output")} | {
        "figures/" + name.split(".")[0] for name in FIGURES
    }
    sizes = {"Input": (280, 140), "Encoder": (10, 10), "Output": (280, 140)}
    for name, size in sizes.items():
        images = tags[f"{name}/image/0"]
        assert [i.step for i in images] == [0, 500]
        assert all((i.width, i.height) == size for i in images)


def test_the_input_grid_holds_the_batch(events, bundled):
    """The grid of step 0 is the first batch that the seed gives, pixel by pixel."""
    picture = Image.open(BytesIO(events.Images("Input/image/0")[0].encoded_image_string))
    first_batch = next(vandenburg.feed(bundled, 50, seed=0)[0])
    tiles = np.asarray(picture).reshape(5, 28, 10, 28).transpose(0, 2, 1, 3).reshape(50, 784)
    np.testing.assert_allclose(tiles, first_batch * 255, atol=1)


def test_the_graph_is_written_before_the_saver(events):
    graph = tf.GraphDef.FromString(events.Graph().SerializeToString())
    ops = [node.op for node in graph.node]
    assert ops.count("ApplyAdam") == 12
    assert ops.count("TruncatedNormal") == 6
    assert "SaveV2" not in ops


def test_the_loss_falls_and_the_manifest_says_so(run, bundled):
    manifest = json.loads((run.folder / "run.json").read_text())
    (first, second) = manifest["losses"]
    assert (first[0], second[0]) == (0, 500)
    assert second[1] < 0.75 * first[1]
    assert manifest["results"]["final test loss"]["value"] < 0.075
    assert manifest["parameters"] == 84586
    assert manifest["data"]["sha256"] == bundled.sha256


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_made_and_not_blank(run, events, name):
    data = (run.folder / "figures" / name).read_bytes()
    assert events.Images(f"figures/{name.split('.')[0]}")[0].encoded_image_string == data
    picture = Image.open(BytesIO(data))
    assert getattr(picture, "n_frames", 1) == {"input_output.gif": 3, "circle_walk.gif": 60}.get(name, 1)
    frames = []
    for i in range(getattr(picture, "n_frames", 1)):
        picture.seek(i)
        frames.append(np.asarray(picture.convert("RGB"), float))
    assert all(frame.std() > 20 for frame in frames)
    assert all(not np.array_equal(a, b) for a, b in zip(frames, frames[1:]))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_run(bundled, tmp_path):
    losses = [
        run_port("vandenburg", bundled, tmp_path / str(k), steps=40, seed=seed).manifest["test_loss"]
        for k, seed in enumerate([3, 3, 4])
    ]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [7, 64])
def test_other_batch_sizes_show_what_fits(bundled, tmp_path, batch_size):
    run = run_port("vandenburg", bundled, tmp_path, steps=3, batch_size=batch_size)
    events = EventAccumulator(str(run.folder)).Reload()
    (image,) = events.Images("Input/image/0")
    assert (image.width, image.height) == {7: (7 * 28, 28), 64: (280, 140)}[batch_size]
