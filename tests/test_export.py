"""A page that is one file: its modules answer, from what is in the page, as the server does."""

import base64
import itertools
import json
import re
import subprocess
import sys
import zlib

import numpy as np
import pytest
from helpers import latent
from helpers.node import Modules
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tb_plugin import codec, digits, layers
from tb_plugin.decoder import Decoder
from tb_plugin.encoder import Encoder
from tb_plugin.export import export, main
from tb_plugin.server.page import blobs, weights
from tb_plugin.server.page.document import _unindented
from tb_plugin.summary import LatentWriter

# Gives a document with the elements of a page, and asks each route that a test names.
ASK = """async ([texts, requests]) => {
  globalThis.document = { getElementById: (id) => (id in texts ? { textContent: texts[id] } : null) };
  const { answer } = await import("./data/answers.js");
  return Promise.all(requests.map(async ([route, params]) => {
    const response = await answer(route, params);
    const bytes = new Uint8Array(await response.arrayBuffer());
    let text = "";
    for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
    return [response.status, Object.fromEntries(response.headers), btoa(text)];
  }));
}"""
ELEMENT = re.compile(r'<script type="[^"]+" id="(latent-\w+)">\s*(.*?)</script>', re.DOTALL)


PLACES = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)


def answers(page, *requests):
    """Returns the status, headers and body of each answer of a page."""
    node = Modules()
    try:
        found = node.evaluate(ASK, [dict(ELEMENT.findall(page.read_text(encoding="utf-8"))), requests])
    finally:
        node.close()
    return [(status, headers, base64.b64decode(body)) for status, headers, body in found]


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs")
    latent.write(logdir / "flat", errors=np.arange(30) / 7, walk={"center": [0, 1], "radius": 2, "frames": 12})
    latent.write(
        logdir / "deep",
        dims=5,
        metadata={"writer": ["a", "é", None] * 10, "length": [*range(29), None], "n": range(30)},
        projections={"umap": PLACES},
    )
    codes, _, images, _ = latent.arrays()
    with LatentWriter(str(logdir / "bare")) as writer:
        writer.add("codes", 3, codes, labels=codes[:, 0])
        writer.add("pictures", 1, codes, images=images, reconstructions=images / 2)
    return logdir


@pytest.fixture(scope="module")
def routes(logdir):
    return latent.Routes(logdir)


@pytest.fixture(scope="module")
def whole(logdir, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    export(logdir, path, full=True)
    return path


DEEP = {"run": "deep", "tag": "codes"}
FLAT = {"run": "flat", "tag": "codes"}
BARE = {"run": "bare", "tag": "codes"}
PICTURES = {"run": "bare", "tag": "pictures"}


def test_the_page_answers_as_the_server(whole, routes):
    requests = [
        *((route, {**FLAT, "step": 10}) for route in ("codes", "errors", "images", "decoder", "step")),
        ("reconstructions", PICTURES),
        *(("metadata", {**DEEP, "column": name}) for name in ("writer", "length", "n")),
        *(("points", {**DEEP, "step": 10, "plane": "axes", "i": i, "j": j}) for i, j in ((0, 1), (3, 2), (4, 4))),
        ("points", {**DEEP, "step": 10, "plane": "pca", "fit": 20, "labels": 1}),
        ("points", {**DEEP, "step": 10, "plane": "pca", "fit": 20, "components": 4, "labels": 1}),
        ("points", {**DEEP, "step": 10, "plane": "map", "map": "umap", "labels": 1}),
        ("points", {**BARE, "labels": 1}),
        ("points", {**FLAT, "labels": 1}),
    ]
    for (route, params), (status, headers, body) in zip(requests, answers(whole, *requests)):
        expected = routes.get(f"/{route}", **params)
        assert (status, expected.status_code) == (200, 200), (route, expected.text)
        if route == "step":
            assert expected.json == json.loads(body)
        elif route in ("codes", "errors", "images", "reconstructions"):
            assert body == routes.array(f"/{route}", **params).tobytes(), route
            for name in ("Shape", "Dtype", "Total"):
                assert headers[f"x-latent-{name.lower()}"] == expected.headers[f"X-Latent-{name}"]
        else:
            same_blob(body, expected.data)


def same_blob(body, expected):
    # The page's blobs have no checksum.
    start = codec.PREFIX.size
    body = codec.PREFIX.pack(codec.MAGIC, codec.PREFIX.unpack_from(body)[1], zlib.crc32(body[start:])) + body[start:]
    (header, made), (about, given) = codec.unpack(body), codec.unpack(expected)
    header.pop("arrays"), about.pop("arrays")
    for key in ("box", "explained_variance_ratio"):
        if key in about:
            np.testing.assert_allclose(header.pop(key), about.pop(key), rtol=1e-5, atol=1e-6)
    assert header == about
    assert len(made) == len(given)
    for one, other in zip(made, given):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-5)


