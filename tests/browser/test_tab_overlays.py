"""What is drawn over the points: lines of equal density, the mean error where they overlap, names of classes."""

import re

import numpy as np
import pytest
from helpers import latent
from helpers.tab import Tab
from test_tab_picture import check

from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

N = 4000
RUN = [["overlap", "z"]]
HEAP = (3, 1)  # of most points, whose errors are high


@pytest.fixture(scope="module")
def board(tensorboard, tmp_path_factory):
    logdir = tmp_path_factory.mktemp("overlap")
    random = np.random.default_rng(0)
    heap = np.arange(N) < N // 2
    codes = np.where(heap[:, None], np.array(HEAP) + 0.15 * random.normal(size=(N, 2)), random.uniform(-4, 4, (N, 2)))
    with LatentWriter(logdir / "overlap") as writer:
        for step in (0, 1):
            writer.add("z", step, codes, labels=np.arange(N) % 2, errors=np.where(heap, 1.0, 0.1))
    with LatentWriter(logdir / "plain") as writer:
        writer.add("z", 0, codes)
    latent.write(logdir / "drawn", errors=np.arange(30) / 30)
    return tensorboard(logdir, "--load_fast=true")


def layer(tab):
    """Returns the place of the layer on the screen, and its pixels."""
    box = tab.locate(".plot .layer").bounding_box()
    return box, tab.pixels(".plot .layer")


def middle(tab):
    """Returns the place on the screen in the middle of what the layer draws."""
    box, pixels = layer(tab)
    rows, columns = np.nonzero(pixels[..., 3] > 100)
    shape = pixels.shape
    return box["x"] + columns.mean() / shape[1] * box["width"], box["y"] + rows.mean() / shape[0] * box["height"]


def test_density_is_lines_around_most_points_that_move_with_the_view(page, board):
    tab = Tab(page, board, RUN, layer="density", hidden="0").painted(1)
    tab.locate(".plot .layer:not([hidden])").wait_for()
    tab.rest()
    pixels = layer(tab)[1]
    inked = (pixels[..., 3] > 100).mean()
    assert 0.002 < inked < 0.2, "lines, no surface"
    x, y = middle(tab)
    tab.plot().press("h")
    start = tab.at(0.2, 0.2)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 60, start[1] + 30, steps=5)
    tab.until(lambda: np.allclose(middle(tab), (x + 60, y + 30), atol=1))
    assert (layer(tab)[1] == pixels).all(), "while the view is dragged nothing is computed"
    page.mouse.up()
    tab.rest()
    tab.until(lambda: layer(tab)[1].shape == pixels.shape and (layer(tab)[1] != pixels).any())


def test_errors_are_cells_where_points_overlap(page, board):
    tab = Tab(page, board, RUN).painted(1)
    assert not tab.locate(".plot .layer").is_visible()
    tab.locate("select[aria-label=Overlay]").select_option("error")
    tab.locate(".plot .layer:not([hidden])").wait_for()
    assert tab.wait_for_state("layer") == "error"
    tab.rest()
    box, pixels = layer(tab)
    assert tab.locate(".ends").get_attribute("aria-label") == "Mean error, from 0.1 to 1"
    opaque = pixels[pixels[..., 3] > 200][:, :3].astype(int)
    yellow = np.abs(opaque - (0x86, 0xD5, 0x49)).max(axis=1) < 12
    violet = np.abs(opaque - (0x44, 0x01, 0x54)).max(axis=1) < 12
    assert yellow.sum() > 100
    assert violet.sum() > 100
    assert yellow.mean() + violet.mean() > 0.7
    # Without the class that has half of the points, fewer overlap.
    tab.locate(".classes button").first.click()
    tab.until(lambda: (layer(tab)[1][..., 3] > 200).sum() < 0.8 * len(opaque))


def test_without_errors_there_is_no_such_overlay(page, board):
    tab = Tab(page, board, [["plain", "z"]], layer="error").painted(0)
    assert tab.locate("select[aria-label=Overlay] option[value=error]").is_disabled()
    tab.rest()
    assert not tab.locate(".plot .layer").is_visible()
    assert not tab.locate(".ends").is_visible()


