"""Latent spaces that are damaged or newer than the plugin: each route that needs the damaged part says so."""

import numpy as np
import pytest
from helpers import hostile, latent

from tb_plugin import codec, layers
from tb_plugin.decoder import Decoder


def log(logdir, change=None):
    """Returns the routes to two steps of a latent space, written after `change` was called with each summary value."""
    hostile.log(logdir, change)
    return latent.Routes(logdir)


Z = {"run": ".", "tag": "codes"}
PATHS = ["/step", "/codes", "/points", "/labels", "/errors", "/images", "/reconstructions", "/decoder", "/walk.gif"]


@pytest.mark.parametrize(
    ("part", "affected"),
    [
        ("head", {"/step", "/walk.gif"}),
        ("codes", {"/codes", "/points", "/walk.gif"}),
        ("decoder", {"/decoder", "/walk.gif"}),
        ("labels", {"/labels"}),
        ("images", {"/images"}),
    ],
)
@pytest.mark.parametrize(
    "blob", [b"LTNT", b"x" * 100, codec.pack({"points": -1}), codec.pack({}, np.ones((2, 2, 2)).astype(np.float32))]
)
def test_a_damaged_part_is_422_and_the_others_are_served(tmp_path, part, affected, blob):
    routes = log(tmp_path, hostile.overwrite(codec.PARTS.index(part), blob))
    assert routes.get("/runs").status_code == 200
    statuses = {path: routes.get(path, **Z).status_code for path in PATHS}
    assert {path for path in PATHS if statuses[path] == 422} == affected
    assert all(statuses[path] in (200, 404) for path in set(PATHS) - affected)
    for path in affected:
        assert "cannot be read" in routes.get(path, **Z).text
    if part == "head":
        assert "cannot be read" in routes.get("/runs").json["."]["codes"]["error"]


def test_codes_and_decoders_that_are_not_finite_are_422(tmp_path):
    def change(value):
        blobs = value.tensor.string_val
        blobs[hostile.CODES] = codec.pack({}, np.full((3, 2), np.nan, np.float32))
        header, arrays = codec.unpack(blobs[hostile.DECODER])
        blobs[hostile.DECODER] = codec.pack(header, *(np.full_like(array, 3e38) for array in arrays))

    routes = log(tmp_path, change)
    assert routes.get("/codes", **Z).status_code == 422
    # sigmoid(inf) is 1: finite
    assert routes.get("/decode", **Z, codes="[[1, 2]]").status_code == 200


def test_a_decoder_of_other_codes_or_pictures_is_refused(tmp_path):
    other = Decoder(3, [layers.dense(np.ones((3, 36)))])
    routes = log(tmp_path / "a", hostile.overwrite(hostile.DECODER, other.to_blob()))
    assert routes.get("/walk.gif", **Z).status_code == 422
    vector = Decoder(2, [layers.dense(np.ones((2, 36)))])
    for shape, status in (([6, 6, 1], 200), ([1, 1, 36], 404), ([3, 6, 2], 404), ([0, 6, 6], 404), ([5, 5, 1], 404)):

        def change(value, shape=shape):
            blobs = value.tensor.string_val
            head, _ = codec.unpack_raw(blobs[hostile.HEAD])
            blobs[hostile.HEAD], blobs[hostile.DECODER] = codec.pack({**head, "image_shape": shape}), vector.to_blob()

        assert log(tmp_path / str(shape), change).get("/walk.gif", **Z).status_code == status


def test_every_step_has_the_image_shape_of_the_first(tmp_path):
    routes = log(tmp_path)  # the images are logged with the first step only
    assert [routes.get("/step", **Z, step=step).json["image_shape"] for step in (0, 1)] == [[6, 6, 1]] * 2


def test_a_newer_format_says_so_and_is_not_read(tmp_path):
    def change(value):
        value.metadata.plugin_data.content = b'{"version": 2, "kind": "steps"}'

    routes = log(tmp_path, change)
    assert "format 2, and this plugin reads formats up to 1" in routes.get("/runs").json["."]["codes"]["error"]
    for path in PATHS:
        response = routes.get(path, **Z)
        assert response.status_code == 422
        assert "pip install --upgrade" in response.text


def test_data_that_is_not_a_sequence_of_blobs_is_refused(tmp_path):
    def change(value):
        del value.tensor.string_val[:]
        value.tensor.dtype = 1
        value.tensor.float_val.extend([1.0] * value.tensor.tensor_shape.dim[0].size)

    routes = log(tmp_path, change)
    assert routes.get("/runs").status_code == 200
    assert {routes.get(path, **Z).status_code for path in PATHS} <= {404, 422}
    short = log(tmp_path / "short", lambda value: value.tensor.string_val.pop())
    assert short.get("/runs").status_code == 200
    assert all(short.get(path, **Z).status_code < 500 for path in PATHS)
