"""The route /points: codes in a plane, their box and classes; and the planes themselves."""

import numpy as np
import pytest
from helpers import hostile, latent
from sklearn.decomposition import PCA

from tb_plugin import codec
from tb_plugin.server import projection, reader
from tb_plugin.summary import LatentWriter

codes, labels, _, _ = latent.arrays()
AT = {"run": "a", "tag": "codes"}


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs")
    latent.write(logdir / "a")
    latent.write(logdir / "b", name="deep", dims=5)
    latent.write(logdir / "b", name="one", dims=1, steps=[3])
    with LatentWriter(str(logdir / "c")) as writer:
        writer.add("bare", 0, codes)
        writer.add("large", 0, np.repeat(codes, 50, axis=1))
    return latent.Routes(logdir)


def points_of(routes, **query):
    """Returns the response of /points: header, points, the plane's origin, u and v, and classes if requested."""
    response = routes.get("/points", **query)
    assert response.status_code == 200, response.text
    header, arrays = codec.unpack(response.data)
    return header, *arrays


def test_points_in_a_plane(routes):
    at = {"run": "b", "tag": "deep", "step": 10}
    deep = routes.array("/codes", **at)
    about, points, origin, u, v = points_of(routes, **at, i=3, j=1)
    assert about.items() >= {**at, "plane": "axes", "i": 3, "j": 1}.items()
    np.testing.assert_allclose(origin, deep.mean(axis=0) * [1, 0, 1, 0, 1], rtol=1e-5)
    assert (u.tolist(), v.tolist()) == ([0, 0, 0, 1, 0], [0, 1, 0, 0, 0])
    np.testing.assert_allclose(
        about["explained_variance_ratio"], (deep.var(axis=0) / deep.var(axis=0).sum())[[3, 1]], rtol=1e-5
    )
    np.testing.assert_array_equal(points, deep[:, [3, 1]])
    about, points, origin, u, v = points_of(routes, **at, plane="pca")
    assert (about["plane"], about["fit"]) == ("pca", 10)
    pca = PCA(2).fit(deep)
    np.testing.assert_allclose(about["explained_variance_ratio"], pca.explained_variance_ratio_, rtol=1e-4)
    np.testing.assert_allclose(np.abs([u, v] @ pca.components_.T), np.eye(2), atol=1e-4)
    np.testing.assert_allclose(np.abs(points), np.abs(pca.transform(deep)), atol=1e-4)
    # the codes of one step in the plane of another
    _, moved, *_ = points_of(routes, run="b", tag="deep", step=20, plane="pca", fit=10)
    expected = (routes.array("/codes", run="b", tag="deep", step=20) - origin) @ np.transpose([u, v])
    np.testing.assert_allclose(moved, expected, atol=1e-4)


def test_more_components_than_two(routes):
    at = {"run": "b", "tag": "deep", "step": 10, "plane": "pca"}
    about, points, origin, *directions = points_of(routes, **at, components=4)
    pca = PCA(4).fit(routes.array("/codes", run="b", tag="deep", step=10))
    assert (about["components"], points.shape, len(directions)) == (4, (30, 4), 4)
    np.testing.assert_allclose(np.abs(directions @ pca.components_.T), np.eye(4), atol=1e-4)
    np.testing.assert_allclose(about["explained_variance_ratio"], pca.explained_variance_ratio_, rtol=1e-4)
    codes = routes.array("/codes", run="b", tag="deep", step=10)
    np.testing.assert_allclose(points, (codes - origin) @ np.transpose(directions), atol=1e-4)
    two, plane, *_ = points_of(routes, **at)
    np.testing.assert_allclose(plane, points[:, :2], atol=1e-5)
    assert (two["components"], two["box"]) == (2, about["box"])
    # More than the codes have numbers: the others are zero.
    about, points, _, *directions = points_of(routes, **at, components=10)
    assert (points.shape, len(directions)) == ((30, 10), 10)
    assert not points[:, 5:].any()
    assert not np.any(directions[5:])
    for components in (1, 11):
        assert routes.get("/points", **at, components=components).status_code == 400


