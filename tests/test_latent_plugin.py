"""The routes of the Latent plugin, on real event files; then a real TensorBoard with each of its loaders."""

import json
import shutil
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import latent
import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins import base_plugin
from tensorboard.summary.writer.event_file_writer import EventFileWriter

import tb_plugin
from tb_plugin import codec, demo, layers, planes, plugin
from tb_plugin import summary as logging
from tb_plugin.decoder import Decoder
from tb_plugin.loader import DEFAULT_SAMPLES, LatentLoader
from tb_plugin.summary import LatentWriter

codes, labels, images, decoder = latent.arrays()
AT = {"run": "a", "tag": "codes"}


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs")
    latent.write(logdir / "a", errors=labels / 7, walk={"center": [0, 1], "radius": 2, "frames": 12})
    latent.write(logdir / "b", name="deep", dims=5, display_name="Deep", description="*five* <script>")
    latent.write(logdir / "b", name="one", dims=1, steps=[3])
    with LatentWriter(str(logdir / "c")) as writer:
        writer.add("bare", 0, codes)
        writer.add("bare", 2**60, codes)
        writer.add("pictures", 1, codes, images=images, reconstructions=images / 2)
        wide = np.repeat(codes, 50, axis=1)
        writer.add("large", 0, wide, decoder=Decoder(100, [layers.dense(np.ones((100, 40_000)))]))
    return latent.Routes(logdir)


def test_runs(routes):
    response = routes.get("/runs")
    assert response.content_type == "application/json"
    listed = response.json
    assert {run: list(spaces) for run, spaces in listed.items()} == {
        "a": ["codes"], "b": ["deep", "one"], "c": ["bare", "large", "pictures"]}
    described = listed["a"]["codes"]
    assert abs(described.pop("wall_times")[0] - time.time()) < 600
    assert described == {
        "display_name": "codes", "description": "", "steps": [0, 10, 20], "kept": 3, "logged": 3, "error": None,
        "points": 30, "dims": 2, "image_shape": [6, 6, 1], "class_names": [str(digit) for digit in range(10)],
        "parts": ["codes", "errors", "decoder", "labels", "images"]}
    assert listed["b"]["deep"]["display_name"] == "Deep"
    assert "<em>five</em>" in listed["b"]["deep"]["description"]
    assert "<script>" not in listed["b"]["deep"]["description"]
    assert listed["c"]["bare"]["parts"] == ["codes"]
    assert listed["c"]["bare"]["class_names"] is None


def test_step(routes):
    answer = routes.get("/step", **AT, step=10).json
    assert abs(answer.pop("wall_time") - time.time()) < 600
    assert answer == {"step": 10, "points": 30, "dims": 2, "index": 1, "image_shape": [6, 6, 1],
                      "parts": ["codes", "errors", "decoder"],
                      "walk": {"center": [0, 1], "radius": 2, "frames": 12}}


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
    assert routes.array("/codes", run="c", tag="bare", step=2**60).shape == (30, 2)
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
    assert codec._gunzip(zipped.data, 30 * 36) == plain.data
    assert routes.get("/runs", headers=accept).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in routes.get("/codes", headers=accept, **AT).headers
    head = routes.get("/codes", method="HEAD", **AT)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", "240")


def test_methods_that_change_things_are_refused(routes):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        response = routes.get("/codes", method=method, **AT)
        assert response.status_code == 405
        assert response.headers["Allow"] == "GET, HEAD"


