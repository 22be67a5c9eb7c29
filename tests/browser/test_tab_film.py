"""The training saved as a film: the plots at each step, and the points' way from step to step."""

import io
import time

import numpy as np
import pytest
from helpers.pages import played
from helpers.tab import FilePage, Tab
from PIL import Image

from tb_plugin.export import export

pytestmark = pytest.mark.slow

FLAT, DEEP = ["flat", "codes"], ["deep", "codes"]
GIF = "Save the training as an animation"
WEBM = "Save the training as a video, which takes longer than it plays"
CANCEL = "End the film without a file"
LEGEND = 180
STEPS = (0, 10, 20)  # of the runs
FIRST, WAY, STILL = 600, 90, 340  # ms of the first step, a picture on the way to the next one, and its own


def filmed(page, tab, button):
    with page.expect_download(timeout=120_000) as download:
        tab.button(button).click()
        tab.button(CANCEL).wait_for()
    tab.button(button).wait_for()
    return download.value


def pictures(path):
    """Returns the pictures of a GIF, int [n, H, W, 3], and the ms of each."""
    with Image.open(path) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            found.append((np.asarray(image.convert("RGB")).astype(int), image.info["duration"]))
    return tuple(zip(*found))


def seen(page, tab):
    """Returns the pixels of the plots on the screen, below the titles, which are one text in a film."""
    page.mouse.move(0, 0)
    tab.rest()
    return np.asarray(Image.open(io.BytesIO(tab.locate(".stage").screenshot())).convert("RGB")).astype(int)[20:]


def differing(picture, stage):
    """Returns the share of pixels that differ by more than the colors of a GIF, or of a video, do."""
    height, width = (min(a, b) for a, b in zip((picture.shape[0] - 20, picture.shape[1] - LEGEND), stage.shape))
    here, there = picture[20 : 20 + height, :width], stage[:height, :width]
    return (np.abs(here - there).max(axis=2) > 48).mean()


def check(page, tab, found, panels=1, most=0.01):
    """Holds the pictures of each step against the tab at that step."""
    assert len(found) == len(STEPS)
    for picture, step in zip(found, STEPS):
        tab.locate("input[aria-label^='Step;']").fill(str(step))
        page.keyboard.press("Enter")
        for panel in range(panels):
            tab.painted(step, panel)
        assert differing(picture, seen(page, tab)) < most, step
    assert differing(found[0], seen(page, tab)) > 1.5 * most, "the steps look different"


def test_a_gif_shows_each_step_and_the_ways_between(page, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    tab = Tab(page, board, [FLAT], step="10", view="10,10,40", probe="20,20").painted(10)
    tab.rest()
    file = filmed(page, tab, GIF)
    assert file.suggested_filename == "flat_codes_training.gif"
    tab.painted(10)
    found, milliseconds = pictures(file.path())
    assert list(milliseconds) == [FIRST, *[WAY, WAY, WAY, STILL] * 2]
    check(page, tab, found[::4])
    changes = [np.abs(b - a).mean() for a, b in zip(found, found[1:])]
    assert min(changes) > 0.05, "no picture twice"
    assert len({picture[:20].tobytes() for picture in found[::4]}) == 3, "the title has the step"


def test_two_runs_in_a_dark_page_that_is_one_file(new_page, small_logdir, tmp_path):
    export(small_logdir, tmp_path / "page.html")
    with new_page(offline=True, color_scheme="dark") as page:
        tab = FilePage(page, tmp_path / "page.html", [FLAT, DEEP], shapes="1").painted(20).painted(20, panel=1)
        tab.rest()
        found, _ = pictures(filmed(page, tab, GIF).path())
        assert (found[0][0, 0] == 48).all(), "dark paper"
        check(page, tab, found[::4], panels=2)


def test_a_video_lasts_as_long_as_the_steps(page, new_page, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    tab = Tab(page, board, [FLAT], view="10,10,40").painted(20).rest()
    # Three seconds in which the film waits for a step are not in it.
    page.route("**/points?*step=10&*", lambda route: (time.sleep(3), route.continue_()))
    file = filmed(page, tab, WEBM)
    assert file.suggested_filename == "flat_codes_training.webm"
    with open(file.path(), "rb") as video, new_page() as player:
        seconds, last = played(player, video.read())
    assert 1.5 < seconds < 3.5, "3 steps of 600 ms, on a machine with other work"
    stage = seen(page, tab)
    assert last.shape[1] == stage.shape[1] + LEGEND
    assert differing(last.astype(int), stage) < 0.02


def test_reduced_motion_has_no_ways_and_points_alone_are_filmed(new_page, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    with new_page(reduced_motion="reduce") as page:
        tab = Tab(page, board, [FLAT], view="10,10,40", manifold="0", thumbnails="0").painted(20).rest()
        found, milliseconds = pictures(filmed(page, tab, GIF).path())
        check(page, tab, found, most=0.004)
    assert milliseconds == (600, 600, 600)


def test_a_film_is_cancelled_with_the_keyboard_or_by_choosing_a_step(page, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    tab = Tab(page, board, [FLAT], step="10").painted(10).rest()
    files = []
    page.on("download", lambda file: files.append(file))
    tab.button(GIF).focus()
    page.keyboard.press("Enter")
    tab.painted(0)
    page.keyboard.press("Enter")  # the focus is on the button that cancels
    tab.button(GIF).wait_for()
    assert tab.frame.evaluate("document.activeElement.textContent") == "GIF"
    tab.painted(10).rest()
    tab.button(GIF).click()
    tab.painted(0)
    tab.button("Next step (key .)").click()
    tab.button(GIF).wait_for()
    tab.painted(10).rest()
    assert tab.wait_for_state("step") == "10"
    assert files == []
    filmed(page, tab, GIF)
    assert len(files) == 1


def test_a_step_that_cannot_be_loaded_ends_the_film_and_says_so(page, problems, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    problems.expect("503")
    tab = Tab(page, board, [FLAT]).painted(20).rest()
    page.route("**/points?*step=10&*", lambda route: route.fulfill(status=503, body="Not now."))
    files = []
    page.on("download", lambda file: files.append(file))
    tab.button(GIF).click()
    tab.locate(".message", has_text="Step 10 of flat · codes could not be loaded, so there is no film.").wait_for()
    tab.button(GIF).wait_for()
    assert files == []
