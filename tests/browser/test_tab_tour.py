"""A tour: the plane turns within the first principal components, and all else with it."""

import re

import numpy as np
import pytest
from helpers import latent
from helpers.tab import FilePage, Tab

import tb_plugin
from tb_plugin.export import export
from tb_plugin.server import projection

pytestmark = pytest.mark.slow

DEEP, FLAT = ["deep", "codes"], ["flat", "codes"]
DECODED = "[aria-label='Decoded by deep · codes']"
KIND = "select[aria-label=Plane]"
THROUGH = "select[aria-label='Component to turn through']"


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    """Logs the runs `flat` and `deep`, of 2 and 5 numbers around 0, where the decoder is not saturated."""
    logdir = tmp_path_factory.mktemp("tour")
    for name, dims in (("flat", 2), ("deep", 5)):
        latent.write(logdir / name, dims=dims, steps=[0])
    return logdir


def tour(tab):
    """Returns the directions of the tour in the address, across and up, each [k]."""
    text = tab.wait_for_state("plane", "value => decodeURIComponent(value ?? '').startsWith('tour:')")
    parts = [np.array(part.split(","), float) for part in text.removeprefix("tour:").split(";")]
    return parts[1], parts[2]


def plane(logdir, across, up):
    """Returns the origin, u and v of a tour through the codes."""
    codes = tb_plugin.read(logdir)["deep"]["codes"][0].codes
    components = projection.principal(codes, len(across))
    return components.origin, across @ components.directions, up @ components.directions


def shown(tab):
    return tab.pixels(DECODED)[..., 0].astype(int)


def expected(logdir, across, up, place):
    origin, u, v = plane(logdir, across, up)
    decoder = tb_plugin.read(logdir)["deep"]["codes"][0].decoder
    code = (origin + place[0] * u + place[1] * v).astype(np.float32)
    return np.floor(np.clip(decoder(code[None]), 0, 1) * 255 + 0.5).astype(int).reshape(6, 6)


def drag(tab, by, end=True, panel=0):
    """Drags from the middle of a plot by pixels."""
    x, y = tab.at(panel=panel)
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    for share in (0.25, 0.5, 1):
        tab.page.mouse.move(x + share * by[0], y + share * by[1])
    if end:
        tab.page.mouse.up()
        tab.rest()


def test_a_drag_turns_the_plane_and_asks_for_nothing(page, tensorboard, logdir):
    board = tensorboard(logdir, "--load_fast=true")
    tab = Tab(page, board, [DEEP], plane="pca", probe="1,-1", manifold="1").painted(0)
    tab.locate(KIND).select_option("tour")
    assert tab.wait_for_state("tool") == "turn"
    tab.rest()
    assert np.abs(shown(tab) - expected(logdir, *tour(tab), (1, -1))).max() <= 1, "from the front it is PCA"
    before, grid, picture = tab.seen(), tab.pixels("canvas.manifold"), shown(tab)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    drag(tab, (120, -60), end=False)
    assert tab.locate("canvas.manifold").is_hidden(), "its pictures are those of another plane"
    page.mouse.up()
    tab.rest()
    assert [url for url in asked if "latent" in url] == []
    across, up = tour(tab)
    np.testing.assert_allclose([across @ across, up @ up, across @ up], [1, 1, 0], atol=1e-3)
    radius = min(tab.plot().bounding_box()[side] for side in ("width", "height")) / 2
    # The drag by small turns is nearly a turn around one axis.
    assert across[2] == pytest.approx(np.sin(120 / radius), abs=0.1)
    assert up[2] == pytest.approx(np.sin(60 / radius), abs=0.1)
    assert np.abs(shown(tab) - expected(logdir, across, up, (1, -1))).max() <= 1
    assert np.abs(shown(tab) - picture).max() > 20
    assert np.abs(tab.seen().astype(int) - before).max() > 50
    assert tab.pixels("canvas.manifold").shape != grid.shape or (tab.pixels("canvas.manifold") != grid).any()


def test_points_are_picked_and_walks_decoded_where_they_are_seen(page, tensorboard, logdir):
    board = tensorboard(logdir, "--load_fast=true")
    link = "tour:3;0.8,0,0.6;0,1,0;-0.6,0,0.8"
    origin, u, v = plane(logdir, np.array([0.8, 0, 0.6]), np.array([0, 1.0, 0]))
    codes = tb_plugin.read(logdir)["deep"]["codes"][0].codes
    places = (codes - origin) @ np.stack([u, v], axis=1)
    index = int(np.argmax(np.linalg.norm(places, axis=1)))
    x, y = places[index]
    tab = Tab(page, board, [DEEP], plane=link, view=f"{x},{y},0.5", walk=f"circle:{x + 2},{y},0")
    tab.painted(0)
    tab.rest()
    page.mouse.click(*tab.at())
    tab.rest()
    tab.page.mouse.move(*tab.at(0.505, 0.505))
    card = tab.locate(".card")
    card.wait_for()
    assert f"index\n{index}" in card.inner_text()
    away = np.linalg.norm(codes[index] - origin - places[index] @ [u, v])
    said = float(re.search(r"off the plane\n([\d.]+)", card.inner_text())[1])
    assert said == pytest.approx(away, abs=0.01)
    tab.locate("summary", has_text="Neighbors").click()
    tab.until(lambda: f"nearest to point {index}" in tab.locate("details[aria-label=Neighbors]").inner_text())
    frame = tab.pixels("figure canvas[aria-label^='Frame 1 of']")[..., 0].astype(int)
    assert np.abs(frame - expected(logdir, np.array([0.8, 0, 0.6]), np.array([0, 1.0, 0]), (x + 2, y))).max() <= 1


