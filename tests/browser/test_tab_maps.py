"""Projections of the user's own as planes: points where they were put, and codes decoded between them."""

import os
import shutil

import numpy as np
import pytest
from helpers import latent
from helpers.tab import FilePage, Tab

import tb_plugin
from tb_plugin.export import export
from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

DEEP, FLAT = ["deep", "codes"], ["flat", "codes"]
KIND = "select[aria-label=Plane]"
DECODED = "[aria-label='Decoded by deep · codes']"


def places(step):
    """Returns places float32 [30, 2], the first ones far from the others."""
    made = np.random.default_rng(step).uniform(-1, 1, size=(30, 2)).astype(np.float32)
    made[0] = (-6, 4)
    return made


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    """Logs two steps of `deep` with a projection "umap", the first also with "tree", and `flat` without any."""
    logdir = tmp_path_factory.mktemp("maps")
    codes, labels, images, decoder = latent.arrays(5)
    with LatentWriter(logdir / "deep") as writer:
        more = {"labels": labels, "images": images, "decoder": decoder}
        writer.add("codes", 0, codes, projections={"umap": places(0), "tree": 1e3 * places(5)}, **more)
        writer.add("codes", 10, codes, projections={"umap": places(10)}, decoder=decoder)
    latent.write(logdir / "flat", steps=[0, 10])
    return logdir


@pytest.fixture
def board(tensorboard, logdir):
    return tensorboard(logdir, "--load_fast=true")


def picture(logdir, code):
    decoder = tb_plugin.read(logdir)["deep"]["codes"][0].decoder
    return np.floor(np.clip(decoder(np.asarray(code, np.float32)[None]), 0, 1) * 255 + 0.5).astype(int).reshape(6, 6)


def shown(tab):
    return tab.pixels(DECODED)[..., 0].astype(int)


def code_at(logdir, step, place):
    """Returns the mean of the 8 nearest codes, by the weights ((R - d) / (R d))^2; R is the distance of the ninth."""
    codes = tb_plugin.read(logdir)["deep"]["codes"][step].codes
    distances = np.linalg.norm(places(step).astype(float) - place, axis=1)
    order = np.argsort(distances)[:9]
    reach, near = distances[order[8]], distances[order[:8]]
    weights = ((reach - near) / (reach * near)) ** 2
    return weights @ codes[order[:8]] / weights.sum()


def test_a_projection_is_a_plane_and_decodes_between_its_points(page, board, logdir):
    tab = Tab(page, board, [DEEP], plane="pca", manifold="1").painted(10)
    assert tab.locate(f"{KIND} optgroup[label=logged] option").all_inner_texts() == ["umap"], "those of the last step"
    tab.locate(KIND).select_option("map:umap")
    tab.wait_for_state("plane", "value => decodeURIComponent(value) === 'map:umap'")
    tab.rest()
    assert "from the codes of the 8 nearest" in tab.locate("section", has=tab.locate(KIND)).inner_text()
    tab = Tab(page, board, [DEEP], plane="map:umap", probe="0.25,-0.5", manifold="1").painted(10)
    tab.rest()
    assert np.abs(shown(tab) - picture(logdir, code_at(logdir, 10, (0.25, -0.5)))).max() <= 1
    assert "interpolated from the 8 nearest points" in tab.locate("[aria-label=Decoded] .hint").inner_text()
    assert tab.pixels("canvas.manifold").any()
    x, y = places(10)[7]
    tab = Tab(page, board, [DEEP], plane="map:umap", view=f"{x},{y},0.5", walk="circle:9,9,0").painted(10)
    page.mouse.click(*tab.at())
    tab.rest()
    codes = tb_plugin.read(logdir)["deep"]["codes"][10].codes
    tab.locate("summary", has_text="Neighbors").click()
    tab.until(lambda: "nearest to point 7" in tab.locate("details[aria-label=Neighbors]").inner_text())
    page.mouse.move(*tab.at(0.502, 0.502))
    card = tab.locate(".card")
    card.wait_for()
    tab.rest()
    assert "index\n7" in card.inner_text()
    assert "off the plane" not in card.inner_text()
    tab.locate(".neighbors button").first.click()
    tab.rest()
    nearest = int(tab.locate("details[aria-label=Neighbors] .hint").inner_text().split("point ")[1].split(",")[0])
    assert np.abs(shown(tab) - picture(logdir, codes[nearest])).max() <= 1, "at a point it is the point's code"


