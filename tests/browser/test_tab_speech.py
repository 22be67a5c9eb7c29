"""What a screen reader says of the plot, and the hint for newcomers."""

import numpy as np
import pytest
from helpers import latent
from helpers.tab import Tab

from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

RUN = [["animals", "z"]]
SPOKEN = ".spoken[aria-live]"


@pytest.fixture(scope="module")
def board(tensorboard, tmp_path_factory):
    logdir = tmp_path_factory.mktemp("speech")
    *_, decoder = latent.arrays()
    labels = np.arange(60) // 20
    codes = np.array([[-4, 0], [4, 0], [0, 4]])[labels] + 0.1 * np.random.default_rng(0).normal(size=(60, 2))
    codes[25] = 4, 0
    with LatentWriter(logdir / "animals") as writer:
        writer.add("z", 0, codes, labels=labels, class_names=["cat", "dog", "owl"], decoder=decoder)
    with LatentWriter(logdir / "bare") as writer:
        writer.add("z", 0, codes)
    return tensorboard(logdir, "--load_fast=true")


def said(tab):
    return tab.locate(SPOKEN).last.inner_text().strip()


def test_a_key_says_what_is_under_the_cross(page, board):
    tab = Tab(page, board, RUN, probe="4,0").painted(0)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    tab.plot().press("s")
    expected = "Class dog, of 10 of the 10 nearest points. Nearest: point 25, label dog. The cross is at 4, 0."
    tab.until(lambda: said(tab) == expected)
    before = tab.locate(SPOKEN).last.evaluate("e => e.textContent")
    tab.plot().press("s")
    assert tab.locate(SPOKEN).last.evaluate("e => e.textContent") != before, "the same is said again"
    assert said(tab) == expected
    tab.plot().press("ArrowLeft")
    tab.plot().press("s")
    tab.until(lambda: "The cross is at 4, 0" not in said(tab) and "The cross is at 3." in said(tab))
    tab.locate(".classes button", has_text="dog").click()
    tab.plot().press("s")
    tab.until(lambda: said(tab).startswith("Class owl") or said(tab).startswith("Class cat"))


def test_a_walk_says_its_class_when_it_changes(page, board):
    tab = Tab(page, board, RUN, walk="path:-4,0,4,0", frames="9").painted(0)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    tab.locate("input[aria-label='Frame of the walk']").focus()
    heard = []
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        tab.rest()
        if not heard or heard[-1] != said(tab):
            heard.append(said(tab))
    assert heard[0] == "Walk, frame 2: class cat."
    assert heard[-1].endswith("class dog.")
    assert len(heard) <= 3


def test_the_hint_goes_away_and_stays_away(page, board):
    tab = Tab(page, board, RUN).painted(0)
    hint = tab.locate(".welcome")
    hint.wait_for()
    tab.button("Close this hint for good").click()
    assert not hint.is_visible()
    tab = Tab(page, board, RUN).painted(0)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    assert not tab.locate(".welcome").is_visible()


def test_the_hint_goes_away_with_the_first_decoded_place(page, board):
    tab = Tab(page, board, RUN).painted(0)
    tab.locate(".welcome").wait_for()
    page.mouse.click(*tab.at(0.3, 0.3))
    tab.until(lambda: not tab.locate(".welcome").is_visible())
    tab = Tab(page, board, RUN).painted(0)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    assert not tab.locate(".welcome").is_visible()


def test_without_a_decoder_there_is_no_hint(page, board):
    tab = Tab(page, board, [["bare", "z"]]).painted(0)
    tab.locate("[aria-label=Walk]").wait_for()
    assert not tab.locate(".welcome").is_visible()