def test_projection(routes):
    at = {"run": "b", "tag": "deep", "step": 10}
    deep = routes.array("/codes", **at)
    axes = routes.get("/projection", **at, i=3, j=1).json
    np.testing.assert_allclose(axes["origin"], deep.mean(axis=0) * [1, 0, 1, 0, 1], rtol=1e-5)
    assert (axes["u"], axes["v"]) == ([0, 0, 0, 1, 0], [0, 1, 0, 0, 0])
    np.testing.assert_allclose(axes["explained_variance_ratio"], (deep.var(axis=0) / deep.var(axis=0).sum())[[3, 1]],
                               rtol=1e-5)
    np.testing.assert_array_equal(routes.array("/coordinates", **at, i=3, j=1), deep[:, [3, 1]])
    plane = routes.get("/projection", **at, plane="pca").json
    pca = PCA(2).fit(deep)
    np.testing.assert_allclose(plane["explained_variance_ratio"], pca.explained_variance_ratio_, rtol=1e-4)
    np.testing.assert_allclose(np.abs(np.dot([plane["u"], plane["v"]], pca.components_.T)), np.eye(2), atol=1e-4)
    np.testing.assert_allclose(np.abs(routes.array("/coordinates", **at, plane="pca")), np.abs(pca.transform(deep)),
                               atol=1e-4)
    # the codes of one step in the plane of another
    moved = routes.array("/coordinates", run="b", tag="deep", step=20, plane="pca", fit=10)
    expected = (routes.array("/codes", run="b", tag="deep", step=20) - plane["origin"]) @ np.transpose(
        [plane["u"], plane["v"]])
    np.testing.assert_allclose(moved, expected, atol=1e-4)


def test_pca_is_computed_once(routes, monkeypatch):
    at = {"run": "b", "tag": "deep", "step": 0, "plane": "pca"}
    first = routes.get("/projection", **at).json
    monkeypatch.setattr(planes, "principal", None)
    assert routes.get("/projection", **at).json == first
    assert routes.get("/coordinates", run="b", tag="deep", step=20, plane="pca", fit=0).status_code == 200


def test_a_list_of_steps_is_used_again_for_a_second(tmp_path, monkeypatch):
    latent.write(tmp_path)
    routes, calls = latent.Routes(tmp_path), []
    listing = routes.provider.list_blob_sequences
    monkeypatch.setattr(routes.provider, "list_blob_sequences", lambda *args, **more: calls.append(0) or listing(
        *args, **more))
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    for moment, listings in ((0.0, 1), (0.5, 1), (1.5, 2), (1.6, 2)):
        clock[0] = 100 + moment
        assert routes.get("/codes", run=".", tag="codes").status_code == 200
        assert len(calls) == listings
    assert routes.get("/runs").status_code == 200
    assert len(calls) == 3  # what there is, is always asked for


def test_the_last_step_is_the_last_while_a_run_goes_on(tmp_path):
    """Of the steps that were listed a moment ago TensorBoard may have dropped some, even the last of them."""
    at = {"run": ".", "tag": "codes"}
    with LatentWriter(str(tmp_path)) as writer:
        for last in range(20):
            writer.add("codes", last, codes + last, decoder=decoder, images=images if last == 0 else None)
            writer.flush()
            if last == 0:
                routes = latent.Routes(tmp_path, samples=2)
            routes.provider._multiplexer.Reload()
            for path in ("/step", "/decoder", "/walk.gif", "/projection", "/images", "/codes"):
                assert routes.get(path, **at).status_code == 200
    time.sleep(1.1)
    np.testing.assert_array_equal(routes.array("/codes", **at), (codes + 19).astype(np.float32))


@pytest.mark.parametrize("method", ["axes", "pca"])
def test_a_single_dimension_has_a_plane_too(routes, method):
    plane = routes.get("/projection", run="b", tag="one", plane=method).json
    assert (plane["u"], plane["v"]) == ([1], [0])
    assert plane["explained_variance_ratio"] == [1, 0]


@pytest.mark.parametrize("shape", [(200, 5), (20, 30), (300, 1200)])  # each has another way of computing
def test_the_largest_entry_of_a_principal_direction_is_positive(shape):
    for seed in range(3):
        points = np.random.default_rng(seed).normal(size=shape)
        for direction in planes.principal(points)[1:3]:
            assert direction[np.argmax(np.abs(direction))] > 0


def test_planes_of_few_or_equal_points_are_finite():
    for points in (np.ones((1, 3)), np.ones((4, 3)), np.array([[1.0, 2, 3], [4, 5, 6]])):
        for plane in (planes.principal(points.astype(np.float32)), planes.axes(points, 0, 1)):
            assert np.isfinite([*plane.origin, *plane.u, *plane.v]).all()
            assert all(share is None or np.isfinite(share) for share in plane.explained)
            assert len(plane.explained) == 2


