"""Maps by UMAP and t-SNE: computed in the background, from the nearest step on, and kept beside the run."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import latent

from tb_plugin import codec
from tb_plugin.server import map_work, maps
from tb_plugin.summary import LatentWriter

AT = {"run": "a", "tag": "codes", "plane": "map"}
CODES = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)

# Waits for the file GO, if it is set; then returns the first numbers of the codes, or the cubes of a start.
UMAP = """
import os, time
class UMAP:
    def __init__(self, **options):
        self.init, self.bar = options["init"], options["tqdm_kwds"]["file"]
    def fit_transform(self, codes):
        print("noise of the library")
        self.bar.write("Epochs completed:  50%|#####     ")
        while os.environ.get("GO") and not os.path.exists(os.environ["GO"]):
            time.sleep(0.01)
        if codes[0, 0] == 666:
            raise RuntimeError("the codes are evil")
        return codes[:, :2] if isinstance(self.init, str) else self.init**3
"""


@pytest.fixture
def umap(tmp_path, monkeypatch):
    """Installs a UMAP that is quick."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "umap.py").write_text(UMAP)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.syspath_prepend(folder)


@pytest.fixture
def logdir(tmp_path):
    logdir = tmp_path / "logs"
    with LatentWriter(logdir / "a") as writer:
        for step in (0, 10, 20):
            writer.add("codes", step, CODES + step, labels=np.arange(40) % 3)
    return logdir


def once_computed(routes, **query):
    """Returns the response once it is no longer that of a job."""
    end = time.monotonic() + 60
    while (response := routes.get("/points", **AT | query)).status_code == 202:
        assert time.monotonic() < end
        time.sleep(0.05)
    return response


def places_of(response):
    assert response.status_code == 200, response.text
    return codec.unpack(response.data)[1][0]


def files(logdir):
    return {path: path.read_bytes() for path in logdir.rglob("*") if path.is_file()}


def test_a_map_is_computed_once_and_kept_beside_the_run(umap, logdir, monkeypatch):
    before = files(logdir)
    routes = latent.Routes(logdir)
    first = routes.get("/points", **AT, map="UMAP", step=0)
    assert (first.status_code, first.json.keys()) == (202, {"map", "step", "started", "done"})
    response = once_computed(routes, map="UMAP", step=0, labels=1)
    header, arrays = codec.unpack(response.data)
    assert header.items() >= {"plane": "map", "map": "UMAP", "step": 0}.items()
    np.testing.assert_array_equal(arrays[0], CODES[:, :2])
    np.testing.assert_array_equal(arrays[1], np.arange(40) % 3)
    after = files(logdir)
    assert {path: after[path] for path in before} == before, "the event files are as they were"
    (made,) = after.keys() - before.keys()
    assert made.is_relative_to(logdir / "a" / maps.FOLDER)
    # The next start of TensorBoard has it at once.
    monkeypatch.setattr(subprocess, "Popen", None)
    again = latent.Routes(logdir)
    np.testing.assert_array_equal(places_of(again.get("/points", **AT, map="UMAP", step=0)), CODES[:, :2])
    assert again.get("/runs").json.keys() == {"a"}


def after(start):
    """Returns the map that starts there."""
    return map_work.onto(start.astype(float) ** 3, start.astype(float)).astype(np.float32)


def test_a_map_starts_from_that_of_the_nearest_step(umap, logdir):
    routes = latent.Routes(logdir)
    one = places_of(once_computed(routes, map="UMAP", step=10))
    np.testing.assert_array_equal(one, (CODES + 10)[:, :2])
    for step in (20, 0):
        np.testing.assert_allclose(places_of(once_computed(routes, map="UMAP", step=step)), after(one), rtol=1e-5)
    # Of two that are equally near, from the one before; a damaged one is none, and computed again.
    (path,) = (logdir / "a").rglob("10-*.npy")
    path.write_bytes(path.read_bytes()[:-7])
    again = places_of(once_computed(latent.Routes(logdir), map="UMAP", step=10))
    np.testing.assert_allclose(again, after(after(one)), rtol=1e-4)


def test_a_map_is_turned_onto_the_one_that_it_started_from():
    random = np.random.default_rng(0)
    one = random.normal(size=(30, 2))
    turn = np.array([[0.6, 0.8], [0.8, -0.6]])  # and mirror
    np.testing.assert_allclose(map_work.onto(3 * one @ turn + [5, -7], one), one, atol=1e-12)
    noisy = map_work.onto(3 * (one + random.normal(scale=0.01, size=one.shape)) @ turn, one)
    assert 0 < np.abs(noisy - one).max() < 0.1
    np.testing.assert_array_equal(map_work.onto(np.ones((4, 2)), one[:4]), np.tile(one[:4].mean(axis=0), (4, 1)))


def test_other_codes_at_a_step_have_another_map(umap, logdir):
    places_of(once_computed(latent.Routes(logdir), map="UMAP", step=10))
    with LatentWriter(logdir / "a") as writer:
        writer.add("codes", 10, 3 * CODES)
    np.testing.assert_array_equal(
        places_of(once_computed(latent.Routes(logdir), map="UMAP", step=10)), 3 * CODES[:, :2]
    )