def test_points_move_with_the_steps_and_a_step_without_it_says_so(page, problems, board):
    tab = Tab(page, board, [DEEP], plane="map:umap", step="0").painted(0)
    tab.rest()
    before = tab.seen()
    tab.plot().focus()
    page.keyboard.press(".")
    tab.painted(10)
    tab.rest()
    assert np.abs(tab.seen().astype(int) - before).max() > 50
    tab = Tab(page, board, [DEEP], plane="map:tree", step="0").painted(0)
    assert tab.locate(KIND).input_value() == "map:tree"
    problems.expect("status 404: .*run=flat.*map=umap")
    problems.expect("console error: Failed to load resource")
    tab = Tab(page, board, [DEEP, FLAT], plane="map:umap").painted(10)
    note = tab.locate(".message:not([hidden])")
    note.wait_for()
    assert note.inner_text() == "No projection 'umap' was logged at this step. Choose another plane."
    tab.locate(KIND).select_option("pca")
    tab.painted(10, panel=1)
    tab.until(lambda: note.count() == 0)


def test_the_sliders_of_all_dimensions_go_to_the_nearest_point(page, board, logdir):
    tab = Tab(page, board, [DEEP], plane="map:umap", probe="-6,4").painted(10)
    tab.locate("summary", has_text="All dimensions").click()
    tab.locate(".sliders input[type=range]").first.wait_for()
    tab.rest()
    codes = tb_plugin.read(logdir)["deep"]["codes"][10].codes
    numbers = tab.locate(".sliders input[type=range]").evaluate_all("all => all.map(one => one.valueAsNumber)")
    np.testing.assert_allclose(numbers, codes[0], atol=1e-5)
    moved = "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }"
    tab.locate("input[aria-label='Code 3']").evaluate(moved, float(codes[0, 3]) - 0.01)
    tab.rest()
    assert tab.wait_for_state("probe") == "-6,4"
    assert "0.01 off the plane" in tab.locate("[aria-label=Decoded] .hint").inner_text()


def test_a_page_that_is_one_file_has_the_projections(new_page, logdir, tmp_path):
    export(logdir, tmp_path / "page.html", runs=["deep"], full=True)
    with new_page(offline=True) as alone:
        tab = FilePage(alone, tmp_path / "page.html", [DEEP], plane="map:umap", probe="0.25,-0.5").painted(10)
        tab.rest()
        assert np.abs(shown(tab) - picture(logdir, code_at(logdir, 10, (0.25, -0.5)))).max() <= 1


# Waits for the file GO; then the points stand on a spiral.
UMAP = """
import os, time
import numpy as np
class UMAP:
    def __init__(self, **options):
        self.bar = options["tqdm_kwds"]["file"]
    def fit_transform(self, codes):
        self.bar.write("Epochs completed:  37%|###      ")
        while not os.path.exists(os.environ["GO"]):
            time.sleep(0.01)
        t = np.arange(len(codes)) / 4
        return np.stack([t * np.cos(t), t * np.sin(t)], axis=1)
"""


@pytest.fixture
def computing(logdir, tmp_path, monkeypatch):
    """A TensorBoard with a quick UMAP, which waits for the file that is returned with it."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "umap.py").write_text(UMAP)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("GO", str(tmp_path / "go"))
    shutil.copytree(logdir, tmp_path / "logs")
    board = latent.TensorBoard(tmp_path / "logs", "--load_fast=true")
    board.until(lambda listing: listing)
    yield board, tmp_path / "go"
    board.stop()


def test_a_map_is_computed_while_the_tab_goes_on(page, computing, logdir):
    board, go = computing
    tab = Tab(page, board, [DEEP], plane="pca").painted(10)
    assert tab.locate(f"{KIND} optgroup option").all_inner_texts() == ["umap", "UMAP", "t-SNE"]
    tab.locate(KIND).select_option("map:UMAP")
    note = tab.locate(".message:not([hidden])")
    tab.until(lambda: note.all_inner_texts() == ["Computing UMAP of step 10 … 37 %"], seconds=60)
    # Another plane ends the wait, and the map is still computed.
    tab.locate(KIND).select_option("axes")
    tab.until(lambda: note.count() == 0)
    tab.locate(KIND).select_option("map:UMAP")
    note.wait_for()
    go.touch()
    tab.until(lambda: note.count() == 0, seconds=60)
    tab.rest()
    assert "from the codes of the 8 nearest" in tab.locate("section", has=tab.locate(KIND)).inner_text()
    tab = Tab(page, board, [DEEP], plane="map:UMAP", probe="0,0").painted(10)
    tab.rest()
    codes = tb_plugin.read(logdir)["deep"]["codes"][10].codes
    assert np.abs(shown(tab) - picture(logdir, codes[0])).max() <= 1, "the spiral starts at the first point"
