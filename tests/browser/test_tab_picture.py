"""The plot saved as a picture: PNG and SVG look as the page does."""

import io

import numpy as np
import pytest
from helpers.tab import FilePage, Tab
from PIL import Image

from tb_plugin.export import export

pytestmark = pytest.mark.slow

LEGEND = 180
FLAT = [["flat", "codes"]]


BUTTONS = {"png": "Save the plot as a picture", "svg": "Save the plot as a drawing that stays sharp"}


def saved(page, tab, kind):
    """Returns the path of the picture that the tab saves."""
    with page.expect_download() as download:
        tab.button(BUTTONS[kind]).click()
    assert download.value.suggested_filename.endswith(f"codes_step_20.{kind}")
    return download.value.path()


def array(image):
    return np.asarray(Image.open(image).convert("RGB")).astype(int)


def differing(a, b):
    """Returns the share of pixels that differ by more than their smoothing."""
    assert a.shape == b.shape
    return (np.abs(a - b).max(axis=2) > 48).mean()


def drawn(new_page, svg, width, height):
    """Returns the pixels of an SVG in a page of its own."""
    with new_page(viewport={"width": width, "height": height}, device_scale_factor=2) as page:
        page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg}")
        return array(io.BytesIO(page.screenshot()))


def check(new_page, page, tab, least=0.03, most=0.01):
    stage = tab.locate(".stage")
    box = stage.bounding_box()
    png = array(saved(page, tab, "png"))
    width, height = round(2 * box["width"]), round(2 * box["height"])
    assert abs(png.shape[0] - height) <= 1
    assert abs(png.shape[1] - width - 2 * LEGEND) <= 1
    page.mouse.move(0, 0)
    seen = array(io.BytesIO(stage.screenshot()))
    top = 2 * 20  # below the titles, which are one text in the picture
    rows, columns = min(len(png), len(seen)), min(width, seen.shape[1])
    there, here = seen[top:rows, :columns], png[top:rows, :columns]
    assert differing(there, here) < most
    nothing = np.broadcast_to(np.median(there, axis=(0, 1)).astype(int), there.shape)
    assert differing(there, nothing) > least, "there is something to be seen"
    legend = png[:, width:]
    assert len(np.unique(legend.reshape(-1, 3), axis=0)) > 50, "the legend is there"
    with open(saved(page, tab, "svg"), encoding="utf-8") as file:
        svg = file.read()
    assert svg.count("<path") > 30
    drawing = drawn(new_page, svg, round(box["width"]) + LEGEND, round(box["height"]))
    rows, columns = min(len(png), len(drawing)), min(png.shape[1], drawing.shape[1])
    assert differing(png[top:rows, :columns], drawing[top:rows, :columns]) < 0.01
    return svg


def test_png_and_svg_are_what_is_seen(new_page, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    with new_page(device_scale_factor=2) as page:
        tab = Tab(page, board, FLAT, probe="20,20", shapes="1", manifold="1", thumbnails="0", hidden="3").painted(20)
        tab.locate("[aria-label=Walk] .preview").wait_for()
        tab.rest()
        svg = check(new_page, page, tab)
        assert "flat · codes, step 20" in svg
        assert "Classes" in svg
        assert ">3<" not in svg.split("Classes")[1]
        assert ">4<" in svg.split("Classes")[1]


def test_two_runs_and_a_scale_in_a_dark_page_that_is_one_file(new_page, small_logdir, tmp_path):
    export(small_logdir, tmp_path / "page.html")
    with new_page(device_scale_factor=2, offline=True, color_scheme="dark") as page:
        spaces = [*FLAT, ["deep", "codes"]]
        tab = FilePage(page, tmp_path / "page.html", spaces, color="moved", view="20,20,4").painted(20)
        tab.painted(20, panel=1)
        tab.locate("[aria-label=Walk] .preview").first.wait_for()
        tab.rest()
        svg = check(new_page, page, tab)
        assert "neighbors kept, of 15" in svg
        assert 'fill="#303030"' in svg
