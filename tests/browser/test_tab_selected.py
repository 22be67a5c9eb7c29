"""Selected points in links, saved views and saved pages."""

import json
import re
from urllib.parse import unquote

import numpy as np
import pytest
from helpers import latent
from helpers.tab import FilePage, Tab

from tb_plugin.export import export

pytestmark = pytest.mark.slow

FLAT = [["flat", "codes"]]
SELECTION = "[aria-label=Selection]"


def count(tab):
    """Returns how many points are selected, as the tab says."""
    if not tab.locate(SELECTION).is_visible():
        return 0
    return int(re.match(r"[\d,]+", tab.locate(f"{SELECTION} > p").first.inner_text())[0].replace(",", ""))


def indices(tab):
    return [
        int(text.replace("index ", ""))
        for text in tab.locate(".montage canvas").evaluate_all("a => a.map(c => c.title)")
    ]


def test_a_link_keeps_the_selection(page, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    tab = Tab(page, board, FLAT, selected="3-9.12.28-40").painted(20)
    tab.until(lambda: count(tab) == 10)
    assert indices(tab) == [*range(3, 10), 12, 28, 29], "there are 30 points"
    tab.rest()
    assert tab.state("selected") == "3-9.12.28-40"
    slider = tab.locate("input[aria-label=Step]")
    slider.focus()
    slider.press("Home")
    tab.painted(0)
    assert count(tab) == 10, "the same points at another step"
    tab.plot().press("Escape")
    tab.wait_for_state("selected", "value => value === null")
    assert count(tab) == 0
    tab.plot().press("b")
    page.mouse.move(*tab.at(0.02, 0.02))
    page.mouse.down()
    page.mouse.move(*tab.at(0.98, 0.98), steps=4)
    page.mouse.up()
    tab.until(lambda: count(tab) == 30)
    assert tab.wait_for_state("selected") == "0-29"


def test_a_search_is_in_the_link_as_what_was_searched(page, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    tab = Tab(page, board, FLAT, selected="1-3").painted(20)
    tab.until(lambda: count(tab) == 3)
    field = tab.locate("input[type=search][aria-label='Search the points']")
    field.fill("index<5")
    tab.until(lambda: count(tab) == 5)
    tab.wait_for_state("query")
    assert tab.state("selected") is None
    field.fill("")
    tab.until(lambda: count(tab) == 0)


def test_another_run_has_another_selection(page, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    tab = Tab(page, board, FLAT, selected="1-3").painted(20)
    tab.until(lambda: count(tab) == 3)
    tab.locate(".runs label", has_text="deep").click()
    tab.painted(20, 1)
    tab.wait_for_state("selected", "value => value === null")
    assert count(tab) == 0


def test_saved_views_and_saved_pages_keep_it(page, new_page, tensorboard, small_logdir, tmp_path):
    board = tensorboard(small_logdir, "--load_fast=true")
    views = [["five", {"spaces": json.dumps(FLAT), "selected": "2-6"}], ["none", {"spaces": json.dumps(FLAT)}]]
    tab = Tab(page, board, [["deep", "codes"]], selected="2-6", views=json.dumps(views)).painted(20)
    tab.until(lambda: count(tab) == 5)

    def check(tab):
        tab.button("Open the view none").click()
        tab.until(lambda: count(tab) == 0)
        tab.button("Open the view five").click()
        tab.until(lambda: count(tab) == 5)

    check(tab)
    with page.expect_download() as download:
        tab.button("Save what is shown as a page that needs no server").click()
    download.value.save_as(tmp_path / "page.html")
    with new_page(offline=True) as alone:
        tab = FilePage(alone, tmp_path / "page.html", FLAT, selected="0-1").painted(20)
        tab.until(lambda: count(tab) == 2)
        check(tab)


def test_a_page_of_some_points_knows_the_indices_of_the_run(new_page, small_logdir, tmp_path):
    export(small_logdir, tmp_path / "page.html", runs=["flat"], points=10)
    rows = np.sort(np.random.default_rng(0).choice(30, 10, replace=False))
    low, high = rows[2], rows[5]
    with new_page(offline=True) as page:
        tab = FilePage(page, tmp_path / "page.html", FLAT, selected=f"{low}-{high}").painted(20)
        tab.until(lambda: indices(tab) == [2, 3, 4, 5])
        tab.plot().press("Escape")
        tab.wait_for_state("selected", "value => value === null")
        tab.plot().press("b")
        page.mouse.move(*tab.at(0.02, 0.02))
        page.mouse.down()
        page.mouse.move(*tab.at(0.98, 0.98), steps=4)
        page.mouse.up()
        tab.until(lambda: count(tab) == 10)
        text = unquote(tab.wait_for_state("selected"))
        named = [i for part in text.split(".") for i in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)]
        assert named == rows.tolist()


def test_a_link_says_what_it_leaves_out(page, tensorboard, tmp_path, monkeypatch):
    monkeypatch.setattr(latent, "POINTS", 1500)
    latent.write(tmp_path / "many", steps=(0,), metadata={"odd": [i % 2 for i in range(1500)]})
    board = tensorboard(tmp_path, "--load_fast=true")
    tab = Tab(page, board, [["many", "codes"]], query="odd=1").painted(0)
    tab.until(lambda: count(tab) == 750)
    # A box around them, while the others are hidden.
    tab.locate("label", has_text="only these").click()
    tab.plot().press("b")
    page.mouse.move(*tab.at(0.01, 0.01))
    page.mouse.down()
    page.mouse.move(*tab.at(0.99, 0.99), steps=4)
    page.mouse.up()
    assert tab.wait_for_state("selected") == "left-out:750"
    assert "leave it out" in tab.locate(SELECTION).inner_text()
    tab = Tab(page, board, [["many", "codes"]], selected="left-out:750").painted(0)
    tab.locate(".missing", has_text="leaves out a selection of 750 points").wait_for()
    assert count(tab) == 0
