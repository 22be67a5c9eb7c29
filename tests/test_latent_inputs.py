"""Arrays as users have them: any framework's tensors, data frames, texts, any layout and range of images."""

from contextlib import suppress

import numpy as np
import pytest
from helpers import latent
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_plugin import codec
from tb_plugin.summary import LatentWriter
from tb_plugin.summary import latent as summary
from tb_plugin.writer import arrays
from tb_plugin.writer.pictures import Layout, Pictures, layout

codes, labels, images, decoder = latent.arrays()


def once(**arguments):
    """Returns the head and the labels and images of the series "once"."""
    blobs = summary("z", codes, **arguments).value[1].tensor.string_val
    parts = [codec.unpack(blob)[1][0] if blob else None for blob in blobs[5:7]]
    return codec.unpack_head(blobs[0]), *parts


def same(made, expected, dtype=np.float32):
    assert made.dtype == dtype
    np.testing.assert_array_equal(made, expected)


def test_pytorch_tensors_of_any_kind():
    torch = pytest.importorskip("torch", reason="NOT TESTED with PyTorch: the extra `torch` is not installed")
    z = torch.tensor(codes, dtype=torch.bfloat16, requires_grad=True)
    rounded = z.detach().float().numpy()
    for value in (
        z,
        list(z),
        [list(row) for row in z],
        z.detach().to_sparse(),
        torch.nn.Parameter(z),
        (z.detach().float() * 1j).resolve_conj().imag,
    ):
        same(arrays.numbers("codes", value), rounded)
    head, classes, pixels = once(
        labels=torch.arange(30) % 10, images=torch.tensor(images, dtype=torch.bfloat16, requires_grad=True)[:, None]
    )
    assert (head["labels"], head["image_shape"]) == ("classes", [6, 6, 1])
    np.testing.assert_array_equal(classes, labels)
    np.testing.assert_allclose(pixels[..., 0] / 255, images, atol=0.004)
    summary("z", z, errors=list(torch.rand(30, 1, requires_grad=True)), walk={"center": z[0], "radius": z[0, 0]})


def test_jax_arrays_of_any_kind():
    jax = pytest.importorskip("jax", reason="NOT TESTED with JAX: it is not installed")
    z = jax.numpy.asarray(codes, jax.numpy.bfloat16)
    for value in (z, list(z), np.asarray(z)):
        same(arrays.numbers("codes", value), np.asarray(z).astype(np.float32))
    _, _, pixels = once(images=jax.numpy.asarray(images, jax.numpy.bfloat16))
    np.testing.assert_allclose(pixels[..., 0] / 255, images, atol=0.004)


def test_data_frames():
    pandas = pytest.importorskip("pandas", reason="NOT TESTED with pandas: it is not installed")
    frame = pandas.DataFrame({"x": codes[:, 0], "y": np.arange(30)})
    same(arrays.numbers("codes", frame), np.stack([codes[:, 0], np.arange(30)], 1).astype(np.float32))
    same(arrays.numbers("codes", frame.astype(object)), frame.to_numpy(np.float32))
    for series in (pandas.Series(labels), pandas.Series(labels, dtype="Int64")):
        same(once(labels=series)[1], labels, np.int32)
    texts = pandas.Series(["b", "a", None] * 10)
    for series in (texts, texts.astype("category"), texts.astype("string")):
        head, classes, _ = once(labels=series)
        assert head["class_names"] == ["b", "a"]
        assert classes[:3].tolist() == [0, 1, -1]


def test_labels_are_classes_texts_or_continuous_values():
    head, values, _ = once(labels=labels / 7)
    assert (head["labels"], head["class_names"]) == ("continuous", None)
    same(values, (labels / 7).astype(np.float32))
    head, classes, _ = once(labels=[1.0, 0.0] * 15, class_names=["no", "yes"])
    assert (head["labels"], head["class_names"]) == ("classes", ["no", "yes"])
    same(classes, [1, 0] * 15, np.int32)
    head, classes, _ = once(labels=np.array([b"q", b"p"] * 15))
    assert (head["class_names"], classes[:2].tolist()) == (["q", "p"], [0, 1])
    same(once(labels=labels[:, None])[1], labels, np.int32)  # as Keras has them


