"""smith's port: the post's network, its Xavier biases, its log, its canvases; and what verify rejects."""

import json

import numpy as np
import pytest
from helpers.runs import run_port
from PIL import Image

from legacy_ports.data.batches import read_data_sets
from legacy_ports.ports import smith
from legacy_ports.tf1 import tf

canvas = smith.canvas
SIZES = [784, 784, 256, 128, 128, 256, 784]
SHAPES = [shape for a, b in zip(SIZES, SIZES[1:]) for shape in ((a, b), (b,))]


@pytest.fixture
def run(short_run):
    return short_run("smith")


def test_the_network_is_the_posts():
    with tf.Graph().as_default():
        model = smith.build()
        assert [tuple(v.shape.as_list()) for v in tf.trainable_variables()] == SHAPES
        ops = [op.type for op in tf.get_default_graph().get_operations()]
        assert ops.count("Relu") == 6
    assert sum(np.prod(shape) for shape in SHAPES) == 1_100_320
    assert model.codes.shape.as_list() == [None, 128]
    assert smith.OPTIONS == {
        "steps": 1000,
        "batch_size": 256,
        "learning_rate": 0.001,
        "loss": ("mse", "cross_entropy"),
        "classifier": False,
    }


@pytest.mark.parametrize(("shape", "limit"), [((784, 256), np.sqrt(6 / 1040)), ((5000,), np.sqrt(3 / 5000))])
def test_xavier_draws_uniformly_also_for_a_vector(shape, limit):
    """A kernel: +-sqrt(6 / (in + out)). A vector, both of whose fans are its length: +-sqrt(3 / length)."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(0)
        drawn = sess.run(smith.xavier_initializer()(shape))
    assert np.abs(drawn).max() <= limit
    assert np.abs(drawn).max() > 0.99 * limit
    assert drawn.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)


def test_every_step_is_logged(run):
    manifest = json.loads((run.folder / "run.json").read_text())
    assert [step for step, _ in manifest["losses"]] == list(range(1, 201))
    assert manifest["parameters"] == 1_100_320
    assert manifest["figures"] == ["network.png", "original_images.png", "reconstructed_images.png"]


def test_the_canvases_show_sixteen_test_digits_and_their_reconstructions(bundled, tmp_path, monkeypatch):
    shown = {}
    monkeypatch.setattr(smith, "canvas", lambda pixels, title: shown.update({title: pixels}) or canvas(pixels, title))
    run_port("smith", bundled, tmp_path, steps=1)
    tiles = {
        title: pixels.reshape(4, 28, 4, 28).transpose(0, 2, 1, 3).reshape(16, 784) for title, pixels in shown.items()
    }
    tests = {digit.tobytes() for digit in read_data_sets(bundled).test.images}
    originals = tiles["Original Images"].astype(np.float32)
    assert len({tile.tobytes() for tile in originals} & tests) == 16
    assert tiles["Reconstructed Images"].shape == originals.shape


def test_the_reconstruction_is_not_blank(run):
    assert np.asarray(Image.open(run.folder / "figures" / "reconstructed_images.png").convert("L")).std() > 20


@pytest.mark.slow
def test_the_classifier_starts_from_the_encoder_and_leaves_the_run_as_it_was(run, bundled, tmp_path):
    assert run.manifest["results"]["test accuracy of the classifier"]["value"] > 0.7
    alone = run_port("smith", bundled, tmp_path, steps=200)
    assert alone.manifest["losses"] == run.manifest["losses"]
    weights = [tf.train.load_checkpoint(str(r.folder / "checkpoints")) for r in (run, alone)]
    for name in ("dense/kernel", "dense_2/bias", "dense_5/kernel"):
        np.testing.assert_array_equal(weights[0].get_tensor(name), weights[1].get_tensor(name))
    assert alone.manifest["results"]["final test loss"] == {
        **run.manifest["results"]["final test loss"],
        "post": alone.manifest["results"]["final test loss"]["post"],
    }


def test_cross_entropy_is_another_experiment(bundled, tmp_path):
    run = run_port("smith", bundled, tmp_path, steps=2, loss="cross_entropy")
    assert run.manifest["losses"][0][1] > 0.5  # about log 2
    assert run.manifest["results"]["final test loss"]["post"] == "not given"
