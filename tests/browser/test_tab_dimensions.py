"""All dimensions at once: sliders for a code off the plane, traversals, random codes."""

import numpy as np
import pytest
from helpers import latent
from helpers.pages import until
from helpers.tab import FilePage, Tab
from PIL import Image

import tb_plugin
from tb_plugin.export import export

pytestmark = pytest.mark.slow

DEEP = [["deep", "codes"]]
DECODED = "canvas[aria-label='Decoded from these numbers']"
GAP = 1


def picture(logdir, run, step, code):
    decoder = tb_plugin.read(logdir)[run]["codes"][step].decoder
    return np.floor(np.clip(decoder(np.asarray(code)[None]), 0, 1) * 255 + 0.5).astype(int).reshape(6, 6)


def opened(tab):
    tab.locate("summary", has_text="All dimensions").click()
    tab.locate(".sliders input[type=range]").first.wait_for()
    tab.rest()
    return tab


def numbers(tab):
    """Returns the numbers of the code that the sliders show."""
    return np.array(tab.locate(".sliders input[type=range]").evaluate_all("all => all.map(one => one.valueAsNumber)"))


def move(tab, d, value):
    tab.locate(f"input[aria-label='Code {d}']").evaluate(
        "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }", value
    )
    tab.rest()


def test_sliders_decode_off_the_plane(page, tensorboard, small_logdir):
    tab = opened(Tab(page, tensorboard(small_logdir, "--load_fast=true"), DEEP, step="10", probe="10,10").painted(10))
    codes = tb_plugin.read(small_logdir)["deep"]["codes"][10].codes
    bounds = tab.locate(".sliders input[type=range]").evaluate_all("all => all.map(one => [+one.min, +one.max])")
    np.testing.assert_allclose(bounds, np.stack([codes.min(0), codes.max(0)], 1), rtol=1e-6)
    assert tab.state("code") is None
    first = numbers(tab)
    assert np.abs(tab.pixels(DECODED)[..., 0] - picture(small_logdir, "deep", 10, first)).max() <= 1
    move(tab, 3, float(codes[:, 3].max()))
    changed = first.copy()
    changed[3] = codes[:, 3].max()
    np.testing.assert_allclose(numbers(tab), changed, atol=1e-5)
    for selector in (DECODED, "[aria-label='Decoded by deep · codes']"):
        shown = tab.pixels(selector)[..., 0].astype(int)
        assert np.abs(shown - picture(small_logdir, "deep", 10, changed)).max() <= 1
        assert np.abs(shown - picture(small_logdir, "deep", 10, first)).max() > 10
    assert "off the plane" in tab.locate("[aria-label=Decoded] .hint").inner_text()
    code = [float(number) for number in tab.wait_for_state("code").split(",")]
    np.testing.assert_allclose(code, changed, rtol=1e-5)
    # A link brings it back, and a click in the plane ends it.
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    until(page, lambda: any("name=latent" in frame.url for frame in page.frames))
    tab.frame = next(frame for frame in page.frames if "name=latent" in frame.url)
    opened(tab.painted(10))
    np.testing.assert_allclose(numbers(tab), changed, rtol=1e-5)
    page.mouse.click(*tab.at(0.3, 0.3))
    assert tab.wait_for_state("code", "value => value === null") == ""
    tab.rest()
    assert np.abs(numbers(tab) - changed).max() > 0.1
    assert tab.button("Go back to the place in the plane").is_disabled()


def test_the_code_of_a_point(page, tensorboard, small_logdir):
    tab = opened(Tab(page, tensorboard(small_logdir, "--load_fast=true"), DEEP, walk="circle:0,0,0").painted(20))
    take = tab.button("Take the code of the point that was clicked")
    assert take.is_disabled()
    tab.locate("summary", has_text="What moved").click()
    tab.locate(".moved tbody button", has_text="7").first.click()
    index = int(tab.locate(".moved tbody button", has_text="7").first.inner_text())
    tab.rest()
    take.click()
    tab.rest()
    codes = tb_plugin.read(small_logdir)["deep"]["codes"][20].codes
    np.testing.assert_allclose(numbers(tab), codes[index], rtol=1e-6)


def test_traversals_of_a_hundred_codes_are_saved(page, tensorboard, tmp_path):
    latent.write(tmp_path / "wide", dims=100, steps=(0,))
    tab = Tab(page, tensorboard(tmp_path, "--load_fast=true"), [["wide", "codes"]], probe="1,1").painted(0)
    opened(tab)
    assert len(numbers(tab)) == 100
    tab.locate("select[aria-label='Pictures of many codes']").select_option("traversals")
    tab.until(lambda: tab.button("Save these pictures").is_enabled())
    with page.expect_download() as download:
        tab.button("Save these pictures").click()
    assert download.value.suggested_filename == "wide_codes_step_0_traversals.png"
    sheet = np.asarray(Image.open(download.value.path()).convert("L")).astype(int)
    codes = tb_plugin.read(tmp_path)["wide"]["codes"][0].codes
    assert sheet.shape[0] == 100 * (6 + GAP)
    left = sheet.shape[1] - 9 * (6 + GAP)
    for row, column in ((0, 0), (42, 3), (99, 8)):
        code = numbers(tab)
        code[row] = codes[:, row].min() + np.ptp(codes[:, row]) * column / 8
        cell = sheet[row * 7 : row * 7 + 6, left + column * 7 : left + column * 7 + 6]
        assert np.abs(cell - picture(tmp_path, "wide", 0, code)).max() <= 1


def test_in_a_page_that_is_one_file(new_page, small_logdir, tmp_path):
    export(small_logdir, tmp_path / "page.html")
    with new_page(offline=True, color_scheme="dark") as page:
        tab = opened(FilePage(page, tmp_path / "page.html", DEEP, probe="0,0").painted(20))
        move(tab, 1, 19.0)
        shown = tab.pixels(DECODED)[..., 0].astype(int)
        assert np.abs(shown - picture(small_logdir, "deep", 20, numbers(tab))).max() <= 2
        kinds = tab.locate("select[aria-label='Pictures of many codes']")
        kinds.select_option("fitted")
        tab.locate(".dimensions .hint", has_text="mean and covariance of 30 codes").wait_for()
        tab.until(lambda: tab.button("Save these pictures").is_enabled())
        before = tab.pixels(".sheet")
        assert len(np.unique(before[..., 0])) > 30
        tab.button("Draw other random codes").click()
        tab.until(lambda: tab.button("Save these pictures").is_enabled())
        assert (tab.pixels(".sheet") != before).any()
        kinds.select_option("standard")
        tab.locate(".dimensions .hint", has_text="mean 0 and variance 1").wait_for()
