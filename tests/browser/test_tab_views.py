"""Saved views: a list in the tab, in the address and in the saved page."""

import json

import pytest
from helpers.tab import FilePage, Tab

pytestmark = pytest.mark.slow


def names(tab):
    return tab.locate(".views .name").all_inner_texts()


def test_views_are_saved_opened_replaced_and_removed(page, tensorboard, small_logdir):
    tab = Tab(page, tensorboard(small_logdir, "--load_fast=true"), [["flat", "codes"]], step="0").painted(0)
    field = tab.locate("input[aria-label='Name of this view']")
    field.fill("early <b>&")
    field.press("Enter")
    tab.until(lambda: names(tab) == ["early <b>&"])
    tab.locate("select[aria-label='Color by']").select_option("none")
    slider = tab.locate("input[aria-label=Step]")
    slider.focus()
    slider.press("End")
    tab.painted(20)
    tab.button("Save what is shown as a view").click()
    tab.until(lambda: names(tab) == ["early <b>&", "view 2"])
    tab.button("Open the view early <b>&").click()
    tab.painted(0)
    assert tab.locate("select[aria-label='Color by']").input_value() == "label"
    assert names(tab) == ["early <b>&", "view 2"]
    tab.rest()
    link = page.url
    saved = json.loads(tab.wait_for_state("views"))
    assert [name for name, _ in saved] == ["early <b>&", "view 2"]
    assert saved[1][1]["color"] == "none"
    tab = Tab(page, tensorboard(small_logdir, "--load_fast=true"), views=json.dumps(saved)).painted(20)
    assert "views" in link
    tab.button("Open the view early <b>&").click()
    tab.painted(0)
    # The same name again replaces it.
    tab.locate("input[aria-label='Name of this view']").fill("view 2")
    tab.button("Save what is shown as a view").click()
    tab.wait_for_state("views", "v => !decodeURIComponent(v).includes('none')")
    assert names(tab) == ["early <b>&", "view 2"]
    tab.button("Remove the view early <b>&").click()
    tab.until(lambda: names(tab) == ["view 2"])


def test_views_go_with_a_page_that_is_one_file(page, new_page, tensorboard, small_logdir, tmp_path):
    both = [["flat", "codes"], ["deep", "codes"]]
    views = [["</script><b>", {"spaces": json.dumps(both), "step": "10", "color": "none"}]]
    tab = Tab(page, tensorboard(small_logdir, "--load_fast=true"), [both[0]], views=json.dumps(views)).painted(20)
    with page.expect_download() as download:
        tab.button("Save what is shown as a page that needs no server").click()
    download.value.save_as(tmp_path / "flat.html")
    with new_page(offline=True) as alone:
        tab = FilePage(alone, tmp_path / "flat.html").painted(20)
        tab.until(lambda: names(tab) == ["</script><b>"])
        tab.button("Open the view </script><b>").click()
        tab.painted(10)
        assert tab.locate(".panel h2").all_inner_texts() == ["flat · codes"], "only this run is in the page"
        assert tab.locate("select[aria-label='Color by']").input_value() == "none"
        tab.button("Remove the view </script><b>").click()
        tab.until(lambda: names(tab) == [])