def test_decoder_and_decode(routes):
    blob = routes.get("/decoder", **AT).data
    given = [[0.5, -1], [2, 3]]
    np.testing.assert_array_equal(Decoder.from_blob(blob)(given), decoder(given))
    np.testing.assert_array_equal(routes.array("/decode", **AT, codes=json.dumps(given)), decoder(given))


def test_a_float16_decoder_is_served_as_float32(tmp_path):
    with LatentWriter(str(tmp_path)) as writer:
        writer.add("z", 0, codes, decoder=decoder, float16=True)
    header, arrays = codec.unpack(latent.Routes(tmp_path).get("/decoder", run=".", tag="z").data)
    assert {spec["dtype"] for spec in header["arrays"]} == {"<f4"}
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


@pytest.mark.parametrize(("path", "status", "query"), [
    ("/codes", 400, {}), ("/codes", 400, {"run": "a"}), ("/codes", 400, {"run": "", "tag": "codes"}),
    ("/codes", 404, {"run": "nope", "tag": "codes"}), ("/codes", 404, {"run": "a", "tag": "codes/latent"}),
    ("/codes", 404, {"run": "a\0\udc80".encode("utf-8", "surrogatepass"), "tag": "codes"}),
    ("/codes", 404, AT | {"step": 11}), ("/codes", 404, AT | {"step": -1}), ("/codes", 400, AT | {"step": "1.5"}),
    ("/codes", 400, AT | {"step": "9" * 20}), ("/codes", 400, AT | {"step": "9" * 19}),
    ("/codes", 400, AT | {"step": "٣"}), ("/codes", 400, AT | {"step": ""}),
    ("/labels", 404, {"run": "c", "tag": "bare"}), ("/images", 404, {"run": "c", "tag": "bare"}),
    ("/errors", 404, {"run": "c", "tag": "bare"}), ("/decoder", 404, {"run": "c", "tag": "bare"}),
    ("/reconstructions", 404, AT), ("/decode", 404, {"run": "c", "tag": "bare", "codes": "[[0,0]]"}),
    ("/images", 400, AT | {"start": 30}), ("/images", 400, AT | {"start": -1}), ("/images", 400, AT | {"count": 31}),
    ("/images", 400, AT | {"start": 29, "count": 2}),
    ("/projection", 400, AT | {"i": 2}), ("/projection", 400, AT | {"plane": "umap"}),
    ("/projection", 404, AT | {"plane": "pca", "fit": 3}), ("/projection", 400, AT | {"plane": "pca", "fit": "x"}),
    ("/decode", 400, AT), ("/decode", 400, AT | {"codes": "[]"}), ("/decode", 400, AT | {"codes": "[[1]]"}),
    ("/decode", 400, AT | {"codes": "[[1,NaN]]"}), ("/decode", 400, AT | {"codes": "[[1,1e99]]"}),
    ("/decode", 400, AT | {"codes": "[[1,2],[3]]"}), ("/decode", 400, AT | {"codes": '[["a","b"]]'}),
    ("/decode", 400, AT | {"codes": "[" * 9999}), ("/decode", 400, AT | {"codes": json.dumps([[0, 0]] * 1001)}),
    ("/decode", 400, AT | {"codes": "[[" + "1" * 400 + ",2]]"}),
    ("/decode", 400, {"run": "c", "tag": "large", "codes": json.dumps([[0] * 100] * 1000)}),
    ("/walk.gif", 400, AT | {"frames": 241}), ("/walk.gif", 400, AT | {"frames": 1}),
    ("/walk.gif", 400, AT | {"size": 513}),
    ("/walk.gif", 400, AT | {"frames": 240, "size": 512}), ("/walk.gif", 400, AT | {"ms": 1}),
    ("/walk.gif", 400, AT | {"center": "1"}), ("/walk.gif", 400, AT | {"center": "1,2,3"}),
    ("/walk.gif", 400, AT | {"center": "1,nan"}), ("/walk.gif", 400, AT | {"radius": "inf"}),
    ("/walk.gif", 400, AT | {"path": "line"}), ("/walk.gif", 400, AT | {"path": "spiral"}),
    ("/walk.gif", 404, {"run": "c", "tag": "bare"}),
])
def test_nonsense_is_400_and_what_is_not_there_404(routes, path, status, query):
    response = routes.get(path, **query)
    assert response.status_code == status, response.text
    assert response.content_type == "text/plain; charset=utf-8"
    assert len(response.text) < 300
    assert "/" not in response.text.replace("run, or", "")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_too_much_work_is_refused_at_once(tmp_path):
    heavy = [layers.reshape((1, 1, 2)), layers.upsample(200), layers.conv2d(np.ones((15, 15, 2, 1)))]
    with LatentWriter(str(tmp_path)) as writer:
        writer.add("z", 0, codes, decoder=Decoder(2, heavy))
    routes = latent.Routes(tmp_path)
    started = time.monotonic()
    for path, query in (("/decode", {"codes": json.dumps([[0, 0]] * 100)}), ("/walk.gif", {"frames": 240, "size": 9})):
        response = routes.get(path, run=".", tag="z", **query)
        assert response.status_code == 400
        assert "16 codes at a time" in response.text
    assert time.monotonic() - started < 1


