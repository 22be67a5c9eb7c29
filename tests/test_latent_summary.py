"""Logging a latent space: what is stored, and what is refused."""

import ast
import json
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from helpers import latent
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto import summary_pb2

import tb_plugin
from legacy_ports.tf1 import tf
from tb_plugin import codec, layers, validation
from tb_plugin.decoder import Decoder
from tb_plugin.summary import LatentWriter
from tb_plugin.summary import latent as summary

codes, labels, images, decoder = latent.arrays()


def events(logdir):
    """(step, tag, blobs) of all that an event file in `logdir` has."""
    (path,) = Path(logdir).glob("events.out.tfevents.*")
    return [
        (event.step, value.tag, list(value.tensor.string_val))
        for event in EventFileLoader(str(path)).Load()
        for value in event.summary.value
    ]


def parts(blobs):
    return {name: blob for name, blob in zip(codec.PARTS, blobs) if blob}


def test_what_is_stored(tmp_path):
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
    # the images are stored as bytes, and the errors are those of what is stored
    expected = np.mean((np.round(images * 255) / 255 - decoder(codes)) ** 2, axis=(1, 2))
    np.testing.assert_allclose(codec.unpack(second["errors"])[1][0], expected, rtol=1e-4)
    head = codec.unpack_head(second["head"])
    assert head == {
        "points": 30,
        "dims": 2,
        "index": 1,
        "image_shape": [6, 6, 1],
        "class_names": None,
        "walk": {"center": [1, 2], "radius": 3, "frames": 60},
        "parts": list(second)[1:],
    }
    assert codec.unpack_head(once["head"])["class_names"] == list("abcdefghij")


def test_uint8_and_colour_images_come_back_as_they_were():
    pixels = np.random.default_rng(0).integers(0, 256, (30, 4, 5, 3), dtype=np.uint8)
    made = summary("z", codes, images=pixels)
    np.testing.assert_array_equal(codec.unpack(made.value[1].tensor.string_val[6])[1][0], pixels)


def test_without_an_index_or_labels_there_is_one_series_with_index_0_two():
    assert [value.tag for value in summary("z", codes).value] == ["z/latent"]
    assert [value.tag for value in summary("z", codes, index=0).value] == ["z/latent", "z/latent_once"]
    assert [value.tag for value in summary("z", codes, index=3).value] == ["z/latent"]


def test_metadata_says_data_class_version_and_names():
    for value in summary("z", codes, index=0, display_name="Z", description="*d*").value:
        assert value.metadata.data_class == summary_pb2.DATA_CLASS_BLOB_SEQUENCE
        assert value.metadata.plugin_data.plugin_name == "latent"
        assert codec.parse_metadata(value.tag, value.metadata.plugin_data.content)[0] == "z"
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
    torch = pytest.importorskip("torch", reason="NOT TESTED with PyTorch: the extra `torch` is not installed")
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        z = torch.tensor(codes, requires_grad=True)
        writer.file_writer.add_summary(summary("z", z, labels=torch.tensor(labels), images=torch.tensor(images)), 3)
    stored = latent.Routes(tmp_path).array("/codes", run=".", tag="z")
    np.testing.assert_array_equal(stored, codes.astype(np.float32))


