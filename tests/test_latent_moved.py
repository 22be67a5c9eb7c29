"""What moved: the neighbors that stay, equal to scikit-learn's."""

import numpy as np
import pytest
from helpers import latent
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_plugin.server import moved
from tb_plugin.summary import LatentWriter

KEPT = """async ([one, dims, other, others]) => {
  const { kept } = await import("./lib/nearest.js");
  return Array.from(await kept(Float32Array.from(one), dims, Float32Array.from(other), others, 15));
}"""


def sklearn(codes):
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=moved.COUNT).fit(codes.astype(np.float64)).kneighbors(return_distance=False)


def expected(one, other):
    return [len({*a} & {*b}) for a, b in zip(sklearn(one).tolist(), sklearn(other).tolist())]


@pytest.mark.parametrize(("points", "dims"), [(16, 2), (100, 1), (3000, 2), (2000, 3), (1500, 16)])
def test_they_are_those_of_scikit_learn(points, dims, modules):
    random = np.random.default_rng(points)
    one = random.normal(size=(points, dims)).astype(np.float32)
    one[: points // 3] = one[: points // 3] / 100 + 5  # a dense cluster
    other = (one + random.normal(size=one.shape) * 0.1).astype(np.float32)
    made = moved.compare(one, other)
    assert made.tolist() == expected(one, other)
    if points == 100:
        assert modules.evaluate(KEPT, [one.ravel().tolist(), dims, other.ravel().tolist(), dims]) == made.tolist()


@settings(max_examples=50, deadline=None)
@given(st.integers(16, 200), st.integers(1, 4), st.integers(1, 6), st.integers(0, 99))
def test_the_distances_are_the_smallest_also_of_points_in_one_place(points, dims, places, seed):
    codes = np.random.default_rng(seed).integers(0, places, (points, dims)).astype(np.float32)
    found = moved.neighbors(codes, np.arange(points))
    every = np.linalg.norm(codes[:, None] - codes, axis=2)
    np.fill_diagonal(every, np.inf)
    assert (found != np.arange(points)[:, None]).all()
    assert all(len(set(row)) == moved.COUNT for row in found.tolist())
    near = np.sort(np.take_along_axis(every, found.astype(int), axis=1), axis=1)
    np.testing.assert_array_equal(near, np.sort(every, axis=1)[:, : moved.COUNT])


def test_many_points_of_many_numbers_are_compared_in_part():
    rows = moved.rows_to_compare(60_000, 16)
    assert len(rows) == 5000
    assert len(moved.rows_to_compare(60_000, 2)) == 60_000
    assert len(moved.rows_to_compare(10_000, 100)) == 10_000


def test_the_route(tmp_path):
    latent.write(tmp_path / "a", dims=3)
    latent.write(tmp_path / "b", dims=2, seed=1)
    with LatentWriter(str(tmp_path / "few")) as writer:
        writer.add("codes", 0, np.eye(15)[:, :2])
    routes = latent.Routes(tmp_path)
    a, b, few = ({"run": run, "tag": "codes"} for run in ("a", "b", "few"))
    codes = routes.array("/codes", **a, step=20), routes.array("/codes", **b, step=10)
    answer = routes.array("/moved", **a, other_run="b", other_tag="codes", other_step=10)
    assert (answer.dtype, answer.tolist()) == (np.uint8, expected(*codes))
    assert routes.array("/moved", **a, step=10, other_run="a", other_tag="codes", other_step=0).shape == (30,)
    wrong = routes.get("/moved", **a, other_run="few", other_tag="codes")
    assert (wrong.status_code, wrong.text) == (400, "One has 30 points and the other 15: they are not the same.")
    assert routes.get("/moved", **few, other_run="few", other_tag="codes").status_code == 400
    assert routes.get("/moved", **a).status_code == 400
    assert routes.get("/moved", **a, other_run="none", other_tag="codes").status_code == 404
