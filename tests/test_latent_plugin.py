"""The routes of the Latent plugin on real event files: what each returns, and with which status."""

import gzip
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from helpers import latent
from PIL import Image
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

import tb_plugin
from tb_plugin import codec, layers
from tb_plugin.decoder import Decoder
from tb_plugin.server import static_files
from tb_plugin.summary import LatentWriter

codes, labels, images, decoder = latent.arrays()
AT = {"run": "a", "tag": "codes"}


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs")
    latent.write(logdir / "a", errors=labels / 7, walk={"center": [0, 1], "radius": 2, "frames": 12})
    latent.write(logdir / "b", name="deep", dims=5, display_name="Deep", description="*five* <script>")
    latent.write(logdir / "b", name="one", dims=1, steps=[3])
    with LatentWriter(str(logdir / "c")) as writer:
        writer.add("bare", 0, codes)
        writer.add("bare", 2**53 - 1, codes)
        writer.add("pictures", 1, codes, images=images, reconstructions=images / 2)
        wide = np.repeat(codes, 50, axis=1)
        writer.add("large", 0, wide, decoder=Decoder(100, [layers.dense(np.ones((100, 40_000)))]))
    return logdir


@pytest.fixture(scope="module")
def routes(logdir):
    return latent.Routes(logdir)


@pytest.fixture(scope="module")
def wall_times(logdir):
    """Returns when each step of the run "a" was logged."""
    (path,) = (logdir / "a").iterdir()
    return {event.step: event.wall_time for event in EventFileLoader(str(path)).Load() if event.summary.value}


def test_runs(routes, wall_times):
    response = routes.get("/runs")
    assert response.content_type == "application/json"
    listed = response.json
    assert {run: list(spaces) for run, spaces in listed.items()} == {
        "a": ["codes"],
        "b": ["deep", "one"],
        "c": ["bare", "large", "pictures"],
    }
    described = listed["a"]["codes"]
    assert described == {
        "display_name": "codes",
        "description": "",
        "steps": [0, 10, 20],
        "wall_times": [wall_times[step] for step in (0, 10, 20)],
        "kept": 3,
        "logged": 3,
        "error": None,
        "missing": None,
        "metadata": [],
        "projections": [],
        "points": 30,
        "dims": 2,
        "image_shape": [6, 6, 1],
        "thumbnail_shape": None,
        "class_names": [str(digit) for digit in range(10)],
        "labels": "classes",
        "chart": None,
        "parts": ["codes", "errors", "decoder", "labels", "images"],
    }
    assert listed["b"]["deep"]["display_name"] == "Deep"
    assert "<em>five</em>" in listed["b"]["deep"]["description"]
    assert "<script>" not in listed["b"]["deep"]["description"]
    assert listed["c"]["bare"]["parts"] == ["codes"]
    assert listed["c"]["bare"]["class_names"] is None


def test_step(routes, wall_times):
    assert routes.get("/step", **AT, step=10).json == {
        "step": 10,
        "wall_time": wall_times[10],
        "points": 30,
        "dims": 2,
        "index": 1,
        "image_shape": [6, 6, 1],
        "thumbnail_shape": None,
        "parts": ["codes", "errors", "decoder"],
        "walk": {"center": [0, 1], "radius": 2, "frames": 12},
    }


def test_arrays(routes):
    for step in (0, 10, 20):
        np.testing.assert_array_equal(routes.array("/codes", **AT, step=step), (codes + step).astype(np.float32))
    np.testing.assert_array_equal(routes.array("/codes", **AT), (codes + 20).astype(np.float32))
    np.testing.assert_array_equal(routes.array("/labels", **AT), labels)
    np.testing.assert_allclose(routes.array("/errors", **AT), labels / 7, rtol=1e-6)
    np.testing.assert_allclose(routes.array("/images", **AT)[..., 0], np.round(images * 255))
    np.testing.assert_allclose(routes.array("/images", **AT, start=28, count=2)[..., 0], np.round(images[28:] * 255))
    assert routes.array("/images", **AT, start=29).shape == (1, 6, 6, 1)
    assert routes.array("/images", **AT, count=0).shape == (0, 6, 6, 1)
    halves = routes.array("/reconstructions", run="c", tag="pictures")
    np.testing.assert_allclose(halves[..., 0], images * 127.5, atol=0.51)
    assert routes.array("/codes", run="c", tag="bare", step=2**53 - 1).shape == (30, 2)
    assert routes.array("/labels", **AT).dtype == np.int32