def test_points_come_with_their_box(routes):
    about, points, *_ = points_of(routes, **AT)
    assert about["box"] == [*np.stack([points.min(axis=0), points.max(axis=0)], axis=1).ravel()]


def test_points_come_with_their_classes_if_requested(routes):
    about, *_, given = points_of(routes, **AT, labels=1)
    assert given.dtype == np.uint8
    np.testing.assert_array_equal(given, labels)
    assert about["labels"] == {"names": [str(digit) for digit in range(10)], "counts": [3] * 10, "rest": 0, "others": 0}
    about, *arrays = points_of(routes, **AT)
    assert "labels" not in about
    assert len(arrays) == 4
    assert routes.get("/points", run="c", tag="bare", labels=1).status_code == 404


@pytest.mark.parametrize("count", [0, 29, 31])
def test_labels_that_are_not_as_many_as_the_points_are_left_out(tmp_path, count):
    hostile.log(tmp_path, hostile.overwrite(hostile.LABELS, hostile.array([count], "<i4")))
    about, *arrays = points_of(latent.Routes(tmp_path), labels=1)
    assert "labels" not in about
    assert len(arrays) == 4


@pytest.mark.parametrize("query", [{"plane": "umap"}, {"labels": 2}])
def test_points_that_are_refused_are_not_read(routes, monkeypatch, query):
    monkeypatch.setattr(reader.Reader, "part", lambda *_: pytest.fail("it was read"))
    assert routes.get("/points", **AT, **query).status_code == 400


def test_a_request_that_names_nothing_gets_the_first_latent_space(routes, tmp_path):
    first = {"run": "a", "tag": "codes", "step": 20}
    assert routes.get("/points", labels=1).data == routes.get("/points", **first, labels=1).data
    assert routes.get("/points", step=10).data == routes.get("/points", **first | {"step": 10}).data
    for path, query in (("/points", {"run": "a"}), ("/points", {"tag": "codes"}), ("/codes", {}), ("/step", {})):
        assert routes.get(path, **query).status_code == 400
    # a request that names nothing is not wrong if there is nothing
    nothing = latent.Routes(tmp_path).get("/points")
    assert (nothing.status_code, nothing.data) == (204, b"")
    assert routes.get("/points", step=7).status_code == 204
    hostile.log(tmp_path, hostile.overwrite(hostile.CODES, b"x"))
    assert latent.Routes(tmp_path).get("/points").status_code == 204


def test_pca_is_computed_once(routes, monkeypatch):
    at = {"run": "b", "tag": "deep", "step": 0, "plane": "pca"}
    first = routes.get("/points", **at).data
    monkeypatch.setattr(projection, "principal", None)
    assert routes.get("/points", **at).data == first
    assert routes.get("/points", run="b", tag="deep", step=20, plane="pca", fit=0).status_code == 200


@pytest.mark.parametrize("method", ["axes", "pca"])
def test_a_single_dimension_has_a_plane_too(routes, method):
    about, *_, u, v = points_of(routes, run="b", tag="one", plane=method)
    assert (u.tolist(), v.tolist()) == ([1], [0])
    assert about["explained_variance_ratio"] == [1, 0]


