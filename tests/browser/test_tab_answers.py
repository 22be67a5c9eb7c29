"""The tab with answers that come in parts, late, or not at all."""

import itertools
import time

import numpy as np
import pytest
from helpers.tab import Tab

from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

FLAT = [["flat", "codes"]]


@pytest.fixture(scope="module")
def board(tensorboard, small_logdir):
    return tensorboard(small_logdir, "--load_fast=true")


def test_images_beyond_what_an_answer_holds(page, tensorboard, tmp_path):
    """Logs 72 MB of images: 1,024 in the first answer, the others in a second."""
    images = np.arange(1100, dtype=np.uint16).view(np.uint8).reshape(1100, 1, 2, 1)  # each says which it is
    codes = np.full((1100, 2), 99)
    codes[[7, 1090]] = [[-1, 0], [1, 0]]
    with LatentWriter(str(tmp_path / "large")) as writer:
        writer.add("codes", 0, codes, images=images.repeat(256, 1).repeat(128, 2))
    asked = []
    page.on("request", lambda request: "/images?" in request.url and asked.append(request.url.partition("&start=")[2]))
    tab = Tab(page, tensorboard(tmp_path, "--load_fast=true"), view="0,0,4").painted(0)
    box = tab.plot().bounding_box()
    x, y = tab.at()
    unit = min(box["width"], box["height"]) / 4
    for index, place in ((7, x - unit), (1090, x + unit)):
        page.mouse.move(place, y)
        tab.locate(".card dd", has_text=f"{index:,}").first.wait_for()
        tab.locate(".card [aria-label=Image]").wait_for()
        image = tab.pixels(".card [aria-label=Image]")[..., 0]
        assert (image == images[index].repeat(256, 0).repeat(128, 1)[..., 0]).all()
    assert asked == ["", "1024"]


def busy(page, path, answers):
    """Answers with 429 as often as `answers` has a `Retry-After`; gives the times of all requests."""
    asked, answers = [], iter(answers)

    def answer(route):
        asked.append(time.monotonic())
        after = next(answers, "not busy")
        if after == "not busy":
            return route.continue_()
        return route.fulfill(status=429, body="try again", headers=after and {"Retry-After": after})

    page.route(f"**/plugin/latent/{path}?*", answer)
    return asked


def test_a_busy_server_is_asked_again(page, problems, board):
    asked = busy(page, "points", ["2", None])
    problems.expect("status 429.*points|console error: .*429")
    tab = Tab(page, board, FLAT).painted(20)
    assert len(asked) == 3
    assert (np.diff(asked) > [1.9, 0.9]).all()
    assert tab.locate(".message").is_hidden()


def test_a_server_that_stays_busy_is_told(page, problems, board):
    asked = busy(page, "points", itertools.repeat("1"))
    problems.expect("status 429.*points|console error: .*429")
    tab = Tab(page, board, FLAT)
    tab.locate(".message.alert", has_text="TensorBoard is busy").wait_for()
    assert len(asked) == 3


def test_runs_that_are_not_listed_are_counted(page, board):
    omitted = ["1,234"]

    def answer(route):
        answered = route.fetch()
        headers = answered.headers | ({"X-Latent-Omitted": omitted[0].replace(",", "")} if omitted else {})
        route.fulfill(response=answered, headers=headers)

    page.route("**/plugin/latent/runs*", answer)
    tab = Tab(page, board, FLAT).painted(20)
    tab.locate("section", has_text="Runs").get_by_text("1,234 more are not listed").wait_for()
    omitted.clear()
    page.locator("[aria-label='Reload data'], .reload-button, button[title*=eload]").first.click()
    tab.frame.get_by_text("not listed").wait_for(state="hidden")


def other_step(page, board, answer):
    """Returns the tab, gone from step 0 to step 20, its decoder from `answer(route)`; and the film strip of step 0."""
    tab = Tab(page, board, FLAT, step="0", probe="0,0", view="10,10,40").painted(0)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    strip = tab.pixels(".strip")
    page.route("**/plugin/latent/decoder?*step=20*", answer)
    slider = tab.locate("input[aria-label=Step]")
    slider.focus()
    slider.press("End")
    return tab.painted(20), strip