def test_too_many_texts_are_metadata():
    texts = [f"word {i}" for i in range(4097)]
    with pytest.raises(ValueError, match="labels: they are 4,097 different texts.*metadata"):
        summary("z", np.zeros((4097, 2)), labels=texts)


def test_texts_may_come_with_every_step(tmp_path):
    with LatentWriter(tmp_path) as writer:
        for step in range(2):
            writer.add("z", step, codes, labels=["b", "a"] * 15)
        with pytest.raises(ValueError, match="labels: they differ from the first step's"):
            writer.add("z", 2, codes, labels=["a", "b"] * 15)


def test_steps_and_indices_are_integers_of_any_type(tmp_path):
    for value in (3, np.int8(3), np.uint64(3), np.array(3), np.array([3])[0]):
        assert arrays.integer("step", value, 10) == 3
    for value in (-1, 3.0, "3", None, np.array([3]), np.array(3.0)):
        with pytest.raises(ValueError, match="step: it is .* it must be an integer from 0"):
            arrays.integer("step", value, 10)
    with LatentWriter(tmp_path) as writer, pytest.raises(ValueError, match="step: it is 1.* count steps, and not time"):
        writer.add("z", 1_700_000_000_000_000_000, codes)
    torch = pytest.importorskip("torch", reason="NOT TESTED with PyTorch: the extra `torch` is not installed")
    assert arrays.integer("step", torch.tensor(3), 10) == 3


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_an_image_is_the_same_in_each_layout_and_range(data):
    height, width = data.draw(st.integers(2, 9)), data.draw(st.integers(2, 9))
    channels = data.draw(st.sampled_from([1, 3, 4]))
    shape = (height, width, channels)
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    pixels = random.integers(0, 256, (5, *shape), np.uint8)
    pixels[0, 0, 0, 0] = 255  # so that integers cannot be those of 0 and 1
    order = data.draw(st.sampled_from(["HWC", "CHW"]))
    given = pixels if order == "HWC" else np.moveaxis(pixels, 3, 1)
    arguments = {"image_order": order, "image_shape": None, "value_range": None}
    if data.draw(st.booleans()):
        given, arguments["image_shape"] = given.reshape(5, -1), shape if channels > 1 else shape[:2]
    kind = data.draw(st.sampled_from(["uint8", "int64", "unit", "symmetric", "float255", "bfloat16-like"]))
    if kind == "int64":
        given = given.astype(np.int64)
    elif kind in ("unit", "bfloat16-like"):
        given = (given / 255).astype(np.float32)
    elif kind == "symmetric":
        given, arguments["value_range"] = given / 127.5 - 1, (-1, 1)
    elif kind == "float255":
        given, arguments["value_range"] = given.astype(np.float32), (0, 255)
    made = Pictures("images", given, 5, layout(**arguments))
    np.testing.assert_array_equal(made.pixels(), pixels)
    np.testing.assert_allclose(made.squared_errors(pixels), 0, atol=1e-10)
    height_of_four = given.ndim == 4 and given.shape[1] == 4 and given.shape[3] in (1, 3)  # is taken for [N, H, W, C]
    if order == "CHW" and not height_of_four:  # without the order it is the same, or refused
        with suppress(ValueError):
            same(Pictures("images", given, 5, layout(**arguments | {"image_order": None})).pixels(), pixels, np.uint8)


def test_images_of_truth_values():
    assert set(Pictures("images", images > 0.5, 30, Layout()).pixels().ravel()) == {0, 255}
    assert set(Pictures("images", (images > 0.5) * 1, 30, layout(None, None, (0, 1))).pixels().ravel()) == {0, 255}


def test_continuous_labels_are_served(tmp_path):
    with LatentWriter(tmp_path) as writer:
        writer.add("z", 0, codes, labels=labels / 7)
        writer.add("classes", 0, codes, labels=labels)
    routes = latent.Routes(tmp_path)
    listed = routes.get("/runs").json["."]
    assert (listed["z"]["labels"], listed["classes"]["labels"]) == ("continuous", "classes")
    same(routes.array("/labels", run=".", tag="z"), (labels / 7).astype(np.float32))
    header, parts = codec.unpack(routes.get("/points", run=".", tag="z", labels=1).data)
    assert header["continuous"] == [0, pytest.approx(9 / 7)]
    assert "labels" not in header
    same(parts[4], (labels / 7).astype(np.float32))