NAN = codes.copy()
NAN[3, 1] = np.nan
REFUSED = {
    "NaN": (r"codes: 1 of 60 numbers are not finite .* \[3, 1\]", {"codes": NAN}),
    "too large": ("codes: .*not finite", {"codes": codes * 1e300}),
    "ragged": ("codes: rows of different lengths", {"codes": [[1, 2], [3]]}),
    "text": ("codes: of type", {"codes": [["a", "b"]]}),
    "complex": ("codes: of type complex", {"codes": codes * 1j}),
    "a vector": (r"codes: shape \[30\]", {"codes": codes[:, 0]}),
    "no points": (r"codes: shape \[0, 2\]", {"codes": codes[:0]}),
    "too many": (r"codes: shape \[200001, 1\]; at most 200,000", {"codes": np.zeros((200_001, 1))}),
    "labels' length": (r"labels: shape \[29\] for 30 codes", {"labels": labels[1:]}),
    "labels' type": ("labels: of type float64", {"labels": labels / 2}),
    "labels beyond names": ("labels: from 0 to 9; here -1 to 1", {"labels": labels, "class_names": ["a", "b"]}),
    "labels beyond int32": ("labels: from", {"labels": labels * 2**40}),
    "class names": ("class_names: they are a list", {"class_names": "abc"}),
    "class names' type": ("class_names: they are a list", {"class_names": [1, 2]}),
    "images' length": ("images: 29 of them for 30 codes", {"images": images[1:]}),
    "images' rank": (r"images: shape \[30, 36\]", {"images": images.reshape(30, 36)}),
    "images' channels": (r"images: shape \[30, 6, 6, 2\]", {"images": np.zeros((30, 6, 6, 2))}),
    "images' range": ("images: from 0 to 255; floats are in 0..1", {"images": np.where(images > 0.5, 255.0, 0)}),
    "images' NaN": ("images: 1,080 of 1,080 numbers", {"images": images * np.nan}),
    "images' type": ("images: of type int64", {"images": np.zeros((30, 6, 6), int)}),
    "images' size": ("images: 1025 x 1 pixels", {"images": np.zeros((30, 1025, 1))}),
    "reconstructions' shape": (
        r"reconstructions: of shape \[5, 6, 1\], while the images are \[6, 6, 1\]",
        {"images": images, "reconstructions": images[:, 1:]},
    ),
    "reconstructions' NaN": ("reconstructions: .*not finite", {"reconstructions": images * np.nan}),
    "errors' length": (r"errors: shape \[3\]", {"errors": [1, 2, 3]}),
    "errors' NaN": ("errors: 1 of 30", {"errors": [np.inf] + [0] * 29}),
    "decoder's input": (
        "decoder: it takes codes of 2 numbers, and these have 3",
        {"codes": np.zeros((30, 3)), "decoder": decoder},
    ),
    "decoder's output": (
        r"decoder: it gives \[6, 6\], and the images are \[5, 6, 1\]",
        {"images": images[:, 1:], "decoder": decoder},
    ),
    "decoder's type": ("decoder: a function", {"decoder": lambda codes: codes}),
    "walk's center": (r"walk: center has shape \[3\]", {"walk": {"center": [1, 2, 3], "radius": 1}}),
    "walk's radius": ("walk's radius: 1 of 1", {"walk": {"center": [1, 2], "radius": np.nan}}),
    "walk's frames": ("walk: frames", {"walk": {"center": [1, 2], "radius": 1, "frames": 10**9}}),
    "walk's keys": ("walk: it is a dict", {"walk": {"centre": [1, 2]}}),
    "index": ("index: -1", {"index": -1}),
    "name": ("name: ''", {"name": ""}),
    "name's quotes": ("name: .*quotes", {"name": 'a "b"'}),
    "name's control characters": ("name: .*control", {"name": "a\nb"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_a_value_error_that_says_which_and_what(case):
    message, arguments = REFUSED[case]
    arguments = {"name": "z", "codes": codes} | arguments
    summary("z", codes, labels=labels, images=images, decoder=decoder)  # it is the argument, not the rest
    with pytest.raises(ValueError, match=message):
        summary(**arguments)


def test_the_writer_refuses_what_does_not_go_with_the_first_step(tmp_path):
    with LatentWriter(str(tmp_path)) as writer:
        writer.add("z", 0, codes, labels=labels, images=images)
        for message, arguments in {
            r"codes: shape \[29, 2\]; at the first step it was \[30, 2\]": {"codes": codes[1:]},
            "labels: not those of the first step": {"labels": labels + 1},
            "images: not those": {"images": images[::-1]},
            "class_names: not those": {"class_names": list("abcdefghij")},
            "step: -1": {"step": -1},
            "step: 1.5": {"step": 1.5},
            "decoder: it gives": {"decoder": Decoder(2, [layers.dense(np.ones((2, 35)))])},
            "reconstructions: 29 of them": {"reconstructions": images[1:]},
        }.items():
            with pytest.raises(ValueError, match=message):
                writer.add(**{"name": "z", "step": 1, "codes": codes} | arguments)
        writer.add("z", np.int64(1), codes, labels=labels)
    assert [step for step, _, _ in events(tmp_path)] == [0, 0, 1]  # nothing of what was refused


def test_blobs_come_back_and_damage_is_noticed():
    blob = codec.pack({"a": 1}, np.arange(6, dtype=np.int32).reshape(2, 3), np.ones(5, np.uint8), compress=True)
    header, (first, second) = codec.unpack(blob)
    assert header["a"] == 1
    assert first.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert second.tolist() == [1] * 5
    for at in range(len(blob)):
        for damaged in (blob[:at], blob[:at] + bytes([blob[at] ^ 16]) + blob[at + 1 :]):
            with pytest.raises(codec.FormatError):
                codec.unpack(damaged)


@pytest.mark.parametrize(
    "specs",
    [
        None,
        3,
        [3],
        [{"dtype": "|O", "shape": [1]}],
        [{"dtype": "<f4", "shape": [-1]}],
        [{"dtype": "<f4", "shape": "12"}],
        [{"dtype": "<f4", "shape": [2**27]}],
        [{"dtype": "<f4", "shape": [2**14] * 4}],
        [{"dtype": "<f4", "shape": [1.0]}],
        [{"dtype": "<f4", "shape": [2]}],
        [{"dtype": "<f4", "shape": [1]}] * 2,
        [{"dtype": ["<f4"], "shape": [1]}],
    ],
)
@pytest.mark.parametrize("compress", [False, True])
def test_a_header_that_lies_is_refused(specs, compress):
    blob = forged({"arrays": specs, "gzip": compress}, np.ones(1, np.float32), compress)
    with pytest.raises(codec.FormatError):
        codec.unpack(blob)


def forged(header, array, compress=False):
    """A blob with a right checksum and any header."""
    _, payload = codec.unpack_raw(codec.pack({}, array, compress=compress))
    text = json.dumps(header).encode()
    return codec._PREFIX.pack(b"LTNT", len(text), zlib.crc32(payload, zlib.crc32(text))) + text + payload


def test_a_gzip_bomb_stays_small():
    blob = forged({"arrays": [{"dtype": "|u1", "shape": [10]}], "gzip": True}, np.zeros(2**26, np.uint8), compress=True)
    tracemalloc.start()
    with pytest.raises(codec.FormatError, match="not as long"):
        codec.unpack(blob)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"version": 2, "kind": "steps"}', "format 2, and this plugin reads up to 1: update the plugin"),
        (b'{"version": 0, "kind": "steps"}', "not of this plugin"),
        (b'{"version": "1", "kind": "steps"}', "not of this"),
        (b'{"version": 1, "kind": "other"}', "not of this plugin"),
        (b'{"version": 1, "kind": []}', "not of this plugin"),
        (b"\xff", "not of this plugin"),
        (b"", "not of this plugin"),
        (b"[1]", "not of this plugin"),
        (b"[" * 100_000, "not of this plugin"),
    ],
)
def test_another_format_is_refused(content, message):
    with pytest.raises(codec.FormatError, match=message):
        codec.parse_metadata("z/latent", content)


def test_nothing_in_the_package_imports_tensorflow_or_the_ports():
    for path in Path(tb_plugin.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {"tensorflow", "keras", "tf_keras", "torch", "jax", "legacy_ports"} & {
                name.split(".")[0] for name in names
            }, path


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


def test_images_become_bytes_by_rounding():
    made = validation.images("images", np.full((5000, 1, 1), 0.5), 5000)
    assert set(made.ravel()) == {128}
    assert validation.images("images", np.array([[[-3.0, 2.0]]]), 1, clip=True).ravel().tolist() == [0, 255]
