"""The nearest codes: exact, against a plain computation; the route, and the same in a page without a server."""

import numpy as np
import pytest
from helpers import latent
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tb_plugin.server.neighbors import METRICS, Codes, nearest

NEAREST = """async ([codes, dims, code, count, metric, skip]) => {
  const { nearest } = await import("./lib/nearest.js");
  return nearest(Float32Array.from(codes), dims, Float32Array.from(code), count, metric, skip);
}"""


def plain(codes, code, metric):
    codes, code = codes.astype(np.float64), code.astype(np.float64)
    if metric == "euclidean":
        return np.sqrt(np.square(codes - code).sum(axis=1))
    lengths = np.sqrt(np.square(codes).sum(axis=1)) * np.sqrt(np.square(code).sum())
    return 1 - np.clip(np.divide(codes @ code, lengths, out=np.zeros(len(codes)), where=lengths > 0), -1, 1)


def found(codes, code, count, metric, skip=None):
    return nearest(codes, np.einsum("ij,ij->i", codes, codes), code, count, metric, skip)


numbers = st.one_of(st.floats(-4, 4, width=32), st.sampled_from([0.0, 1.0, 1000.0, 1001.0]))


@settings(max_examples=100, deadline=None)
@given(
    arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=numbers),
    st.data(),
    st.integers(1, 15),
    st.sampled_from(METRICS),
)
def test_they_are_the_nearest(codes, data, count, metric):
    index = data.draw(st.integers(0, len(codes) - 1))
    code = data.draw(st.one_of(st.just(codes[index]), arrays(np.float32, codes.shape[1], elements=numbers)))
    skip = index if code is codes[index] else None
    indices, distances = found(codes, code, count, metric, skip)
    expected = plain(codes, code, metric)
    rest = np.delete(np.arange(len(codes)), [] if skip is None else skip)
    assert len(indices) == len(set(indices)) == min(count, len(rest))
    np.testing.assert_allclose(distances, np.sort(expected[rest])[:count], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(distances, expected[indices], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_far_from_zero_and_where_squares_overflow(metric):
    random = np.random.default_rng(0)
    for codes in (random.normal(size=(500, 3)) + 1e4, random.normal(size=(500, 3)) * 1e25):
        codes = codes.astype(np.float32)
        with np.errstate(over="ignore"):
            indices, _ = found(codes, codes[7], 15, metric, 7)
        expected = plain(codes, codes[7], metric)
        expected[7] = np.inf
        np.testing.assert_allclose(expected[indices], np.sort(expected)[:15], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("metric", METRICS)
def test_the_page_finds_the_same(metric, modules):
    random = np.random.default_rng(1)
    codes = random.integers(0, 6, size=(60, 3)).astype(np.float32)  # many are equally far
    for skip, code in ((5, codes[5]), (None, np.float32([1, 2, 2.5]))):
        indices, distances = found(codes, code, 9, metric, skip)
        got = modules.evaluate(NEAREST, [codes.ravel().tolist(), 3, code.tolist(), 9, metric, skip])
        np.testing.assert_allclose(got["distances"], distances, atol=1e-12)
        assert got["indices"] == indices.tolist() or metric == "cosine"


def test_the_route(tmp_path):
    latent.write(tmp_path / "a", dims=4)
    routes = latent.Routes(tmp_path)
    at = {"run": "a", "tag": "codes", "step": 10}
    codes = routes.array("/codes", **at)
    answer = routes.get("/neighbors", **at, index=3, count=5, metric="cosine").json
    indices, distances = found(codes, codes[3], 5, "cosine", 3)
    assert answer == {"indices": indices.tolist(), "distances": distances.tolist()}
    assert 3 not in answer["indices"]
    answer = routes.get("/neighbors", **at, code="1,2,3,4").json
    assert answer["indices"] == found(codes, np.float32([1, 2, 3, 4]), 12, "euclidean")[0].tolist()
    assert len(routes.get("/neighbors", **at, code="1,2,3,4", count=100).json["indices"]) == 30
    for wrong in (
        {},
        {"index": 30},
        {"index": -1},
        {"code": "1,2"},
        {"index": 1, "count": 101},
        {"index": 1, "code": "1,2,3,4"},
    ):
        assert routes.get("/neighbors", **at, **wrong).status_code == 400
    assert routes.get("/neighbors", **at, index=1, metric="manhattan").status_code == 400


def test_codes_are_read_once():
    reads = []

    def read(name):
        return lambda: reads.append(name) or np.ones((2, 3), np.float32)

    kept = Codes()
    for name in "aabba":
        codes, squares = kept.get(name, read(name))
        assert (codes.shape, squares.tolist()) == ((2, 3), [3, 3])
    assert reads == ["a", "b", "a"]