def test_pca_of_too_much_is_refused(routes, monkeypatch):
    monkeypatch.setattr(plugin, "MAX_PCA_NUMBERS", 10)
    assert routes.get("/projection", run="c", tag="large", plane="pca").status_code == 400


# Data that is damaged, or newer.

def log(logdir, change, run="."):
    """Logs two steps, `change` being called with each summary value's kind and blobs before it is written."""
    writer = EventFileWriter(str(Path(logdir) / run))
    for index in range(2):
        made = logging.latent("z", codes, index=index, decoder=decoder, images=images if index == 0 else None,
                              labels=labels if index == 0 else None)
        for value in made.value:
            change(value, value.tensor.string_val)
        writer.add_event(event_pb2.Event(wall_time=time.time(), step=index, summary=made))
    writer.close()
    return latent.Routes(logdir)


def overwrite(position, blob):
    def change(value, blobs):
        if position < len(blobs):
            blobs[position] = blob
    return change


Z = {"run": ".", "tag": "z"}
PATHS = ["/step", "/codes", "/projection", "/coordinates", "/labels", "/errors", "/images", "/reconstructions",
         "/decoder", "/walk.gif"]


@pytest.mark.parametrize(("part", "affected"), [
    ("head", {"/step", "/walk.gif"}), ("codes", {"/codes", "/projection", "/coordinates", "/walk.gif"}),
    ("decoder", {"/decoder", "/walk.gif"}), ("labels", {"/labels"}), ("images", {"/images"})])
@pytest.mark.parametrize("blob", [b"LTNT", b"x" * 100, codec.pack({"points": -1}), codec.pack({}, np.ones((2, 2, 2))
                                                                                            .astype(np.float32))])
def test_a_damaged_part_is_422_and_the_others_are_served(tmp_path, part, affected, blob):
    routes = log(tmp_path, overwrite(codec.PARTS.index(part), blob))
    assert routes.get("/runs").status_code == 200
    statuses = {path: routes.get(path, **Z).status_code for path in PATHS}
    assert {path for path in PATHS if statuses[path] == 422} == affected
    assert all(statuses[path] in (200, 404) for path in set(PATHS) - affected)
    for path in affected:
        assert "cannot be read" in routes.get(path, **Z).text
    if part == "head":
        assert "cannot be read" in routes.get("/runs").json["."]["z"]["error"]


