"""Random requests and event files: no route may fail, and no answer may reveal paths of the server."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest
from helpers import hostile, latent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from werkzeug.test import Client

from tb_plugin import codec
from tb_plugin.server import responses
from tb_plugin.server.static_files import STATIC
from tb_plugin.summary import latent as summary

quick = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(quick, max_examples=60)
long = settings(quick, max_examples=5000)
codes, labels, images, decoder = latent.arrays()
ROUTES = [
    "/runs",
    "/step",
    "/codes",
    "/points",
    "/labels",
    "/metadata",
    "/errors",
    "/images",
    "/reconstructions",
    "/decoder",
    "/encoder",
    "/decode",
    "/walk.gif",
    "/neighbors",
    "/moved",
    "/page",
    "/index.js",
]


@pytest.fixture(scope="module", autouse=True)
def at_once():
    """Answers invalid requests without delay, because there are many here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(responses, "PENALTY", 0)
        yield


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs")
    for run in ("a", "b c/ü%2F"):
        latent.write(logdir / run, errors=labels, reconstructions=images, metadata={"a": labels, "b": ["x"] * 30})
    latent.write(logdir / "b c/ü%2F", name="deep", dims=5, steps=[3])
    made = latent.Routes(logdir)
    files = {f"/{path.relative_to(STATIC).as_posix()}" for path in STATIC.rglob("*.*")}
    assert set(ROUTES) == made.apps.keys() - files | {"/index.js"}
    return made


def check(response):
    """Asserts what must hold for every answer, and returns its status."""
    body = response.data
    if response.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    assert response.status_code in (200, 204, 400, 404, 405, 422), body
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"]
    if response.status_code == 204:
        assert body == b""
    elif response.status_code != 200:
        assert response.content_type == "text/plain; charset=utf-8"
        assert 0 < len(body) < 400
        for path in (str(Path.cwd()), "site-packages", "tb_plugin/", ".py", "tmp", "Traceback", "0x"):
            assert path not in body.decode()
    elif response.content_type == "application/json":
        json.loads(body, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    elif "X-Latent-Shape" in response.headers:
        shape = [int(size) for size in response.headers["X-Latent-Shape"].split(",")]
        assert len(body) == math.prod(shape) * np.dtype(response.headers["X-Latent-Dtype"]).itemsize
    assert len(body) < 2**26
    return response.status_code


def commas(values):
    return st.lists(values, max_size=6).map(lambda numbers: ",".join(map(str, numbers)))


numbers = st.one_of(st.integers(-3, 40), st.integers(), st.floats(), st.floats(-5, 5))
values = st.one_of(
    st.text(max_size=20),
    st.binary(max_size=20),
    numbers.map(str),
    commas(numbers),
    st.lists(st.lists(numbers, max_size=5), max_size=4).map(json.dumps),
    st.recursive(
        st.none() | st.booleans() | numbers | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ).map(json.dumps),
    st.sampled_from(["axes", "pca", "circle", "line", "../../etc/passwd", "/", "%00", "\0", "NaN", "-0", "1e400"]),
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "run": st.sampled_from(["a", "b c/ü%2F"]) | values,
        "tag": st.sampled_from(["codes", "codes", "deep"]) | values,
        "step": st.sampled_from(["0", "10", "20", "3"]) | values,
        **dict.fromkeys(
            (
                "fit",
                "i",
                "j",
                "plane",
                "start",
                "end",
                "count",
                "codes",
                "path",
                "center",
                "radius",
                "u",
                "v",
                "frames",
                "size",
                "ms",
                "anything",
            ),
            values,
        ),
    },
)
# names a latent space, so that most requests get as far as their invalid parameter
aimed = st.tuples(queries, st.sampled_from([{"run": "a", "tag": "codes"}, {"run": "b c/ü%2F", "tag": "deep"}])).map(
    lambda both: {key: value for key, value in both[0].items() if key != "step"} | both[1]
)


def any_query(routes, route, query, method):
    response = routes.get(route, method=method, **query)
    assert response.status_code < 500
    if method == "GET":
        check(response)


request = given(
    route=st.sampled_from(ROUTES), query=queries | aimed, method=st.sampled_from(["GET"] * 9 + ["HEAD", "POST"])
)
test_any_query = quick(request(any_query))
test_any_query_for_long = pytest.mark.slow(long(request(any_query)))