def test_what_the_page_has_not_is_not_found(whole):
    for status, _, body in answers(
        whole,
        ("decoder", BARE),
        ("errors", BARE),
        ("points", {"run": "none", "tag": "codes"}),
        ("points", {**FLAT, "plane": "map", "map": "umap"}),
        ("codes", {**FLAT, "step": 11}),
        ("metadata", {**DEEP, "column": "other"}),
    ):
        assert status == 404
        assert body.startswith(b"This page has no ")


def test_a_page_lists_what_it_has(logdir, tmp_path):
    path = tmp_path / "page.html"
    export(logdir, path, runs=["deep", "flat"], points=7, steps=2)
    (_, _, listing), (_, _, codes) = answers(path, ("runs", {}), ("codes", {**DEEP, "step": 20}))
    listing = json.loads(listing)
    assert list(listing) == ["deep", "flat"]
    info = listing["deep"]["codes"]
    assert (info["steps"], info["kept"], info["logged"], info["points"]) == ([0, 20], 2, 3, 7)
    assert info["missing"].startswith("This page is not the whole run: it has 7 of 30 points; it has 2 of 3 steps")
    assert [column["name"] for column in info["metadata"]] == ["writer", "length", "n", "index in the run"]
    _, _, rows = answers(path, ("metadata", {**DEEP, "column": "index in the run"}))[0]
    rows = np.frombuffer(rows[-28:], np.float32).astype(int)
    every = latent.arrays(5)[0][rows] + 20
    made = np.frombuffer(codes, np.float32).reshape(7, 5)
    assert np.abs(made - every).max() <= np.ptp(every, axis=0).max() / 2**12
    _, _, n = answers(path, ("metadata", {**DEEP, "column": "n"}))[0]
    assert np.frombuffer(n[-28:], np.float32).astype(int).tolist() == rows.tolist()


def test_nothing_can_be_loaded_and_nothing_ends_a_script(logdir, tmp_path):
    path = tmp_path / "page.html"
    with LatentWriter(str(tmp_path / "logs/</script><b>")) as writer:
        writer.add("</script><!--", 0, latent.arrays()[0], class_names=["</script>"] * 10, labels=latent.arrays()[1])
    export(tmp_path / "logs", path)
    text = path.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert text.count("<script") == text.count("</script>") == len(re.findall("<script type=", text))
    assert "<b>" not in text
    assert not re.search(r"""(src|href)=["'](?!data:)""", text)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float32, (40, 3), elements=st.floats(-(2**20), 2**20, width=32)))
def test_codes_of_few_bits_lie_where_they_were(codes):
    parts = blobs.codes_of_few_bits(codes)
    if len(parts) == 1:
        assert parts[0] is codes
        return
    integers, scales, offsets = parts
    away = np.abs(offsets + scales * integers.astype(np.float64) - codes).max(axis=0)
    middle = np.subtract(*np.quantile(codes.astype(np.float64), (0.99, 0.01), axis=0))
    # Half of a part of the range, and the rounding of the numbers themselves.
    assert (away <= 0.51 * middle / blobs.VISIBLE + 1e-6 * np.abs(codes).max(axis=0)).all()