def test_codes_and_decoders_that_are_not_finite_are_422(tmp_path):
    def change(value, blobs):
        blobs[1] = codec.pack({}, np.full((3, 2), np.nan, np.float32))
        header, arrays = codec.unpack(blobs[4])
        blobs[4] = codec.pack(header, *(np.full_like(array, 3e38) for array in arrays))
    routes = log(tmp_path, change)
    assert routes.get("/codes", **Z).status_code == 422
    # sigmoid(inf) is 1: finite
    assert routes.get("/decode", **Z, codes="[[1, 2]]").status_code == 200


def test_a_decoder_of_other_codes_or_pictures_is_refused(tmp_path):
    other = Decoder(3, [layers.dense(np.ones((3, 36)))])
    assert log(tmp_path / "a", overwrite(4, other.to_blob())).get("/walk.gif", **Z).status_code == 422
    vector = Decoder(2, [layers.dense(np.ones((2, 36)))])
    for shape, status in (([6, 6, 1], 200), ([1, 1, 36], 404), ([3, 6, 2], 404), ([0, 6, 6], 404), ([5, 5, 1], 404)):
        def change(value, blobs, shape=shape):
            head, _ = codec.unpack_raw(blobs[0])
            blobs[0], blobs[4] = codec.pack({**head, "image_shape": shape}), vector.to_blob()
        assert log(tmp_path / str(shape), change).get("/walk.gif", **Z).status_code == status


def test_the_first_step_tells_the_shape_of_the_images_to_the_others(tmp_path):
    routes = log(tmp_path, lambda value, blobs: None)  # by `latent`, with the images at the first step only
    assert [routes.get("/step", **Z, step=step).json["image_shape"] for step in (0, 1)] == [[6, 6, 1]] * 2


def test_a_newer_format_says_so_and_is_not_read(tmp_path):
    def change(value, blobs):
        value.metadata.plugin_data.content = b'{"version": 2, "kind": "steps"}'
    routes = log(tmp_path, change)
    assert "format 2, and this plugin reads up to 1" in routes.get("/runs").json["."]["z"]["error"]
    for path in PATHS:
        response = routes.get(path, **Z)
        assert response.status_code == 422
        assert "update the plugin" in response.text


def test_what_is_no_sequence_of_blobs_is_refused(tmp_path):
    def change(value, blobs):
        del value.tensor.string_val[:]
        value.tensor.dtype = 1
        value.tensor.float_val.extend([1.0] * value.tensor.tensor_shape.dim[0].size)
    routes = log(tmp_path, change)
    assert routes.get("/runs").status_code == 200
    assert {routes.get(path, **Z).status_code for path in PATHS} <= {404, 422}
    short = log(tmp_path / "short", lambda value, blobs: blobs.pop())
    assert short.get("/runs").status_code == 200
    assert all(short.get(path, **Z).status_code < 500 for path in PATHS)


def test_labels_of_a_restarted_run_are_those_of_its_time(tmp_path):
    latent.write(tmp_path, steps=(0, 10))
    time.sleep(1.1)  # event files are read in the order of their names, which hold seconds
    with LatentWriter(str(tmp_path)) as writer:
        writer.add("codes", 20, codes[:5], labels=labels[:5] + 100)
    routes = latent.Routes(tmp_path)
    at = {"run": ".", "tag": "codes"}
    assert routes.get("/runs").json["."]["codes"]["steps"] == [0, 10, 20]
    assert routes.array("/labels", **at, step=10).max() == 9
    assert routes.array("/labels", **at, step=20).tolist() == [100, 101, 102, 103, 104]


@pytest.mark.parametrize("samples", [1, 2, 10])
def test_sampling_keeps_the_first_and_the_last_step(tmp_path, samples):
    latent.write(tmp_path, steps=range(0, 600, 10))
    described = latent.Routes(tmp_path, samples).get("/runs").json["."]["codes"]
    assert (described["steps"][0], described["steps"][-1]) == (0, 590)
    assert described["kept"] == len(described["steps"]) in (samples, samples + 1)
    assert described["logged"] == 60


# The static files and the loader.