@few
@given(
    route=st.sampled_from(ROUTES),
    query=st.binary(max_size=60),
    accept=st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=20),
)
def test_any_bytes_as_a_query(routes, route, query, accept):
    environ = {"QUERY_STRING": query.decode("latin-1"), "HTTP_ACCEPT_ENCODING": accept}
    check(Client(routes.apps[route]).get(route, environ_overrides=environ))


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 9)
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["<f4", "|u1", "<i4", "dense", "conv2d", "conv2d_transpose", "upsample", "scale", "elu", "tanh"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["kind", "weights", "strides", "padding", "size", "shape", "axes", "alpha", "dtype", "center"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "arrays": st.lists(
            st.fixed_dictionaries(
                {
                    "dtype": st.sampled_from(["<f4", "<f2", "<i4", "|u1", "O"]),
                    "shape": st.lists(st.integers(-1, 4) | st.just(2**40), max_size=5),
                }
            ),
            max_size=3,
        )
        | anything,
        **dict.fromkeys(
            (
                "gzip",
                "points",
                "dims",
                "index",
                "image_shape",
                "class_names",
                "walk",
                "parts",
                "output_shape",
                "layers",
            ),
            anything,
        ),
    },
)
blobs = st.one_of(
    st.binary(max_size=80),
    st.tuples(headers, st.binary(max_size=64)).map(lambda both: hostile.sealed(both[0], both[1])),
    st.tuples(st.binary(max_size=50), st.binary(max_size=20)).map(lambda both: hostile.sealed(*both)),
)
layer = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            [
                "dense",
                "conv2d",
                "conv2d_transpose",
                "upsample",
                "flatten",
                "reshape",
                "permute",
                "scale",
                "elu",
                "softmax",
            ]
        ),
        "weights": st.integers(0, 3),
    },
    optional={
        name: anything | st.lists(st.integers(0, 5), max_size=3)
        for name in ("strides", "padding", "size", "shape", "axes", "alpha")
    },
)


def forged_decoder(dims, layers, arrays):
    """Returns the blob of a decoder with any layers, even with NaN in them, which `codec.pack` would refuse."""
    return hostile.forged(dims, *layers, arrays=arrays)


decoders = st.builds(
    forged_decoder,
    st.integers(1, 3),
    st.lists(layer, min_size=1, max_size=4),
    st.lists(st.lists(st.integers(0, 4), max_size=4).map(lambda shape: np.ones(shape, np.float32)), max_size=5),
)


@few
@given(
    forged=st.dictionaries(st.sampled_from(codec.PARTS), blobs | decoders, min_size=1, max_size=3),
    content=st.none() | st.binary(max_size=20) | anything.map(lambda value: json.dumps(value).encode()),
)
def test_any_blobs_in_an_event_file(tmp_path_factory, forged, content):
    logdir = tmp_path_factory.mktemp("forged")
    made = summary("z", codes, labels=labels, images=images, decoder=decoder, reconstructions=images)
    for value in made.value:
        for part, blob in forged.items():
            if codec.PARTS.index(part) < len(value.tensor.string_val):
                value.tensor.string_val[codec.PARTS.index(part)] = blob
        if content is not None:
            value.metadata.plugin_data.content = content
    writer = EventFileWriter(str(logdir))
    writer.add_event(event_pb2.Event(step=1, wall_time=1, summary=made))
    writer.close()
    every_route(latent.Routes(logdir))


def every_route(routes):
    for route in ROUTES:
        for more in ({}, {"plane": "pca", "codes": "[[1,2]]", "frames": 3}):
            for tag in ("z", "codes"):
                check(routes.get(route, run=".", tag=tag, **more))


@pytest.fixture(scope="module")
def event_file(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs")
    latent.write(logdir, errors=labels)
    (path,) = logdir.iterdir()
    return path.name, path.read_bytes()


@few
@given(data=st.data())
def test_any_damage_to_an_event_file(tmp_path_factory, event_file, data):
    name, content = event_file
    damaged = bytearray(content[: data.draw(st.integers(0, len(content)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(damaged) - 1)), max_size=8)):
        if damaged:
            damaged[at] ^= data.draw(st.integers(1, 255))
    logdir = tmp_path_factory.mktemp("damaged")
    (logdir / name).write_bytes(damaged)
    every_route(latent.Routes(logdir))