SHAPES = [(200, 5), (20, 30), (3, 2), (2000, 300), (300, 1200), (530, 600)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("far", [0, 100])
def test_principal_components_are_those_of_scikit_learn(shape, far):
    """By each of the ways to compute them: of few dimensions, of few points, of many of both."""
    random = np.random.default_rng(0)
    factors = random.normal(size=(shape[0], 6)) * [8, 5, 3, 2, 1, 1]
    points = (far + factors @ random.normal(size=(6, shape[1])) + 0.1 * random.normal(size=shape)).astype("f4")
    count = min(shape[1], 6)
    plane = projection.principal(points, count)
    exact = PCA(min(count, *shape), svd_solver="full").fit(points.astype(float))
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(count), atol=1e-6)
    plane = plane.first(exact.n_components_)
    np.testing.assert_allclose(plane.origin, exact.mean_, rtol=1e-5, atol=1e-5)
    signs = np.sign((plane.directions * exact.components_).sum(axis=1, keepdims=True))
    assert (signs[:2] == 1).all()
    np.testing.assert_allclose(plane.directions * signs, exact.components_, atol=1e-3)
    np.testing.assert_allclose(plane.directions[:2], exact.components_[:2], atol=1e-5)
    np.testing.assert_allclose(plane.explained, exact.explained_variance_ratio_, rtol=1e-6)
    for direction in plane.directions:
        assert direction[np.argmax(np.abs(direction))] > 0
    again = projection.principal(points, count).first(exact.n_components_)
    assert all(np.array_equal(one, other) for one, other in zip(plane, again))


def test_principal_components_of_noise_explain_as_much_as_they_can():
    """Where no direction stands out, the way for many dimensions finds others that are as good."""
    points = np.random.default_rng(0).normal(size=(530, 600)).astype("f4")
    exact = PCA(2, svd_solver="full").fit(points.astype(float))
    np.testing.assert_allclose(projection.principal(points).explained, exact.explained_variance_ratio_, rtol=1e-2)


def test_the_directions_of_points_on_a_line_are_perpendicular():
    for dims in (2, 3, 600):
        line = np.random.default_rng(0).normal(size=dims)
        for points in (
            np.outer(np.arange(5), line),
            np.outer(np.arange(5), np.eye(dims)[1]),
            1e30 * np.outer([0, 1], line),
        ):
            count = min(dims, 10)
            plane = projection.principal(points.astype("f4"), count)
            vectors = plane.directions.astype(float)
            np.testing.assert_allclose(vectors @ vectors.T, np.eye(count), atol=1e-6)
            np.testing.assert_allclose(plane.explained, [1] + [0] * (count - 1), atol=1e-6)


def test_planes_of_few_or_equal_points_are_finite():
    for points in (np.ones((1, 3)), np.ones((4, 3)), np.array([[1.0, 2, 3], [4, 5, 6]])):
        for plane in (projection.principal(points.astype(np.float32)), projection.axes(points, 0, 1)):
            assert np.isfinite([*plane.origin, *plane.u, *plane.v]).all()
            assert all(share is None or np.isfinite(share) for share in plane.explained)
            assert len(plane.explained) == 2


def test_pca_of_much_is_that_of_a_sample_and_says_so(routes, monkeypatch):
    monkeypatch.setattr(projection, "MAX_PCA_NUMBERS", 2000)
    header, _ = codec.unpack(routes.get("/points", run="c", tag="large", plane="pca").data)
    assert header["sample"] == 20
    monkeypatch.setattr(projection, "MAX_PCA_NUMBERS", 3000)
    random = np.random.default_rng(0)
    many = (random.normal(size=(3000, 30)) * [50, 20, *[1] * 28] + 7).astype(np.float32)
    plane = projection.principal(many)
    assert plane.sample == 100
    assert abs(plane.u[0]) > 0.99
    assert abs(plane.v[1]) > 0.99
    assert plane.explained[0] == pytest.approx(2500 / 2928, abs=0.05)
    assert projection.principal(many).explained == plane.explained  # the same each time
    monkeypatch.undo()
    assert projection.principal(many).sample is None


@pytest.mark.parametrize("dims", [1, 3, 700])
def test_many_codes_are_projected_in_chunks(dims):
    codes = np.random.default_rng(0).normal(1e4, 3, size=(2**21 // dims + 5, dims)).astype(np.float32)
    plane = projection.axes(codes, 0, dims - 1)
    variance = codes.astype(np.float64).var(axis=0)
    assert plane.explained[0] == pytest.approx(variance[0] / variance.sum())
    expected = (codes - plane.origin) @ np.stack([plane.u, plane.v], axis=1)
    np.testing.assert_allclose(projection.coordinates(codes, plane), expected, rtol=1e-5)