def test_what_is_decoded_stays_until_the_decoder_of_the_step_is_there(page, board):
    late = []
    tab, strip = other_step(page, board, lambda route: late.append(route))
    tab.until(lambda: late)
    tab.rest(except_="decoder?")
    page.mouse.click(*tab.at(0.4, 0.4))
    tab.rest(except_="decoder?")

    def saved():
        with page.expect_download() as download:
            tab.button("Save an animation").click()
        return download.value.suggested_filename

    assert (tab.pixels(".strip") == strip).all()
    assert tab.pixels(".plot .manifold").any()
    assert tab.locate("[aria-label=Decoded] canvas").count() == 1
    assert saved() == "flat_codes_step_0_walk.gif"
    late[0].continue_()
    tab.until(lambda: (tab.pixels(".strip") != strip).any())
    assert saved() == "flat_codes_step_20_walk.gif"


def test_nothing_decoded_stays_where_the_decoder_of_the_step_cannot_be_had(page, problems, board):
    problems.expect("status 422: .*decoder|console error: .*422")
    tab, _ = other_step(page, board, lambda route: route.fulfill(status=422, body="damaged", content_type="text/plain"))
    tab.locate(".message.alert", has_text="damaged").wait_for()
    tab.until(lambda: tab.locate(".strip").is_hidden())
    assert tab.locate("[aria-label=Decoded] canvas").count() == 0
    tab.until(lambda: tab.locate(".plot .manifold").is_hidden())


def test_a_step_that_fails_while_another_is_wanted_is_passed_over(page, problems, board):
    problems.expect("status 422: .*points|console error: .*422")
    tab, late = Tab(page, board, FLAT, step="0").painted(0), []
    page.route("**/plugin/latent/points?*step=20*", lambda route: late.append(route))
    slider = tab.locate("input[aria-label=Step]")
    slider.focus()
    slider.press("End")
    tab.until(lambda: late)
    slider.press("ArrowLeft")
    late[0].fulfill(status=422, body="damaged", content_type="text/plain")
    tab.until(lambda: 0 < int(tab.plot().get_attribute("data-painted")) < 20)
    tab.rest()
    assert tab.locate(".message").is_hidden()


def asked_for(page, name):
    """Returns the queries of all requests for a route, from now on."""
    asked = []
    page.on("request", lambda request: f"/{name}?" in request.url and asked.append(request.url.partition("?")[2]))
    return asked


def test_the_points_of_the_first_space_do_not_wait_for_the_list(page, board):
    points, labels, late = asked_for(page, "points"), asked_for(page, "labels"), []
    page.route("**/plugin/latent/runs?*", lambda route: late.append(route))
    tab = Tab(page, board)
    tab.until(lambda: late and points)
    late[0].continue_()
    tab.painted(20)
    tab.locate(".classes button").first.wait_for()
    assert (points, labels) == (["labels=1&plane=auto&first=50000"], [])


def test_a_link_asks_for_its_own_points_alone(page, board):
    points = asked_for(page, "points")
    Tab(page, board, FLAT).painted(20)
    assert len(points) == 1
    assert points[0].startswith("run=flat&tag=codes&step=20")


@pytest.mark.parametrize("early", ["step 0", "nothing", "damaged"])
def test_points_that_came_early_and_are_not_those_of_the_list_are_not_shown(page, board, problems, early):
    def answer(route):
        if early == "step 0":
            return route.continue_(url=route.request.url + "&step=0")
        return route.fulfill(status=204) if early == "nothing" else route.fulfill(status=200, body="damaged")

    points = asked_for(page, "points")
    page.route("**/plugin/latent/points?labels=1&plane=auto&first=50000", answer)
    tab = Tab(page, board).painted(20)
    assert len(points) == 2
    assert points[1].endswith("step=20&plane=pca&fit=20" + ("" if early == "step 0" else "&labels=1"))
    assert tab.locate(".message").is_hidden()


SIZES = """
window.heights = [];
const watch = new MutationObserver(() => {
  const stage = document.querySelector(".stage");
  if (!stage) return;
  watch.disconnect();
  new ResizeObserver(() => heights.push(stage.clientHeight)).observe(stage);
});
watch.observe(document, { childList: true, subtree: true });
"""


def test_the_first_picture_stays_where_it_is_when_the_rest_of_the_page_comes(page, board):
    page.add_init_script(SIZES)
    tab = Tab(page, board).painted(20)
    tab.locate(".classes button").first.wait_for()
    tab.locate(".time button").first.wait_for()
    tab.rest()
    assert len(set(tab.locate("body").evaluate("heights"))) == 1


def test_a_link_whose_run_is_gone_says_so(page, board):
    tab = Tab(page, board, [["gone", "codes"]], plane="axes:0,1").painted(20)
    note = tab.locate(".missing")
    note.wait_for()
    assert note.inner_text().startswith("gone · codes: not here. The run was deleted or renamed")
    assert tab.locate(".panel h2").count() == 1
    tab.button("Dismiss this note").click()
    assert note.is_hidden()