def test_codes_far_off_do_not_move_the_others():
    codes = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    assert len(blobs.codes_of_few_bits(codes)) == 3
    codes[0] = 1e6
    assert len(blobs.codes_of_few_bits(codes)) == 1


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float32, array_shapes(min_dims=1, max_dims=1), elements=st.floats(-(2.0**99), 2.0**99, width=32)),
    st.integers(2, 22),
)
def test_rounded_numbers_are_near(values, bits):
    made = blobs.rounded(values, bits)
    tiny = np.finfo(np.float32).tiny
    assert (np.abs(made.astype(np.float64) - values) <= np.abs(values.astype(np.float64)) * 2.0**-bits + tiny).all()


def test_weights_of_few_bits_keep_the_pictures():
    random = np.random.default_rng(0)
    hidden = layers.dense(random.normal(size=(2, 50)), random.normal(size=50))
    codes = random.normal(size=(500, 2)).astype(np.float32)
    bits = set()
    for scale in (0.001, 0.1, 1, 100):
        out = layers.dense(random.normal(size=(50, 784)) * scale, random.normal(size=784))
        decoder = Decoder(2, [hidden, "tanh", out])
        series = weights.Series([0], {0: decoder}.get, lambda _, each: weights.same_pictures(each, codes, True))
        _, made = series.stored(0)
        bits.add(made.bits)
        rest = iter(made.arrays)
        values = [next(rest) * next(rest) if scaled else next(rest) for scaled in made.scaled]
        assert not list(rest)
        pictures = Decoder(2, [layers.dense(*values[:2]), "tanh", layers.dense(*values[2:])])(codes)
        assert np.abs(np.clip(pictures, 0, 1) - np.clip(decoder(codes), 0, 1)).max() <= 1 / 255
    assert bits > {8}


def test_encoders_of_few_bits_keep_the_codes_and_rounding_row_by_row_is_worth_a_bit(tmp_path):
    random = np.random.default_rng(0)
    images, _ = digits.draw(400)
    images = images.reshape(400, 784)
    steps = [0, 10, 20]
    kernel, change = random.normal(size=(784, 50)) / 10, random.normal(size=(784, 50)) / 1000
    out = layers.dense(random.normal(size=(50, 2)) / 10)
    encoders = {step: Encoder(784, [layers.dense(kernel + step * change), "tanh", out]) for step in steps}
    series = weights.Series(steps, encoders.get, lambda _, each: weights.same_codes(each, images))
    first, *others = [series.stored(step)[1] for step in steps]
    assert (first.since, [each.since for each in others]) == (None, [0, 10])
    assert {first.bits, *(each.bits for each in others)} == {8}
    assert all(blobs.size(*each.arrays) < 0.7 * blobs.size(*first.arrays) for each in others)
    numbers, scales = first.arrays[0].astype(int), first.arrays[1]
    for step, each in zip(steps, (first, *others)):
        numbers = numbers + each.arrays[0] if step else numbers
        codes = encoders[step](images)
        for way, most in ((numbers, 1 / 500), (np.round((kernel + step * change) / scales), 1)):
            made = Encoder(784, [layers.dense(way * scales), "tanh", out])(images)
            off = np.linalg.norm(made - codes, axis=1).max() / np.ptp(codes, axis=0).max()
            assert off <= most
            plain = off
        assert plain > 1 / 500  # rounded one by one


