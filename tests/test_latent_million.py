"""Many points over HTTP: the first ones at once, all of them rounded to 16 bits, exact ones; on both loaders."""

import numpy as np
import pytest
from helpers.latent import Routes, TensorBoard

from tb_plugin import codec
from tb_plugin.server import projection
from tb_plugin.summary import LatentWriter

POINTS, FIRST = 120_000, 50_000
AT = {"run": "many", "tag": "codes"}
random = np.random.default_rng(0)
codes = (random.normal(size=(POINTS, 2)) * [3, 0.01] + [100, 0]).astype(np.float32)
labels = np.sort(random.integers(0, 10, POINTS))  # the first points have few of the classes


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs")
    with LatentWriter(str(logdir / "many")) as writer:
        writer.add("codes", 0, codes, labels=labels)
        writer.add("codes", 1, codes + 1)
        writer.add("deep", 0, np.repeat(codes[:200], 3, axis=1))
        writer.add("same", 0, np.ones((9, 2)))
    return logdir


@pytest.fixture(scope="module", params=["true", "false"], ids=["rust", "python"])
def board(request, logdir):
    board = TensorBoard(logdir, f"--load_fast={request.param}")
    board.until(lambda runs: runs and runs["many"].get("codes", {}).get("kept") == 2)
    yield board
    board.stop()


def points_of(board, **query):
    """Returns the header of /points, the points as they were sent, and the arrays after the plane."""
    status, _, body = board.get("plugin/latent/points", **query)
    assert status == 200, body
    header, (points, _, _, _, *more) = codec.unpack(body)
    return header, points, more


def test_the_first_points_of_many_come_with_the_box_and_the_classes_of_all(board):
    header, points, (classes,) = points_of(board, **AT, step=0, labels=1, first=FIRST)
    np.testing.assert_array_equal(points, codes[:FIRST])
    np.testing.assert_array_equal(classes, labels[:FIRST])
    assert header["points"] == POINTS
    np.testing.assert_array_equal(header["box"], np.transpose([codes.min(axis=0), codes.max(axis=0)]).ravel())
    assert header["labels"]["counts"] == np.bincount(labels).tolist()


def test_points_that_are_not_many_more_than_the_first_come_at_once(board):
    assert len(points_of(board, **AT, step=0, first=POINTS // 2)[1]) == POINTS
    assert len(points_of(board, **AT, step=0, first=POINTS // 2 - 1)[1]) == POINTS // 2 - 1


def test_rounded_points_are_within_half_a_step_of_16_bits(board):
    header, rounded, _ = points_of(board, **AT, step=1, bits=16)
    assert rounded.dtype == np.uint16
    assert rounded.shape == (POINTS, 2)
    left, right, bottom, top = header["box"]
    unit = np.array([right - left, top - bottom]) / 65535
    error = np.abs(rounded * unit + [left, bottom] - points_of(board, **AT, step=1)[1])
    assert (error <= 0.5001 * unit).all()
    assert (rounded.min(axis=0).tolist(), rounded.max(axis=0).tolist()) == ([0, 0], [65535, 65535])
    header, rounded, _ = points_of(board, run="many", tag="same", bits=16)
    assert not rounded.any()  # they all lie at the left end of a box without a width


def test_parameters_that_ask_for_too_much_or_nothing(logdir):
    routes = Routes(logdir)
    for query in ({"bits": 8}, {"bits": 17}, {"bits": 16, "components": 3}, {"first": 0}, {"first": "x"}):
        response = routes.get("/points", **AT, **query)
        assert response.status_code == 400, query
        assert next(iter(query)) in response.text
    assert routes.get("/points", run="many", tag="deep", plane="pca", components=3, bits=32).status_code == 200


def test_places_far_beyond_float32s_range_of_differences_are_rounded():
    far = np.array([[-3e38, 0], [3e38, 1], [0, 0.5]], np.float32)
    rounded = projection.quantized(far, projection.box(far))
    np.testing.assert_array_equal(rounded, [[0, 0], [65535, 65535], [32768, 32768]])