def test_nothing_outside_the_static_files_is_a_route(routes):
    static = {"/" + path.name for path in (Path(tb_plugin.__file__).parent / "static").iterdir()}
    assert "/index.js" in static
    assert static <= routes.apps.keys()
    assert not any("*" in path for path in routes.apps)
    response = routes.get("/index.js")
    assert response.content_type.startswith("text/javascript")
    assert "async function render()" in response.text


class Flags:
    def __init__(self, **flags):
        self.__dict__.update(flags)


def test_the_loader_raises_the_number_of_kept_steps_and_leaves_the_users():
    for given, expected in (({}, DEFAULT_SAMPLES), ({"images": 1}, DEFAULT_SAMPLES), ({"latent": 7}, 7),
                            ({"latent": 0}, 0)):
        flags = Flags(samples_per_plugin=dict(given))
        LatentLoader().fix_flags(flags)
        assert flags.samples_per_plugin == given | {"latent": expected}
    LatentLoader().fix_flags(Flags())  # a TensorBoard without the flag


def test_a_plugin_that_cannot_be_imported_leaves_tensorboard_running(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "tb_plugin.plugin", None)
    assert LatentLoader().load(base_plugin.TBContext()) is None


def test_the_loader_imports_nothing_heavy():
    script = ("import sys, tensorboard.plugins.base_plugin, tensorboard.util.tb_logging; before = set(sys.modules)\n"
              "import tb_plugin.loader; print(sorted(set(sys.modules) - before))")
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert out.strip() == "['tb_plugin', 'tb_plugin.loader']"


def test_the_http_api_names_every_route(routes):
    text = (Path(tb_plugin.__file__).parent / "http_api.md").read_text()
    files = {f"/{path.name}" for path in plugin.STATIC.iterdir()}
    assert routes.apps.keys() >= files
    for path in routes.apps.keys() - files | {"/index.js"}:
        assert f"`/data/plugin/latent{path}`" in text


# A real TensorBoard.

NAMES = ["a b+c/dé%2F", "nested/run/one", "<script>&amp;'#?", "plain"]


@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
def test_a_real_tensorboard(tmp_path, fast):
    for name in NAMES:
        latent.write(tmp_path / name, steps=range(0, 1500, 10))
    board = latent.TensorBoard(tmp_path, "--load_fast", fast, "--path_prefix", "/pre/fix", "--reload_interval", "1")
    try:
        assert board.url.endswith("/pre/fix/")
        board.until(lambda runs: len(runs) == 4 and all(run["codes"]["steps"][-1] == 1490 for run in runs.values()))
        for name in NAMES:
            described = board.runs()[name]["codes"]
            assert described["steps"][0] == 0
            assert described["kept"] in (DEFAULT_SAMPLES, DEFAULT_SAMPLES + 1)  # the first may be sampled too
            assert described["logged"] == 150
            for step in (0, described["steps"][50], 1490):
                status, headers, body = board.get("plugin/latent/codes", run=name, tag="codes", step=step)
                assert (status, headers["X-Latent-Shape"]) == (200, "30,2")
                np.testing.assert_array_equal(np.frombuffer(body, "<f4").reshape(30, 2), (codes + step).astype("f4"))
            for path in ("labels", "images", "decoder", "walk.gif", "projection", "coordinates", "step"):
                status, headers, body = board.get("plugin/latent/" + path, run=name, tag="codes")
                assert status == 200
                assert body
                assert headers["X-Content-Type-Options"] == "nosniff"
        assert board.get("plugin/latent/errors", run="plain", tag="codes")[0] == 404
        assert board.get("plugin/latent/codes", run="no", tag="codes")[0] == 404
        listing = json.loads(board.get("plugins_listing")[2])["latent"]
        assert listing["enabled"]
        assert listing["tab_name"] == "Latent"
        assert board.get("plugin_entry.html", name="latent")[0] == 200
        assert b"render" in board.get("plugin/latent/index.js")[2]
        for path in ("../loader.py", "%2e%2e/loader.py", "static/index.js", "index.js/../plugin.py", "/etc/passwd"):
            assert board.get("plugin/latent/" + path)[0] == 404
        # TensorBoard's Rust loader cannot look up what is in a run of such a name: a message, and nothing else suffers
        latent.write(tmp_path / 'quo"ted', steps=[7])
        board.until(lambda runs: 'quo"ted' in runs)
        error, status = board.runs()['quo"ted']["codes"]["error"], board.get(
            "plugin/latent/codes", run='quo"ted', tag="codes")[0]
        if fast == "true":
            assert "--load_fast=false" in error
            assert status == 422
        else:
            assert (error, status) == (None, 200)
        # the log folder grows, and a run is deleted
        latent.write(tmp_path / "late", steps=[7])
        board.until(lambda runs: "late" in runs)
        shutil.rmtree(tmp_path / "nested")
        if fast == "true":  # the Python loader goes on serving a deleted run from memory
            board.until(lambda runs: "nested/run/one" not in runs)
            assert board.get("plugin/latent/codes", run="nested/run/one", tag="codes")[0] == 404
        assert board.get("plugin/latent/codes", run="plain", tag="codes")[0] == 200
    finally:
        log = board.stop()
    assert "Traceback" not in log


