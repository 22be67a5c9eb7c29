"""kajuvonen's port: the post's network, its log, its graph, its figures, its floor; and what verify rejects."""

import json

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from legacy_ports.data.batches import read_data_sets
from legacy_ports.plots import figures
from legacy_ports.ports import kajuvonen
from legacy_ports.tf1 import tf

SIZES = [784, 500, 100, 500, 784]
SHAPES = [shape for a, b in zip(SIZES, SIZES[1:]) for shape in ((a, b), (b,))]


@pytest.fixture
def run(short_run):
    return short_run("kajuvonen")


@pytest.fixture
def events(run):
    return EventAccumulator(str(run.folder), size_guidance={"images": 0}).Reload()


def test_the_network_is_the_posts():
    with tf.Graph().as_default():
        model = kajuvonen.build()
        variables = tf.trainable_variables()
        assert [v.op.name for v in variables] == [
            f"autoencoder/{layer}/{kind}"
            for layer in ("encoder", "code", "decoder", "output")
            for kind in ("kernel", "bias")
        ]
        assert [tuple(v.shape.as_list()) for v in variables] == SHAPES
        assert not {op.type for op in tf.get_default_graph().get_operations()} & {"Relu", "Tanh", "Sigmoid"}
    assert sum(np.prod(shape) for shape in SHAPES) == 885_884
    assert model.codes.shape.as_list() == [None, 100]
    assert kajuvonen.OPTIONS == {"steps": 2000, "batch_size": 100, "learning_rate": 0.001}
    assert kajuvonen.save_every == 100


def test_log_scalar_and_reconstructions_every_100_steps(run, events):
    manifest = json.loads((run.folder / "run.json").read_text())
    assert [step for step, _ in manifest["losses"]] == [100, 200]
    assert [(e.step, e.value) for e in events.Scalars("train_loss")] == [tuple(x) for x in manifest["losses"]]
    assert [e.step for e in events.Images("reconstruction")] == [100, 200]
    assert manifest["parameters"] == 885_884
    assert manifest["results"]["Final test loss"]["value"] < 0.04


def test_the_example_is_training_image_10(run, bundled):
    """The left half of a saved step is the post's example, whatever the batches shuffled."""
    image = bundled.arrays.train_images[10] / 255
    figure = kajuvonen.reconstructions(image)(image, "Step 100")
    shown = Image.open(run.folder / "figures" / "step-00100.png")
    left = [np.asarray(picture)[:, : shown.width // 2 - 20] for picture in (shown, figures.picture(figure))]
    np.testing.assert_array_equal(left[0][60:], left[1][60:])  # below the title


def test_the_graph_shows_the_autoencoder_the_loss_and_adam(events):
    names = {node.name for node in tf.GraphDef.FromString(events.Graph().SerializeToString()).node}
    for scope in ("autoencoder/encoder/", "autoencoder/code/", "mean_squared_error/", "gradients/", "Adam/"):
        assert any(name.startswith(scope) for name in names)


def test_no_linear_run_goes_below_the_floor(run, bundled):
    """Also not one that is trained for the training images alone, far past the post."""
    results = run.manifest["results"]
    floor = results["floor: PCA, training images"]["value"]
    assert results["training loss"]["value"] > floor
    train = read_data_sets(bundled).train.images
    mean = train.mean(axis=0)
    singular = np.linalg.svd(train.astype(float) - mean, compute_uv=False)
    assert floor == pytest.approx((singular[100:] ** 2).sum() / train.size, rel=1e-3)  # Eckart and Young, 1936