def test_progress_one_at_a_time(umap, logdir, tmp_path, monkeypatch):
    monkeypatch.setenv("GO", str(tmp_path / "go"))
    routes = latent.Routes(logdir)
    end = time.monotonic() + 60
    while (first := routes.get("/points", **AT, map="UMAP", step=0).json)["done"] == 0:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert first == {"map": "UMAP", "step": 0, "started": True, "done": 0.5}
    second = {"map": "UMAP", "step": 10, "started": False, "done": 0}
    for _ in range(2):
        assert routes.get("/points", **AT, map="UMAP", step=10).json == second
    assert routes.get("/points", run="a", tag="codes", step=10).status_code == 200, "all else goes on"
    (tmp_path / "go").touch()
    np.testing.assert_allclose(places_of(once_computed(routes, map="UMAP", step=10)), after(CODES[:, :2]), rtol=1e-5)


def test_the_process_ends_with_the_server(umap, tmp_path, monkeypatch):
    monkeypatch.setenv("GO", str(tmp_path / "never"))
    root = str(Path(maps.__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, str(tmp_path / "site")]))
    folder = tmp_path / "work"
    folder.mkdir()
    np.save(folder / "codes.npy", CODES)
    command = [sys.executable, "-m", map_work.__name__, "UMAP", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"0.50\n"
        process.stdin.close()
        try:
            assert process.wait(30) == 1
        finally:
            process.kill()
    assert not folder.exists()


def test_what_fails_costs_one_line_and_is_tried_again(umap, tmp_path):
    evil = CODES.copy()
    evil[0, 0] = 666
    with LatentWriter(tmp_path / "logs" / "a") as writer:
        writer.add("codes", 0, evil)
        writer.add("few", 0, CODES[:9])
    routes = latent.Routes(tmp_path / "logs")
    response = once_computed(routes, map="UMAP")
    said = "UMAP of this step could not be computed: RuntimeError: the codes are evil"
    assert (response.status_code, response.text) == (422, said)
    assert routes.get("/points", **AT, map="UMAP").status_code == 202
    response = routes.get("/points", **AT | {"tag": "few"}, map="UMAP")
    assert (response.status_code, response.text) == (422, "UMAP takes 10 points or more, this step has 9.")


def test_a_library_that_is_not_installed_is_named(logdir, monkeypatch):
    monkeypatch.setattr(map_work, "LIBRARIES", {"UMAP": ("no_such_module",), "t-SNE": ("no_such_module",)})
    response = latent.Routes(logdir).get("/points", **AT, map="UMAP")
    assert (response.status_code, response.text) == (
        404,
        "UMAP is not installed. Type: pip install 'legacy-ports[maps]'",
    )
    assert latent.Routes(logdir).get("/points", **AT, map="PHATE").status_code == 404


def test_a_folder_that_cannot_be_written(umap, logdir):
    (logdir / "a" / maps.FOLDER).write_text("in the way")
    routes = latent.Routes(logdir)
    for step, places in ((0, CODES[:, :2]), (10, after(CODES[:, :2]))):
        np.testing.assert_allclose(places_of(once_computed(routes, map="UMAP", step=step)), places, rtol=1e-5)
    assert (logdir / "a" / maps.FOLDER).read_text() == "in the way"


def test_a_projection_that_was_logged_under_the_name_is_shown(umap, tmp_path):
    places = np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32)
    with LatentWriter(tmp_path / "logs" / "a") as writer:
        writer.add("codes", 0, CODES, projections={"UMAP": places})
    np.testing.assert_array_equal(places_of(latent.Routes(tmp_path / "logs").get("/points", **AT, map="UMAP")), places)


def test_of_many_points_a_sample_is_computed_and_the_others_lie_between(umap, monkeypatch):
    monkeypatch.setattr(map_work, "MAX_POINTS", 25)
    said = []
    made = map_work.compute("UMAP", CODES, None, said.append)
    own = (made == CODES[:, :2]).all(axis=1)
    assert (own.sum(), said, made.dtype) == (25, [0.5], np.float32)
    sample = CODES[own]
    for code, place in zip(CODES[~own], made[~own]):
        distances = np.linalg.norm(sample.astype(float) - code, axis=1)
        nearest = np.argsort(distances)[:3]
        np.testing.assert_allclose(np.average(sample[nearest, :2], 0, 1 / distances[nearest]), place, atol=1e-4)
    # A start is that of the same points.
    start = np.random.default_rng(1).normal(size=(40, 2))
    expected = map_work.onto(start[own] ** 3, start[own])
    np.testing.assert_allclose(map_work.compute("UMAP", CODES, start, said.append)[own], expected, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "module"), [("UMAP", "umap"), ("t-SNE", "openTSNE"), ("t-SNE", "sklearn")])
def test_the_libraries_find_what_is_near_and_keep_the_side(method, module, monkeypatch):
    pytest.importorskip(module, reason=f"NOT TESTED with {module}: the extra `maps` is not installed")
    monkeypatch.setattr(map_work, "LIBRARIES", {method: (module,)})
    random = np.random.default_rng(0)
    groups = np.arange(60) % 3
    codes = (10 * np.eye(3, 6)[groups] + random.normal(size=(60, 6))).astype(np.float32)
    said = []
    one = map_work.compute(method, codes, None, said.append)
    two = map_work.compute(method, codes + random.normal(scale=0.05, size=codes.shape), one, said.append)
    if module != "sklearn":
        assert said  # how often depends on the time that it takes
        assert 0 <= min(said) <= max(said) <= 1
    for places in (one, two):
        distances = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(60)
        assert (groups[distances.argmin(axis=1)] == groups).mean() > 0.9
    centers = [np.stack([places[groups == group].mean(axis=0) for group in range(3)]) for places in (one, two)]
    apart = np.linalg.norm(centers[0][0] - centers[0][1])
    assert np.linalg.norm(centers[0] - centers[1], axis=1).max() < 0.5 * apart, "the groups stay where they were"
