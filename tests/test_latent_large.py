"""More than fits into one blob: parts that are split, thumbnails, and the sizes that can be logged."""

import tracemalloc

import numpy as np
import pytest
from helpers import hostile, latent
from helpers.latent import TensorBoard
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_plugin import codec
from tb_plugin.summary import LatentWriter
from tb_plugin.summary import latent as summary
from tb_plugin.writer import pictures
from tb_plugin.writer.pictures import Layout, Pictures

codes, labels, images, decoder = latent.arrays()
AT = {"run": "a", "tag": "z"}


@pytest.fixture
def split(monkeypatch, tmp_path):
    """Returns a log folder whose codes are in blobs of 4 points, and images and reconstructions in blobs of 1."""
    monkeypatch.setattr(codec, "SPLIT_BYTES", 36)
    with LatentWriter(tmp_path / "a") as writer:
        for step in range(2):
            writer.add("z", step, codes + step, images=images, reconstructions=images / 2, labels=labels)
    return tmp_path


def test_a_part_that_is_split_reads_as_one_that_is_not(split, monkeypatch):
    latent_routes = latent.Routes(split)
    monkeypatch.undo()
    latent.write(split / "b", "z", (0, 1), reconstructions=images / 2)
    whole = latent.Routes(split)
    for path in ("/codes", "/images", "/reconstructions", "/labels", "/errors"):
        for query in ({}, {"start": 3, "count": 9}, {"start": 29}, {"start": 4, "count": 4}, {"count": 0}):
            made = latent_routes.array(path, **AT, step=1, **query)
            np.testing.assert_array_equal(made, whole.array(path, run="b", tag="z", step=1, **query))
    for plane in ("axes", "pca"):
        one, other = (
            routes.get("/points", run=run, tag="z", plane=plane).data
            for routes, run in ((latent_routes, "a"), (whole, "b"))
        )
        np.testing.assert_array_equal(codec.unpack(one)[1][0], codec.unpack(other)[1][0])


def test_rows_read_only_the_blobs_that_they_need(split, monkeypatch):
    routes = latent.Routes(split)
    routes.get("/codes", **AT)
    read, calls = routes.provider.read_blob, []
    monkeypatch.setattr(
        routes.provider, "read_blob", lambda ctx, *, blob_key: calls.append(0) or read(ctx, blob_key=blob_key)
    )
    assert routes.array("/codes", **AT, start=5, count=6).shape == (6, 2)
    assert len(calls) <= 2 + 1  # two blobs, and the head if it is too large to be remembered


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [31, 2]},
        {"shape": [30, 3]},
        {"shape": [30]},
        {"rows": 0},
        {"rows": 5},
        {"blobs": [1, 2]},
        {"blobs": [1, 7, 8, 9, 10, 11, 12, 600]},
        {"blobs": "no"},
        {"shape": [2**28, 2**28]},
        {"shape": [2**27, 4], "rows": 2**27, "blobs": [1]},
        None,
    ],
)
def test_a_split_that_is_not_true_is_an_error_in_a_line(split, change):
    def lie(value):
        blobs = value.tensor.string_val
        head, _ = codec.unpack_raw(blobs[0])
        head["split"]["codes"] = change and head["split"]["codes"] | change
        blobs[0] = hostile.sealed({**head, "arrays": [], "gzip": False}, b"")

    made = summary("z", codes, index=0)
    for value in made.value:
        lie(value)
    from tb_plugin.events.event_file import EventFile

    events = EventFile(split / "lies")
    events.add_summary(made, 0)
    events.close()
    routes = latent.Routes(split)
    for path in ("/codes", "/points"):
        tracemalloc.start()
        answer = routes.get(path, run="lies", tag="z")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert answer.status_code == 422, answer.text
        assert "\n" not in answer.text
        assert peak < 2**30 + 2**24
    assert routes.get("/runs").json["a"]["z"]["error"] is None