def test_a_page_has_the_encoders_of_its_steps(tmp_path):
    drawn, _ = digits.draw(60)
    random = np.random.default_rng(1)
    kernels = {step: random.normal(size=(784, 3)) / 28 + step for step in (0, 1, 2)}
    with LatentWriter(str(tmp_path / "run")) as writer:
        for step, kernel in kernels.items():
            codes = drawn.reshape(60, 784) @ kernel
            writer.add("codes", step, codes, images=drawn, encoder=Encoder(784, [layers.dense(kernel)]))
    order = (2, 0, 1)
    requests = [["encoder", {"run": "run", "tag": "codes", "step": step}] for step in order]
    for full in (False, True):
        export(tmp_path, tmp_path / "page.html", full=full)
        for step, (status, _, blob) in zip(order, answers(tmp_path / "page.html", *requests), strict=True):
            assert status == 200
            sealed = blob[:8] + zlib.crc32(blob[12:]).to_bytes(4, "little") + blob[12:]  # the page trusts itself
            exact = drawn.reshape(60, 784) @ kernels[step]
            most = 1e-4 if full else np.ptp(exact, axis=0).max() / 500
            off = np.linalg.norm(Encoder.from_blob(sealed)(drawn) - exact, axis=1).max()
            assert off <= most, step


def test_the_command(logdir, tmp_path, capsys):
    out = tmp_path / "page.html"
    command = [sys.executable, "-m", "tb_plugin.export", "--logdir", logdir, "--run", "flat", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{out}: {out.stat().st_size / 1e6:.1f} MB\n"
    given = ["--logdir", str(logdir), "--out", str(out)]
    for arguments, message in [
        (["--run", "none"], f"{logdir}: there is no run 'none'; there are bare, deep, flat\n"),
        (["--tag", "none"], f"{logdir}: there is no latent space 'none'; there are codes, pictures\n"),
        (["--run", "flat", "--tag", "pictures"], f"{logdir}: none of the runs has a latent space pictures\n"),
        (["--points", "0"], "points is 0, it must be 1 or more\n"),
        (["--steps", "-1"], "steps is -1, it must be 1 or more\n"),
        (["--out", f"{tmp_path}/none/page.html"], f"{tmp_path}/none: there is no such folder for the page\n"),
        (["--logdir", f"{tmp_path}/none"], f"{tmp_path}/none: No such file or directory\n"),
    ]:
        assert main([*given, *arguments]) == 2
        assert capsys.readouterr() == ("", message)
    assert out.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html"]


def test_lines_of_a_template_string_keep_their_indentation():
    script = "  a = `one\n    two ${\n  b}\n  `;\n    c = `d`;\n"
    assert _unindented(script) == "a = `one\n    two ${\n  b}\n  `;\nc = `d`;\n"


def test_blobs_are_read_back():
    given = [np.arange(300, dtype=dtype) * 3 for dtype in ("f4", "i2", "u1", "f8", "i4", "i1")]
    texts = blobs.Blobs()
    entry = texts.add(*(array.reshape(3, 100) for array in given))
    assert entry["arrays"][1] == {"dtype": "<i2", "shape": [3, 100]}
    stored = zlib.decompress(base64.b64decode(texts.texts[0]))
    offsets = itertools.accumulate((array.nbytes for array in given), initial=0)
    for array, offset in zip(given, offsets):
        planes = np.frombuffer(stored, np.uint8, array.nbytes, offset).reshape(array.itemsize, -1)
        assert (np.ascontiguousarray(planes.T).view(array.dtype).ravel() == array).all()


def test_the_server_gives_the_same_page_as_a_file_to_save(logdir, routes, tmp_path):
    path = tmp_path / "page.html"
    export(logdir, path, runs=["deep", "flat"])
    response = routes.get("/page", spaces='[["deep", "codes"], ["flat", "codes"]]')
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == "attachment"
    assert response.headers["Content-Type"].startswith("application/octet-stream")
    assert response.text == path.read_text(encoding="utf-8")
    for spaces in ("", "[]", "[1]", '[["a"]]', '[["a", 1]]', "[[]]", '{"a": "b"}', "[" * 2000, '[["a", "b"]]' * 5):
        assert routes.get("/page", spaces=spaces).status_code == 400
    assert routes.get("/page", spaces='[["none", "codes"]]').status_code == 404
