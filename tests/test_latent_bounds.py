"""The limits of the routes: on answers, work, requests at a time, and records that claim too much."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from helpers import hostile, latent

import tb_plugin
from tb_plugin import layers, validation
from tb_plugin.decoder import Decoder
from tb_plugin.server import decoding, listing, projection, responses
from tb_plugin.server.query import MAX_DECODE_CODES

codes, labels, images, decoder = latent.arrays()
AT = {"run": "a", "tag": "codes"}


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs")
    latent.write(logdir / "a", errors=labels / 7, reconstructions=images)
    latent.write(logdir / "b", name="deep", dims=5, description="*five*")
    return logdir


@pytest.fixture
def routes(logdir):
    return latent.Routes(logdir)


@pytest.mark.parametrize(
    ("path", "row"), [("/codes", 8), ("/labels", 4), ("/errors", 4), ("/images", 36), ("/reconstructions", 36)]
)
def test_a_large_array_comes_in_parts(routes, monkeypatch, path, row):
    whole = routes.array(path, **AT)
    monkeypatch.setattr(responses, "MAX_BYTES", 11 * row)
    refused = routes.get(path, **AT, count=12)
    assert refused.status_code == 400
    assert "11 of these" in refused.text
    assert routes.get(path, **AT).headers["X-Latent-Total"] == "30"
    parts = [routes.array(path, **AT, start=start) for start in (0, 11, 22)]
    assert [len(part) for part in parts] == [11, 11, 8]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_what_is_too_large_by_itself_is_refused(routes, monkeypatch):
    monkeypatch.setattr(responses, "MAX_BYTES", 35)
    assert routes.get("/images", **AT).status_code == 400


def test_a_large_decoder_is_not_sent_but_decodes(routes, monkeypatch):
    monkeypatch.setattr(responses, "MAX_BYTES", 100)
    assert routes.get("/decoder", **AT).status_code == 422
    assert routes.get("/decode", **AT, codes="[[1,2]]").status_code == 200


@pytest.mark.parametrize(
    ("bound", "value", "omitted"),
    [("MAX_LISTED", 1, 1), ("MAX_LISTING_BYTES", 700, 1), ("MAX_LISTING_BYTES", 10, 2), ("MAX_LISTED", 2, 0)],
)
def test_a_listing_has_limits_and_says_how_much_it_leaves_out(routes, monkeypatch, bound, value, omitted):
    monkeypatch.setattr(listing, bound, value)
    response = routes.get("/runs")
    assert sum(map(len, response.json.values())) == 2 - omitted
    assert response.headers.get("X-Latent-Omitted", "0") == str(omitted)


def test_markdown_that_would_take_long_is_shown_as_text():
    assert listing.safe_html("*five* [a](http://b)").startswith("<p><em>five</em> <a")
    assert listing.safe_html("*a*<b>" * 300) == f"<p>{'*a*&lt;b&gt;' * 300}</p>"


def test_a_walk_or_codes_beyond_the_bounds_are_refused_before_anything_is_read(routes, monkeypatch):
    monkeypatch.setattr(routes.provider, "read_blob", None)
    monkeypatch.setattr(routes.provider, "list_blob_sequences", None)
    for query in ({"frames": 241}, {"size": 513}, {"frames": 240, "size": 512}, {"ms": 1}):
        assert routes.get("/walk.gif", **AT, **query).status_code == 400
    for given in ("[]", "[[]]", "nonsense", json.dumps([[0, 0]] * (MAX_DECODE_CODES + 1)), "[[1,NaN]]"):
        assert routes.get("/decode", **AT, codes=given).status_code == 400


def to_one_number(channels):
    return layers.conv2d(np.ones((1, 1, channels, 1)), strides=4000, padding="valid")


@pytest.mark.parametrize(
    ("count", "made"),
    [
        (MAX_DECODE_CODES, [layers.upsample(1000), *["gelu"] * 9, to_one_number(2)]),
        (MAX_DECODE_CODES, [layers.upsample(300), *["linear"] * 200, to_one_number(2)]),
        (1, [layers.conv2d_transpose(np.ones((500, 500, 2, 1)), padding=[[0, 499], [0, 499]])]),
        (MAX_DECODE_CODES, [layers.upsample(100), layers.conv2d(np.ones((15, 15, 2, 64))), to_one_number(64)]),
        (MAX_DECODE_CODES, [layers.upsample(700), *[layers.permute((1, 0, 2))] * 9, to_one_number(2)]),
    ],
    ids=["activations", "many layers", "a large kernel", "multiplications", "copies"],
)
def test_work_is_counted_whatever_it_is(count, made, monkeypatch, tmp_path):
    heavy = Decoder(2, [layers.reshape((1, 1, 2)), *made])
    assert heavy.output_shape == (1, 1, 1)
    hostile.log(tmp_path / "a", hostile.overwrite(hostile.DECODER, heavy.to_blob()), steps=[1])
    routes = latent.Routes(tmp_path)
    monkeypatch.setattr(Decoder, "__call__", None)
    refused = routes.get("/decode", **AT, codes=json.dumps([[0, 0]] * count))
    assert refused.status_code == 400
    assert "codes at a time" in refused.text


def test_a_walk_has_fewer_frames_if_the_decoder_is_slow_and_says_so(monkeypatch, routes):
    assert routes.get("/walk.gif", **AT).headers["X-Latent-Frames"] == "60"
    monkeypatch.setattr(decoding, "MAX_WORK", decoder.work(28))
    walk = routes.get("/walk.gif", **AT)
    assert (walk.status_code, walk.headers["X-Latent-Frames"]) == (200, "28")
    line = routes.get("/walk.gif", **AT, path="line", start="0,0", end="1,1")
    assert (line.status_code, line.headers["X-Latent-Frames"]) == (200, "28")
    asked = routes.get("/walk.gif", **AT, frames=29)  # a number that was asked for is not changed
    assert (asked.status_code, "28 codes at a time" in asked.text) == (400, True)
    monkeypatch.setattr(decoding, "MAX_WORK", decoder.work(1))
    assert routes.get("/walk.gif", **AT).status_code == 400
    monkeypatch.undo()
    monkeypatch.setattr(decoding, "MAX_PIXELS", 224 * 224 * 10)
    assert routes.get("/walk.gif", **AT).headers["X-Latent-Frames"] == "10"


def test_the_work_of_a_ports_decoder_is_far_below_the_bound():
    widths = [2, 50, 50, 784]
    port = Decoder(2, [layers.dense(np.ones(shape)) for shape in zip(widths, widths[1:])])
    assert port.work(MAX_DECODE_CODES) < decoding.MAX_WORK / 10


def test_no_more_requests_at_a_time_than_there_are_slots(routes, monkeypatch):
    monkeypatch.setattr(responses, "MAX_WAIT", 0.01)
    for _ in range(3):  # a slot is given back, whatever the status is
        assert [routes.get("/codes", **query).status_code for query in (AT, {}, {"run": "no", "tag": "no"})] == [
            200,
            400,
            404,
        ]
    taken = 0
    try:
        while responses.READING.acquire(blocking=False):
            taken += 1
        assert taken == 8
        refused = routes.get("/codes", **AT)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
        assert routes.get("/decode", **AT, codes="[[1,2]]").status_code == 200  # routes that compute have their own
        responses.READING.release()
        taken -= 1
        assert routes.get("/codes", **AT).status_code == 200
    finally:
        for _ in range(taken):
            responses.READING.release()


def test_only_the_answer_to_an_invalid_request_is_delayed(routes, monkeypatch):
    slept = []
    monkeypatch.setattr(responses.time, "sleep", slept.append)
    assert routes.get("/step", **AT).status_code == 200
    assert routes.get("/step", **AT, step=7).status_code == 404
    assert slept == []
    assert routes.get("/step", **AT, step="x").status_code == 400
    assert slept == [responses.PENALTY]


def test_a_remembered_plane_does_not_wait_for_one_that_is_computed(routes, monkeypatch):
    at = AT | {"plane": "pca"}
    assert routes.get("/points", **at, step=0).status_code == 200
    began, ends, statuses = threading.Event(), threading.Event(), []
    compute = projection.principal

    def slow(codes, count):
        began.set()
        assert ends.wait(30)
        return compute(codes, count)

    monkeypatch.setattr(projection, "principal", slow)
    thread = threading.Thread(target=lambda: statuses.append(routes.get("/points", **at, step=10).status_code))
    thread.start()
    try:
        assert began.wait(30)
        assert routes.get("/points", **at, step=0).status_code == 200
        assert statuses == []
    finally:
        ends.set()
        thread.join(30)
    assert statuses == [200]


@pytest.mark.parametrize("change", ["huge count", "huge count of one", "huge product", "more blobs"])
def test_a_record_that_claims_too_much_is_refused_unread(tmp_path, change):
    latent.write(tmp_path / "a")
    latent.write(tmp_path / "lies", name="other")
    hostile.log(tmp_path / "lies", hostile.SUMMARIES[change])
    hostile.log(tmp_path / "only lies", hostile.SUMMARIES[change])
    routes = latent.Routes(tmp_path)  # 2**40 keys would end the test
    listed = routes.get("/runs").json
    for run in ("lies", "only lies"):
        assert "more parts than exist" in listed[run]["codes"]["error"]
        assert routes.get("/codes", run=run, tag="codes").status_code == 422
    assert listed["lies"]["other"]["error"] is None
    assert routes.array("/codes", run="lies", tag="other").shape == (30, 2)
    assert routes.array("/codes", **AT).shape == (30, 2)


def test_the_limits_are_documented():
    text = (Path(tb_plugin.__file__).parent / "http_api.md").read_text()
    for bound in (
        responses.MAX_BYTES,
        decoding.MAX_WORK,
        decoding.MAX_PIXELS,
        projection.MAX_PCA_NUMBERS,
        listing.MAX_LISTED,
        listing.MAX_LISTING_BYTES,
        listing.MAX_DESCRIPTION,
        validation.MAX_POINTS,
        validation.MAX_DIMS,
        validation.MAX_NUMBERS,
        MAX_DECODE_CODES,
    ):
        assert f"{bound:,}" in text, bound
    assert f"{responses.MAX_WAIT:g} seconds" in text
    assert f"{1000 * responses.PENALTY:g} ms" in text