@pytest.mark.slow
@pytest.mark.parametrize("fast", ["true", "false"], ids=["rust", "python"])
@pytest.mark.parametrize(("samples", "kept"), [(0, {150}), (5, {5, 6})])
def test_samples_per_plugin_is_honoured(tmp_path, fast, samples, kept):
    latent.write(tmp_path / "run", steps=range(0, 1500, 10))
    board = latent.TensorBoard(tmp_path, "--load_fast", fast, "--samples_per_plugin", f"images=3,latent={samples}")
    try:
        board.until(lambda runs: runs and runs["run"]["codes"]["steps"][-1] == 1490)
        described = board.runs()["run"]["codes"]
        assert described["kept"] in kept
        assert (described["steps"][0], described["steps"][-1]) == (0, 1490)
    finally:
        board.stop()


@pytest.mark.slow
def test_the_demo_as_it_is_typed(tmp_path):
    """Without TensorFlow and its chatter, over nothing that is there, and in one line when it cannot be."""
    def typed(logdir):
        command = [sys.executable, "-X", "importtime", "-m", "tb_plugin.demo", "--logdir", logdir]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    made = typed("a demo")
    assert made.returncode == 0
    assert made.stdout.splitlines()[-1] == "tensorboard --logdir 'a demo'"
    lines = made.stderr.splitlines()
    assert all(line.startswith("import time:") for line in lines)
    assert not [line for line in lines if line.endswith(" tensorflow")]
    before = sorted((tmp_path / "a demo").rglob("*"))
    (tmp_path / "file").touch()
    for logdir, message in (("a demo", "a demo/pca-2 exists already; give another --logdir"),
                            ("file", "the demo cannot be written to file/pca-2: Not a directory")):
        refused = typed(logdir)
        assert refused.returncode == 2
        assert [x for x in refused.stderr.splitlines() if not x.startswith("import time:")] == [message]
    assert sorted((tmp_path / "a demo").rglob("*")) == before


def test_the_demo_is_near_exact_pca_and_shows_a_course(tmp_path):
    error, floor = demo.write(str(tmp_path), 2)
    assert floor < error < 1.01 * floor
    routes = latent.Routes(tmp_path)
    described = routes.get("/runs").json["."]["digits"]
    assert described["steps"] == demo.LOGGED
    assert described["points"] == 1000
    courses = [routes.array("/errors", run=".", tag="digits", step=step).mean() for step in (0, 5, 200)]
    assert courses[0] > 1.1 * courses[1] > 1.1 * courses[2]
    # what the decoder makes of the codes has the errors that were logged
    pictures = Decoder.from_blob(routes.get("/decoder", run=".", tag="digits").data)(
        routes.array("/codes", run=".", tag="digits"))
    targets = routes.array("/images", run=".", tag="digits")[..., 0] / 255
    np.testing.assert_allclose(np.mean((pictures - targets) ** 2, axis=(1, 2)),
                               routes.array("/errors", run=".", tag="digits"), rtol=1e-3)
