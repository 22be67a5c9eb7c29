"""Projections that a user logs: validated, stored per step, served as planes, read back."""

import numpy as np
import pytest
from helpers import latent
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

import tb_plugin
from tb_plugin import codec
from tb_plugin.summary import LatentWriter
from tb_plugin.summary import latent as summary_of

codes, labels, _, decoder = latent.arrays(dims=5)
AT = {"run": "a", "tag": "codes"}


def places(step, scale=1.0):
    """Returns places float32 [30, 2]."""
    return (scale * np.random.default_rng(step).normal(size=(30, 2))).astype(np.float32)


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("logs")
    with LatentWriter(logdir / "a") as writer:
        for step in (0, 10):
            projections = {"umap": places(step), 'my "tree"': places(step, 1e4)}
            metadata = {"length": np.arange(30)}
            writer.add("codes", step, codes, labels=labels, decoder=decoder, metadata=metadata, projections=projections)
        writer.add("codes", 20, codes, projections={"umap": places(20).tolist()})
    return logdir


@pytest.fixture(scope="module")
def routes(logdir):
    return latent.Routes(logdir)


def test_each_step_has_its_projections(routes, logdir):
    for step in (0, 10, 20):
        response = routes.get("/points", **AT, step=step, plane="map", map="umap", labels=1)
        header, (points, of) = codec.unpack(response.data)
        assert header.items() >= {**AT, "step": step, "plane": "map", "map": "umap"}.items()
        np.testing.assert_array_equal(points, places(step))
        left, right, bottom, top = header["box"]
        assert (left, top) == (points[:, 0].min(), points[:, 1].max())
        np.testing.assert_array_equal(of, labels)
        logged = tb_plugin.read(logdir)["a"]["codes"][step]
        np.testing.assert_array_equal(logged.projections["umap"], places(step))
        assert list(logged.projections) == (["umap"] if step == 20 else ["umap", 'my "tree"'])
    assert logged.metadata.keys() == {"length"}
    columns = logged.columns()
    np.testing.assert_array_equal(columns["umap_1"], places(20)[:, 1])
    assert routes.get("/runs").json["a"]["codes"]["projections"] == ["umap"], "those of the last step"


def test_a_projection_that_was_not_logged(routes):
    for query, status, text in (
        ({"map": "tree"}, 404, "No projection 'tree' was logged at this step. Choose another plane."),
        ({"map": 'my "tree"', "step": 20}, 404, "Choose another plane"),
        ({}, 400, "map"),
    ):
        response = routes.get("/points", **AT, plane="map", **query)
        assert (response.status_code, text in response.text) == (status, True), response.text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([places(0)], "projections: it must be a dict of at most 16 names to places [N, 2]"),
        ({str(i): places(0) for i in range(17)}, "at most 16"),
        ({"": places(0)}, "projections: a name is '', it must be a string of 1 to 60 characters"),
        ({"x" * 61: places(0)}, "it must be a string of 1 to 60 characters"),
        ({3: places(0)}, "a name is 3"),
        ({"umap": places(0)[:29]}, 'projections["umap"]: shape is [29, 2], it must be [30, 2]'),
        ({"umap": codes}, 'projections["umap"]: shape is [30, 5], it must be [30, 2]'),
        ({"umap": places(0) * np.nan}, 'projections["umap"]: 60 of 60 numbers are not finite'),
        ({"umap": "xy"}, 'projections["umap"]: dtype is'),
    ],
)
def test_projections_that_are_refused(tmp_path, given, text):
    with LatentWriter(tmp_path) as writer, pytest.raises(ValueError, match=r"\Aprojections[^\n]*\Z") as error:
        writer.add("codes", 0, codes, projections=given)
    assert text in str(error.value)


def test_a_summary_has_them_too():
    summary = summary_of("codes", codes, index=0, projections={"umap": places(3)})
    (steps, once) = summary.value
    head = codec.unpack_head(steps.tensor.string_val[0])
    (about,) = head["projections"]
    _, (stored,) = codec.unpack(steps.tensor.string_val[about["blob"]])
    np.testing.assert_array_equal(stored, places(3))
    again = codec.unpack_head(once.tensor.string_val[0])["projections"]
    assert again == [about], "the first step is stored twice, as it is"


@pytest.mark.parametrize("shape", [(29, 2), (30, 3), (60,), (30, 2)])
def test_a_damaged_projection_costs_one_line(tmp_path, shape):
    summary = summary_of("codes", codes, index=0, projections={"umap": places(0)})
    blobs = summary.value[0].tensor.string_val
    (about,) = codec.unpack_head(blobs[0])["projections"]
    blobs[about["blob"]] = codec.pack({}, np.full(shape, np.nan if shape == (30, 2) else 0, np.float32))
    writer = EventFileWriter(str(tmp_path / "a"))
    writer.add_event(event_pb2.Event(wall_time=1, step=0, summary=summary))
    writer.close()
    response = latent.Routes(tmp_path).get("/points", **AT, plane="map", map="umap")
    assert response.status_code == 422
    assert response.text.startswith("The projection of this step cannot be read")


@pytest.mark.parametrize(
    "listed", [7, [7], [{"name": 3, "blob": 7}], [{"name": "umap"}], [{"name": "umap", "blob": 0}]]
)
def test_a_head_that_lists_nonsense_is_refused(listed):
    head = codec.pack({"points": 30, "dims": 2, "parts": ["codes"], "projections": listed})
    with pytest.raises(ValueError, match="does not describe a record"):
        codec.unpack_head(head)
