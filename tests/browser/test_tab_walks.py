"""Smooth walks, walks as videos, and the difference of two runs along a walk."""

import numpy as np
import pytest
from helpers.pages import played
from helpers.tab import Tab

pytestmark = pytest.mark.slow

FLAT, DEEP = ["flat", "codes"], ["deep", "codes"]
PREVIEW = "[aria-label=Walk] .preview"
VIDEO = "Save a video, which takes as long as it plays"


def opened(page, tensorboard, small_logdir, spaces, **state):
    board = tensorboard(small_logdir, "--load_fast=true")
    tab = Tab(page, board, spaces, **state).painted(20)
    tab.locate(PREVIEW).first.wait_for()
    return tab.rest()


def test_a_walk_is_saved_as_a_video(page, new_page, tensorboard, small_logdir):
    tab = opened(page, tensorboard, small_logdir, [FLAT], frames="12", frame="11", ms="80", walk="circle:20,20,3")
    last = tab.pixels(PREVIEW)[..., :3].astype(int)
    with page.expect_download() as download:
        tab.button(VIDEO).click()
        assert tab.button(VIDEO).is_disabled()
    assert download.value.suggested_filename == "flat_codes_step_20_walk.webm"
    tab.until(lambda: tab.button(VIDEO).is_enabled())
    with open(download.value.path(), "rb") as file:
        data = file.read()
    assert data.startswith(b"\x1a\x45\xdf\xa3")
    with new_page() as player:
        seconds, picture = played(player, data)
    assert picture.shape == (222, 222, 3)
    assert 0.7 < seconds < 1.6, "12 frames of 80 ms, on a machine with other work"
    seen = picture[18::37, 18::37].astype(int)
    assert np.abs(seen - last).max() < 40


def test_without_a_recorder_there_is_no_such_button(page, tensorboard, small_logdir):
    page.add_init_script("delete window.MediaRecorder")
    tab = opened(page, tensorboard, small_logdir, [FLAT])
    assert tab.button("Save an animation").is_visible()
    assert not tab.button(VIDEO).is_visible()


def test_two_runs_have_a_difference(page, tensorboard, small_logdir):
    tab = opened(page, tensorboard, small_logdir, [FLAT, DEEP], frames="8")
    previews = tab.locate(PREVIEW)
    tab.until(lambda: previews.count() == 3 and previews.nth(2).is_visible())
    tab.rest()
    flat, deep, both = (
        tab.frame.evaluate("i => document.querySelectorAll('[aria-label=Walk] .preview')[i].toDataURL()", i)
        for i in range(3)
    )
    assert len({flat, deep, both}) == 3
    assert "difference: blue where flat" in tab.locate("[aria-label=Walk]").inner_text()
    strips = tab.locate(".strips .strip:not([hidden])")
    assert strips.count() == 3
    tab.locate("input[aria-label='Frame of the walk']").focus()
    page.keyboard.press("ArrowRight")
    assert "Frame 2 of 8 of the difference" in (previews.nth(2).get_attribute("aria-label") or "")
    names = []
    page.on("download", lambda download: names.append(download.suggested_filename))
    tab.button("Save an animation").click()
    tab.until(lambda: len(names) == 3)
    assert "difference_walk.gif" in names
    tab.locate(".runs label", has_text="deep").click()
    tab.until(lambda: strips.count() == 1)
    assert "difference" not in tab.locate("[aria-label=Walk]").inner_text()


def test_a_smooth_path_goes_through_its_corners_at_an_even_speed(page, tensorboard, small_logdir):
    corners = np.array([[16, 18], [17.5, 15], [22, 18.5], [21.3, 21.8]])
    straight = "path:" + ",".join(f"{x:g}" for x in corners.ravel())
    curved = straight.replace("path", "smooth")
    tab = opened(page, tensorboard, small_logdir, [FLAT], walk=straight, frames="201")
    tab.frame.get_by_label("smooth").check()
    assert tab.wait_for_state("walk", "v => v && v.startsWith('smooth')") == curved
    tab.rest()
    with page.expect_download() as download:
        tab.button("Save the codes of the walk").click()
    codes = np.loadtxt(download.value.path(), delimiter=",", skiprows=1)
    steps = np.linalg.norm(np.diff(codes, axis=0), axis=1)
    assert steps.max() < 1.02 * steps.min()
    near = [np.linalg.norm(codes - corner, axis=1).min() for corner in corners]
    assert max(near) < steps.max()
    ways = np.diff(codes, axis=0) / steps[:, None]
    assert (ways[1:] * ways[:-1]).sum(axis=1).min() > 0.9, "no bend"
    tab = opened(page, tensorboard, small_logdir, [FLAT], walk=curved)
    assert tab.frame.get_by_label("smooth").is_checked()
    field = tab.frame.get_by_label("Corner 2, up")
    field.fill("14")
    field.press("Enter")
    assert tab.wait_for_state("walk", "v => v && v.includes('17.5%2C14')").startswith("smooth")
    tab.locate("select[aria-label='Form of the walk']").select_option("line")
    tab.wait_for_state("walk", "v => v && v.startsWith('path')")
    assert not tab.frame.get_by_label("smooth").is_visible()