def test_a_link_opens_the_same_side_and_the_keys_turn_it(page, tensorboard, logdir):
    board = tensorboard(logdir, "--load_fast=true")
    tab = Tab(page, board, [DEEP], plane="pca", tool="turn").painted(0)
    tab.plot().focus()
    page.keyboard.press("ArrowRight")  # from the principal components: their plane is loaded once
    tab.rest()
    for key in ("ArrowRight", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    tab.rest()
    across, up = tour(tab)
    assert across[2] == pytest.approx(np.sin(np.radians(10)), abs=0.01)
    assert up[2] == pytest.approx(np.sin(np.radians(10)), abs=0.01)
    assert tab.state("probe") is None, "the cross stays"
    first = tab.seen()
    again = Tab(page, board, [DEEP], plane=tab.wait_for_state("plane"), tool="turn").painted(0)
    again.rest()
    assert np.mean(np.abs(again.seen().astype(int) - first) > 40) < 0.002
    page.keyboard.press("d")
    again.locate(KIND).select_option("axes")
    again.locate(KIND).select_option("tour")
    again.rest()
    assert tour(again)[0].tolist() == [1, 0, 0], "it starts from the first two components"


def test_another_component_and_held_axes(page, tensorboard, logdir):
    board = tensorboard(logdir, "--load_fast=true")
    tab = Tab(page, board, [DEEP], plane="pca", view="0.5,0.25,7").painted(0)
    tab.locate(KIND).select_option("tour")
    tab.rest()
    options = tab.locate(f"{THROUGH} option").all_inner_texts()
    assert options == ["component 3", "component 4", "component 5"]
    tab.locate(THROUGH).select_option("4")
    tab.rest()
    drag(tab, (150, 0))
    across, up = tour(tab)
    assert (len(across), across[2], across[3]) == (5, 0, 0)
    assert across[4] > 0.3
    assert up.tolist() == [0, 1, 0, 0, 0]
    assert tab.wait_for_state("view") == "0.5,0.25,7"
    assert tab.locate("label", has_text="hold axes").locator("input").is_checked()
    tab.locate(THROUGH).select_option("2")
    tab.rest()
    drag(tab, (0, 100))
    assert tour(tab)[1][2] < -0.2, "the pointer went down"
    # Two axes are another plane.
    tab.locate(KIND).select_option("axes")
    tab.wait_for_state("view", "value => value === null")


def test_runs_side_by_side_turn_together(page, tensorboard, logdir):
    board = tensorboard(logdir, "--load_fast=true")
    tab = Tab(page, board, [FLAT, DEEP], plane="pca", tool="turn").painted(0).painted(0, panel=1)
    tab.rest()
    flat, deep = tab.seen(0), tab.seen(1)
    drag(tab, (0, -90), panel=1)
    drag(tab, (110, 0), panel=1)
    assert np.abs(tab.seen(1).astype(int) - deep).max() > 50
    assert tour(tab)[0][2] > 0.3
    assert tab.locate(".message:not([hidden])").count() == 0
    assert flat.any()
    alone = Tab(page, board, [FLAT]).painted(0)
    assert not alone.locate("label", has_text=re.compile("^turn$")).is_visible(), "two numbers have one side"


def test_a_page_that_is_one_file_turns_without_a_server(new_page, logdir, tmp_path):
    export(logdir, tmp_path / "page.html", runs=["deep"], full=True)
    with new_page(offline=True) as alone:
        tab = FilePage(
            alone, tmp_path / "page.html", [DEEP], plane="tour:3;1,0,0;0,1,0;0,0,1", tool="turn", probe="1,-1"
        )
        tab.painted(0).rest()
        assert np.abs(shown(tab) - expected(logdir, *tour(tab), (1, -1))).max() <= 1
        picture = shown(tab)
        drag(tab, (100, 40))
        across, up = tour(tab)
        assert across[2] > 0.2
        assert np.abs(shown(tab) - picture).max() > 20
        assert np.abs(shown(tab) - expected(logdir, across, up, (1, -1))).max() <= 1