def test_headers_caching_and_compression_are_as_in_tensorboards_own_plugins(routes):
    for path, query in [("/runs", {}), ("/codes", AT), ("/images", AT), ("/index.js", {}), ("/codes", {})]:
        headers = routes.get(path, **query).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-cache, must-revalidate"
    accept = {"Accept-Encoding": "gzip"}
    plain = routes.get("/images", **AT)
    assert "Content-Encoding" not in plain.headers
    assert len(plain.data) == int(plain.headers["Content-Length"]) == 30 * 36
    zipped = routes.get("/images", headers=accept, **AT)
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.headers["X-Latent-Shape"] == "30,6,6,1"
    assert gzip.decompress(zipped.data) == plain.data
    assert routes.get("/runs", headers=accept).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in routes.get("/codes", headers=accept, **AT).headers
    head = routes.get("/codes", method="HEAD", **AT)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", "240")


def test_methods_that_change_things_are_refused(routes):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        response = routes.get("/codes", method=method, **AT)
        assert response.status_code == 405
        assert response.headers["Allow"] == "GET, HEAD"


def test_decoder_and_decode(routes):
    blob = routes.get("/decoder", **AT).data
    given = [[0.5, -1], [2, 3]]
    np.testing.assert_array_equal(Decoder.from_blob(blob)(given), decoder(given))
    np.testing.assert_array_equal(routes.array("/decode", **AT, codes=json.dumps(given)), decoder(given))


def test_float16_is_served_as_float32(tmp_path):
    with LatentWriter(str(tmp_path)) as writer:
        writer.add("z", 0, codes, decoder=decoder, float16=True)
    header, arrays = codec.unpack(latent.Routes(tmp_path).get("/decoder", run=".", tag="z").data)
    assert {spec["dtype"] for spec in header["arrays"]} == {"<f4"}
    np.testing.assert_allclose(latent.Routes(tmp_path).array("/codes", run=".", tag="z"), codes, rtol=1e-3)
    np.testing.assert_allclose(arrays[0], decoder.layers[0].weights[0], rtol=1e-3)


def frames(response):
    assert response.status_code == 200, response.text
    assert response.content_type == "image/gif"
    with Image.open(BytesIO(response.data)) as gif:
        return [np.asarray(frame) / 255 for frame in [gif.seek(i) or gif.convert("L") for i in range(gif.n_frames)]]


def test_walks(routes):
    shown = frames(routes.get("/walk.gif", **AT, size=6))
    t = np.arange(12) * 2 * np.pi / 12
    expected = decoder(np.stack([2 * np.cos(t), 1 + 2 * np.sin(t)], axis=1))  # the circle that was logged
    np.testing.assert_allclose(shown, expected, atol=0.01)
    line = frames(routes.get("/walk.gif", **AT, path="line", start="-3,0", end="0,3", frames=4, size=6))
    np.testing.assert_allclose(line, decoder(np.linspace([-3, 0], [0, 3], 4)), atol=0.01)
    tilted = {"center": "0,0,0,0,1", "radius": 2, "u": "0,1,0,0,0", "v": "0,0,1,0,0", "frames": 4, "size": 60}
    shown = frames(routes.get("/walk.gif", run="b", tag="deep", **tilted))
    assert shown[0].shape == (60, 60)
    path = [[0, 2, 0, 0, 1], [0, 0, 2, 0, 1], [0, -2, 0, 0, 1], [0, 0, -2, 0, 1]]
    np.testing.assert_allclose([frame[::10, ::10] for frame in shown], latent.arrays(5)[3](path), atol=0.01)
    assert len(frames(routes.get("/walk.gif", run="b", tag="deep", step=0))) == 60  # about the mean: none was logged


