"""Logging a latent space: the records that are stored, with and without TensorFlow."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import latent
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto import summary_pb2

from legacy_ports.tf1 import tf
from tb_plugin import codec, layers, metadata
from tb_plugin.decoder import Decoder
from tb_plugin.summary import LatentWriter
from tb_plugin.summary import latent as summary

codes, labels, images, decoder = latent.arrays()


def events(logdir):
    """Returns (step, tag, blobs) of each summary value in the event file in `logdir`."""
    (path,) = Path(logdir).glob("events.out.tfevents.*")
    return [
        (event.step, value.tag, list(value.tensor.string_val))
        for event in EventFileLoader(str(path)).Load()
        for value in event.summary.value
    ]


def parts(blobs):
    return {name: blob for name, blob in zip(codec.PARTS, blobs) if blob}


def test_the_stored_records(tmp_path):
    with LatentWriter(str(tmp_path)) as writer:
        for step in (5, 7):
            writer.add(
                "z",
                step,
                codes * step,
                labels=labels,
                images=images,
                decoder=decoder,
                class_names=list("abcdefghij"),
                reconstructions=decoder(codes),
                walk={"center": [1, 2], "radius": 3},
            )
    stored = events(tmp_path)
    assert [(step, tag) for step, tag, _ in stored] == [(5, "z/latent"), (5, "z/latent_once"), (7, "z/latent")]
    first, once, second = (parts(blobs) for _, _, blobs in stored)
    assert list(second) == ["head", "codes", "errors", "reconstructions", "decoder"]
    assert {name: once[name] for name in first if name != "head"} == {
        name: first[name] for name in first if name != "head"
    }
    np.testing.assert_array_equal(codec.unpack(second["codes"])[1][0], (codes * 7).astype(np.float32))
    np.testing.assert_array_equal(codec.unpack(once["labels"])[1][0], labels)
    np.testing.assert_allclose(codec.unpack(once["images"])[1][0][..., 0] / 255, images, atol=0.51 / 255)
    np.testing.assert_array_equal(Decoder.from_blob(second["decoder"])(codes), decoder(codes))
    reconstructed = codec.unpack(second["reconstructions"])[1][0]
    np.testing.assert_allclose(reconstructed[..., 0] / 255, decoder(codes), atol=0.51 / 255)
    # images are stored as uint8, and errors are those of the stored images
    expected = np.mean((np.round(images * 255) / 255 - decoder(codes)) ** 2, axis=(1, 2))
    np.testing.assert_allclose(codec.unpack(second["errors"])[1][0], expected, rtol=1e-4)
    head = codec.unpack_head(second["head"])
    assert head == {
        "points": 30,
        "dims": 2,
        "index": 1,
        "image_shape": [6, 6, 1],
        "thumbnail_shape": None,
        "class_names": None,
        "labels": None,
        "walk": {"center": [1, 2], "radius": 3, "frames": 60},
        "parts": list(second)[1:],
        "chart": None,
        "columns": [],
        "projections": [],
        "added": [],
        "split": {},
    }
    head = codec.unpack_head(once["head"])
    assert (head["class_names"], head["labels"]) == (list("abcdefghij"), "classes")


def test_uint8_and_color_images_are_stored_unchanged():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 4, 5, 3), dtype=np.uint8)
    made = summary("z", codes, images=pixels)
    np.testing.assert_array_equal(codec.unpack(made.value[1].tensor.string_val[6])[1][0], pixels)


def test_the_first_step_is_stored_in_both_series_and_the_others_in_one():
    assert [value.tag for value in summary("z", codes).value] == ["z/latent"]
    assert [value.tag for value in summary("z", codes, index=0).value] == ["z/latent", "z/latent_once"]
    assert [value.tag for value in summary("z", codes, index=3).value] == ["z/latent"]


def test_metadata_says_data_class_version_and_names():
    for value in summary("z", codes, index=0, display_name="Z", description="*d*").value:
        assert value.metadata.data_class == summary_pb2.DATA_CLASS_BLOB_SEQUENCE
        assert value.metadata.plugin_data.plugin_name == "latent"
        assert metadata.parse_metadata(value.tag, value.metadata.plugin_data.content)[0] == "z"
        assert (value.metadata.display_name, value.metadata.summary_description) == ("Z", "*d*")


def test_a_tensorflow_1_file_writer_takes_it(tmp_path):
    with tf.Graph().as_default():
        writer = tf.summary.FileWriter(str(tmp_path))
    for index in range(2):
        writer.add_summary(summary("z", codes, index=index, decoder=decoder).SerializeToString(), index * 10)
    writer.close()
    assert [(step, tag) for step, tag, _ in events(tmp_path)] == [
        (0, "z/latent"),
        (0, "z/latent_once"),
        (10, "z/latent"),
    ]
    listed = latent.Routes(tmp_path).get("/runs").json
    assert listed["."]["z"]["steps"] == [0, 10]


def test_pytorch_tensors_and_its_summary_writer(tmp_path):
    torch = pytest.importorskip("torch", reason="NOT TESTED with PyTorch: the extra `frameworks` is not installed")
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        z = torch.tensor(codes, requires_grad=True)
        writer.file_writer.add_summary(summary("z", z, labels=torch.tensor(labels), images=torch.tensor(images)), 3)
    stored = latent.Routes(tmp_path).array("/codes", run=".", tag="z")
    np.testing.assert_array_equal(stored, codes.astype(np.float32))


def test_the_writer_refuses_data_that_differs_from_the_first_step(tmp_path):
    with LatentWriter(str(tmp_path)) as writer:
        writer.add("z", 0, codes, labels=labels, images=images)
        for message, arguments in {
            r"codes: shape is \[29, 2\], it must be \[30, 2\] as at the first step": {"codes": codes[1:]},
            "labels: they differ from the first step's": {"labels": labels + 1},
            "images: they differ": {"images": images[::-1]},
            "class_names: they differ": {"class_names": list("abcdefghij")},
            "step: it is -1": {"step": -1},
            "step: it is 1.5": {"step": 1.5},
            "decoder: its pictures are": {"decoder": Decoder(2, [layers.dense(np.ones((2, 35)))])},
            "reconstructions: there are 29": {"reconstructions": images[1:]},
        }.items():
            with pytest.raises(ValueError, match=message):
                writer.add(**{"name": "z", "step": 1, "codes": codes} | arguments)
        writer.add("z", np.int64(1), codes, labels=labels)
    assert [step for step, _, _ in events(tmp_path)] == [0, 0, 1]  # nothing that was refused


WITHOUT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras", "tf_keras", "torch", "legacy_ports"):
            raise ImportError(f"{name} is refused")

sys.meta_path.insert(0, Refuse())
sys.path.insert(0, TESTS)
from helpers import latent
latent.write(LOGDIR)
from tb_plugin.loader import LatentLoader
routes = latent.Routes(LOGDIR)
assert routes.get("/runs").json["."]["codes"]["steps"] == [0, 10, 20]
for route in ("/codes", "/walk.gif"):
    assert routes.get(route, run=".", tag="codes").status_code == 200
assert "tensorflow" not in sys.modules
assert "sklearn" not in sys.modules, "slow to import: only where it is needed"
"""


def test_it_works_where_there_is_no_tensorflow(tmp_path):
    """With TensorFlow refused, for where it is installed TensorBoard itself imports it."""
    script = f"TESTS, LOGDIR = {str(Path(__file__).parent)!r}, {str(tmp_path)!r}\n" + WITHOUT
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_a_logdir_in_a_bucket(tmp_path):
    """Written and read through fsspec, here in memory. TensorBoard uses it where there is no TensorFlow."""
    script = f"TESTS, LOGDIR = {str(Path(__file__).parent)!r}, 'memory://logs/a run'\n" + WITHOUT
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_float16_halves_the_bytes_of_the_codes():
    """But not where a number is beyond its range."""
    exact, half = (
        parts(summary("z", codes, float16=float16).value[0].tensor.string_val)["codes"] for float16 in (False, True)
    )
    assert codec.payload_bytes(codec.unpack_raw(exact)[0]) == 2 * codec.payload_bytes(codec.unpack_raw(half)[0])
    np.testing.assert_allclose(codec.unpack(half)[1][0], codes, rtol=1e-3)
    with pytest.raises(ValueError, match="codes: a number is too large for float16"):
        summary("z", codes * 1e6, float16=True)