@settings(max_examples=50, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3, 4])),
    share=st.floats(0.05, 1),
    seed=st.integers(0, 99),
)
def test_a_thumbnail_keeps_the_mean(shape, share, seed):
    random = np.random.default_rng(seed)
    made = random.random((7, *shape)).astype(np.float32)
    small = (max(1, int(shape[0] * share)), max(1, int(shape[1] * share)), shape[2])
    shrunk = pictures._shrink(made, small)
    assert shrunk.shape == (7, *small)
    np.testing.assert_allclose(shrunk.mean(axis=(1, 2)), made.mean(axis=(1, 2)), atol=1e-5)
    flat = pictures._shrink(np.full((2, *shape), 0.25, np.float32), small)
    np.testing.assert_allclose(flat, 0.25, atol=1e-6)
    if shape[0] % 2 == shape[1] % 2 == 0:
        half = pictures._shrink(made, (shape[0] // 2, shape[1] // 2, shape[2]))
        blocks = made.reshape(7, shape[0] // 2, 2, shape[1] // 2, 2, shape[2]).mean(axis=(2, 4))
        np.testing.assert_allclose(half, blocks, atol=1e-6)


def test_images_beyond_the_limit_are_thumbnails_and_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(pictures, "MAX_BYTES", 30 * 4 * 4)
    with LatentWriter(tmp_path / "a") as writer:
        with pytest.warns(UserWarning, match="images: 30 of 6 x 6 pixels .* thumbnails of 4 x 4"):
            writer.add("z", 0, codes, images=images, decoder=decoder)
        with pytest.warns(UserWarning, match="reconstructions"):
            writer.add("z", 1, codes, decoder=decoder, reconstructions=images)
    routes = latent.Routes(tmp_path)
    listed = routes.get("/runs").json["a"]["z"]
    assert (listed["image_shape"], listed["thumbnail_shape"]) == ([6, 6, 1], [4, 4, 1])
    assert routes.get("/step", **AT).json["thumbnail_shape"] == [4, 4, 1]
    shown = routes.array("/images", **AT)
    assert shown.shape == (30, 4, 4, 1)
    np.testing.assert_allclose(shown.mean(axis=(1, 2, 3)) / 255, images.mean(axis=(1, 2)), atol=0.01)
    assert routes.get("/walk.gif", **AT).status_code == 200
    uint8 = Pictures("images", (images * 255).astype(np.uint8), 30, Layout()).pixels()
    np.testing.assert_allclose(uint8, shown, atol=1.1)


SIZES = {
    "100,000 x 768 codes": (100_000, 768, None),
    "1,000,000 x 2 codes": (1_000_000, 2, None),
    "200,000 images of 64 x 64 x 3": (200_000, 2, (64, 64, 3)),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*thumbnails")
@pytest.mark.parametrize("flags", [[], ["--load_fast=false"]], ids=["Rust", "Python"])
@pytest.mark.parametrize("size", SIZES)
def test_the_promised_sizes_can_be_logged_and_shown(tmp_path, size, flags):
    points, dims, shape = SIZES[size]
    made = np.random.default_rng(0).standard_normal((points, dims), np.float32)
    pixels = (
        None
        if shape is None
        else np.broadcast_to(np.arange(points, dtype=np.uint8)[:, None, None, None], (points, *shape))
    )
    with LatentWriter(tmp_path / "a") as writer:
        writer.add("z", 0, made, images=pixels)
    board = TensorBoard(str(tmp_path), *flags)
    try:
        board.until(lambda runs: runs.get("a", {}).get("z", {}).get("kept") == 1, seconds=300)
        assert board.runs()["a"]["z"]["error"] is None
        status, headers, body = board.get("plugin/latent/codes", **AT, start=points - 7)
        assert (status, headers["X-Latent-Total"]) == (200, str(points))
        np.testing.assert_array_equal(np.frombuffer(body, np.float32).reshape(-1, dims), made[-7:])
        for plane in ("axes", "pca"):
            status, _, body = board.get("plugin/latent/points", **AT, plane=plane)
            assert status == 200, body
            assert codec.unpack(body)[1][0].shape == (points, 2)
        if shape:
            status, headers, body = board.get("plugin/latent/images", **AT, start=points - 1)
            assert (status, headers["X-Latent-Shape"]) == (200, "1,21,21,3")
            assert set(body) == {(points - 1) % 256}
    finally:
        board.stop()