@pytest.mark.parametrize(
    ("path", "status", "query"),
    [
        ("/codes", 400, {}),
        ("/codes", 400, {"run": "a"}),
        ("/codes", 400, {"run": "", "tag": "codes"}),
        ("/codes", 404, {"run": "nope", "tag": "codes"}),
        ("/codes", 404, {"run": "a", "tag": "codes/latent"}),
        ("/codes", 404, {"run": "a\0\udc80".encode("utf-8", "surrogatepass"), "tag": "codes"}),
        ("/codes", 404, AT | {"step": 11}),
        ("/codes", 404, AT | {"step": -1}),
        ("/codes", 400, AT | {"step": "1.5"}),
        ("/codes", 400, AT | {"step": "9" * 20}),
        ("/codes", 400, AT | {"step": "9" * 19}),
        ("/codes", 400, AT | {"step": "٣"}),
        ("/codes", 400, AT | {"step": ""}),
        ("/labels", 404, {"run": "c", "tag": "bare"}),
        ("/images", 404, {"run": "c", "tag": "bare"}),
        ("/errors", 404, {"run": "c", "tag": "bare"}),
        ("/decoder", 404, {"run": "c", "tag": "bare"}),
        ("/reconstructions", 404, AT),
        ("/decode", 404, {"run": "c", "tag": "bare", "codes": "[[0,0]]"}),
        ("/images", 400, AT | {"start": 30}),
        ("/images", 400, AT | {"start": -1}),
        ("/images", 400, AT | {"count": 31}),
        ("/images", 400, AT | {"start": 29, "count": 2}),
        ("/points", 400, AT | {"i": 2}),
        ("/points", 400, AT | {"plane": "umap"}),
        ("/points", 404, AT | {"plane": "pca", "fit": 3}),
        ("/points", 400, AT | {"plane": "pca", "fit": "x"}),
        ("/decode", 400, AT),
        ("/decode", 400, AT | {"codes": "[]"}),
        ("/decode", 400, AT | {"codes": "[[1]]"}),
        ("/decode", 400, AT | {"codes": "[[1,NaN]]"}),
        ("/decode", 400, AT | {"codes": "[[1,1e99]]"}),
        ("/decode", 400, AT | {"codes": "[[1,2],[3]]"}),
        ("/decode", 400, AT | {"codes": '[["a","b"]]'}),
        ("/decode", 400, AT | {"codes": "[" * 9999}),
        ("/decode", 400, AT | {"codes": json.dumps([[0, 0]] * 1001)}),
        ("/decode", 400, AT | {"codes": "[[" + "1" * 400 + ",2]]"}),
        ("/decode", 400, {"run": "c", "tag": "large", "codes": json.dumps([[0] * 100] * 1000)}),
        ("/walk.gif", 400, AT | {"frames": 241}),
        ("/walk.gif", 400, AT | {"frames": 1}),
        ("/walk.gif", 400, AT | {"size": 513}),
        ("/walk.gif", 400, AT | {"frames": 240, "size": 512}),
        ("/walk.gif", 400, AT | {"ms": 1}),
        ("/walk.gif", 400, AT | {"center": "1"}),
        ("/walk.gif", 400, AT | {"center": "1,2,3"}),
        ("/walk.gif", 400, AT | {"center": "1,nan"}),
        ("/walk.gif", 400, AT | {"radius": "inf"}),
        ("/walk.gif", 400, AT | {"path": "line"}),
        ("/walk.gif", 400, AT | {"path": "spiral"}),
        ("/walk.gif", 404, {"run": "c", "tag": "bare"}),
    ],
)
def test_an_invalid_request_is_400_and_data_that_does_not_exist_404(routes, path, status, query):
    response = routes.get(path, **query)
    assert response.status_code == status, response.text
    assert response.content_type == "text/plain; charset=utf-8"
    assert len(response.text) < 300
    assert "/" not in response.text  # no path of the server
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_too_much_work_is_refused_before_it_begins(tmp_path, monkeypatch):
    heavy = [layers.reshape((1, 1, 2)), layers.upsample(200), layers.conv2d(np.ones((15, 15, 2, 1)))]
    with LatentWriter(str(tmp_path)) as writer:
        writer.add("z", 0, codes, decoder=Decoder(2, heavy))
    routes = latent.Routes(tmp_path)
    monkeypatch.setattr(Decoder, "__call__", lambda *_: pytest.fail("it was decoded"))
    for path, query in (("/decode", {"codes": json.dumps([[0, 0]] * 100)}), ("/walk.gif", {"frames": 240, "size": 9})):
        response = routes.get(path, run=".", tag="z", **query)
        assert response.status_code == 400
        assert "16 codes at a time" in response.text


STATIC_FILES = {
    f"/{path.relative_to(static_files.STATIC).as_posix()}"
    for kind in ("js", "css")
    for path in static_files.STATIC.rglob(f"*.{kind}")
}


def test_nothing_outside_the_static_files_is_a_route(routes):
    assert "/index.js" in STATIC_FILES
    assert routes.apps.keys() >= STATIC_FILES
    assert not any("*" in path for path in routes.apps)
    response = routes.get("/index.js")
    assert response.content_type.startswith("text/javascript")
    assert "async function render()" in response.text


def test_the_http_api_names_every_route(routes):
    text = (Path(tb_plugin.__file__).parent / "http_api.md").read_text()
    assert routes.apps.keys() >= STATIC_FILES
    for path in routes.apps.keys() - STATIC_FILES | {"/index.js"}:
        assert f"`/data/plugin/latent{path}`" in text


def test_the_plane_is_chosen_by_the_number_of_axes(routes):
    for run, tag, plane in (("a", "codes", "axes"), ("b", "deep", "pca"), ("b", "one", "axes")):
        auto, named = (
            codec.unpack(routes.get("/points", run=run, tag=tag, plane=name).data) for name in ("auto", plane)
        )
        assert auto[0] == named[0]
        assert auto[0]["plane"] == plane
        np.testing.assert_array_equal(auto[1][0], named[1][0])