@pytest.mark.parametrize(("kind", "view"), [("density", "20,20,6"), ("error", "20,20,40")])
def test_saved_pictures_have_it(new_page, board, kind, view):
    with new_page(device_scale_factor=2) as page:
        tab = Tab(
            page, board, [["drawn", "codes"]], layer=kind, view=view, probe="20,20", manifold="1", thumbnails="0"
        ).painted(20)
        tab.locate(".plot .layer:not([hidden])").wait_for()
        tab.locate("[aria-label=Walk] .preview").wait_for()
        tab.rest()
        svg = check(new_page, page, tab, least=0.01, most=0.03)  # lines are moved by a pixel, as all is
        assert ("mean error" in svg) == (kind == "error")
        assert ('stroke-width="1.2"' in svg) == (kind == "density")
        assert (layer(tab)[1][..., 3] > 100).sum() > 300


def names(tab):
    """Returns the names of classes that the plot draws, with their places in its picture as SVG."""
    with tab.page.expect_download() as download:
        tab.button("Save the plot as a drawing that stays sharp").click()
    with open(download.value.path(), encoding="utf-8") as file:
        found = re.findall(r'<text x="([-\d.]+)" y="([-\d.]+)"[^>]*stroke-linejoin[^>]*>([^<]*)</text>', file.read())
    return {name: (float(x), float(y)) for x, y, name in found}


@pytest.fixture(scope="module")
def named(tensorboard, tmp_path_factory):
    logdir = tmp_path_factory.mktemp("named")
    random = np.random.default_rng(1)
    for run, count in (("few", 4), ("many", 40)):
        labels = np.arange(800) % count
        centers = 10 * np.stack([np.cos(np.arange(count)), np.sin(np.arange(count))], axis=1)
        centers[1] = centers[0]  # two names at one place
        with LatentWriter(logdir / run) as writer:
            class_names = [f"class {i}" for i in range(count)]
            codes = centers[labels] + 0.1 * random.normal(size=(800, 2))
            writer.add("z", 0, codes, labels=labels, class_names=class_names)
    return tensorboard(logdir, "--load_fast=true")


def test_a_few_classes_have_their_names_at_their_places(page, named):
    tab = Tab(page, named, [["few", "z"]], view="0,0,24").painted(0)
    tab.rest()
    found = names(tab)
    assert found.keys() == {f"class {i}" for i in range(4)}
    scale = min(tab.plot().bounding_box()[side] for side in ("width", "height")) / 24
    for i in (2, 3):
        expected = 10 * scale * np.array([np.cos(i) - np.cos(2), np.sin(2) - np.sin(i)])
        np.testing.assert_allclose(np.subtract(found[f"class {i}"], found["class 2"]), expected, atol=0.2 * scale)
    (x, y), (other_x, other_y) = found["class 0"], found["class 1"]
    assert abs(x - other_x) < 10
    assert 14 <= abs(y - other_y) <= 20, "one below the other"
    tab.locate(".classes button").first.click()
    tab.until(lambda: names(tab).keys() == {"class 1", "class 2", "class 3"})
    color = tab.locate("select[aria-label='Color by']")
    color.select_option("none")
    tab.until(lambda: names(tab) == {})
    color.select_option("label")
    tab.until(lambda: len(names(tab)) == 3)
    tab.locate("label", has_text="class names").click()
    assert tab.wait_for_state("names") == "0"
    assert names(tab) == {}


def test_many_classes_have_names_if_they_are_asked_for(page, named):
    tab = Tab(page, named, [["many", "z"]]).painted(0)
    tab.rest()
    assert names(tab) == {}
    assert not tab.locate("label", has_text="class names").locator("input").is_checked()
    tab.locate("label", has_text="class names").click()
    assert tab.wait_for_state("names") == "1"
    found = names(tab)
    assert 10 < len(found) <= 40
    places = sorted(found.values())
    assert all(abs(a[0] - b[0]) > 40 or abs(a[1] - b[1]) > 14 for i, a in enumerate(places) for b in places[:i])
