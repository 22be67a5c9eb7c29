"""Very many points in the tab: the first ones first, exact under the pointer and in a lasso; with and without a GPU."""

import re

import numpy as np
import pytest
from helpers.tab import Tab

from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

POINTS = 200_000
SPACE = [["many", "codes"]]
random = np.random.default_rng(0)
labels = np.sort(np.arange(POINTS) % 10)
middles = np.array([[12 * np.cos(k), 12 * np.sin(k)] for k in range(10)])
codes = (middles[labels] + random.normal(size=(POINTS, 2))).astype(np.float32)
# Two points that 16 bits of the range do not tell apart, away from all others.
TWINS = (POINTS - 1, 7)
codes[TWINS[0]], codes[TWINS[1]] = (0.5, 0.25), (0.5 + 4e-5, 0.25)

# How many points each draw call has and how many bytes are sent to the GPU, whose name is DRIVER.
GPU = """{
  const {drawArrays, bufferData, getParameter} = WebGL2RenderingContext.prototype;
  window.draws = [];
  window.bytes = 0;
  WebGL2RenderingContext.prototype.drawArrays = function (mode, first, count) {
    window.draws.push(count);
    drawArrays.call(this, mode, first, count);
  };
  WebGL2RenderingContext.prototype.bufferData = function (target, data, usage) {
    window.bytes += data.byteLength;
    bufferData.call(this, target, data, usage);
  };
  WebGL2RenderingContext.prototype.getParameter = function (name) {
    return name === this.RENDERER ? 'A graphics card' : getParameter.call(this, name);
  };
}"""


@pytest.fixture(scope="module")
def board(tensorboard, tmp_path_factory):
    logdir = tmp_path_factory.mktemp("many")
    columns = {"height": random.random(POINTS), "name": [f"name {i % 7}" for i in range(POINTS)]}
    with LatentWriter(str(logdir / "many")) as writer:
        for step in range(3):
            writer.add("codes", step, codes * (1 + (2 - step) / 4), labels=labels, metadata=columns)
    board = tensorboard(logdir, "--load_fast=true")
    board.until(lambda runs: runs["many"]["codes"]["kept"] == 3)
    return board


class Requests:
    """The requests of a page for points; those that `held` accepts wait for `release`."""

    def __init__(self, page, held=lambda url: False):
        self.seen, self._held, self._waiting = [], held, []
        page.route(re.compile(r"/latent/(points|codes|errors|metadata)\?"), self._take)

    def _take(self, route):
        self.seen.append(route.request.url.split("/latent/")[1])
        if self._held(route.request.url):
            self._waiting.append(route)
        else:
            route.continue_()

    def release(self):
        self._held = lambda url: False
        while self._waiting:
            self._waiting.pop().continue_()

    def of(self, route, *words):
        return [url for url in self.seen if url.startswith(route + "?") and all(word in url for word in words)]


def exact(url):
    return "/points?" in url and "bits" not in url and "first" not in url


def test_the_first_points_are_shown_until_all_are_there(page, board):
    requests = Requests(page, held=lambda url: "bits=16" in url)
    tab = Tab(page, board)
    message = tab.locate(
        ".message", has_text="These are the first 50,000 of 200,000 points. The others are on their way."
    )
    message.wait_for()
    legend = tab.locate("section[aria-label=Legend], .legend").first
    tab.until(lambda: "20,000" in legend.inner_text())  # the counts are those of all points
    assert tab.plot().get_attribute("data-painted") is None
    requests.release()
    tab.painted(2)
    message.wait_for(state="hidden")
    tab.rest()
    assert len(requests.of("points", "first=50000")) == 1
    assert not [url for url in requests.seen if exact("/" + url)]  # nothing has asked for exact places
    assert not requests.of("codes")
    assert not requests.of("metadata")
    # The steps beside the one that is shown come ahead, each once, rounded.
    assert sorted(re.search(r"step=(\d)", url)[1] for url in requests.of("points", "bits=16")) == ["1", "2"]


def hover(tab, place):
    """Returns the card of the point under a place of the plot."""
    tab.page.mouse.move(*tab.at(*place))
    return tab.card()


def test_hovering_tells_apart_what_the_rounded_places_do_not(page, board):
    requests = Requests(page, held=exact)
    tab = Tab(page, board, SPACE, view=f"{0.5 + 2e-5},0.25,0.0002").painted(2)
    size = tab.plot().bounding_box()
    aside = 2e-5 / 0.0002 * min(size["width"], size["height"]) / size["width"]
    page.mouse.move(*tab.at(0.5 - aside, 0.5))
    tab.until(lambda: [url for url in requests.seen if exact("/" + url)])
    assert not tab.locate(".card").is_visible()  # rather nothing than a wrong point
    requests.release()
    tab.locate(".card").wait_for()  # without another move
    assert hover(tab, (0.5 - aside, 0.5))["index"] == f"{TWINS[0]:,}"
    assert hover(tab, (0.5 + aside, 0.5))["index"] == f"{TWINS[1]:,}"
    tab.rest()
    assert all("count=1" in url for url in requests.of("codes"))
    assert not requests.of("metadata")
    assert "2 more columns" in " ".join(tab.locate(".card dd").all_inner_texts())


def test_a_lasso_that_is_drawn_before_the_exact_places_came_selects_exactly(page, board):
    requests = Requests(page, held=exact)
    tab = Tab(page, board, SPACE, tool="lasso", view="0,0,40", names="0").painted(2)
    shares = [(0.3, 0.2), (0.71, 0.33), (0.55, 0.52), (0.69, 0.83), (0.28, 0.77)]
    box = tab.plot().bounding_box()
    pixels = [tuple(map(round, tab.at(*share))) for share in shares]
    page.mouse.move(*pixels[0])
    page.mouse.down()
    for pixel in pixels[1:]:
        page.mouse.move(*pixel)
    page.mouse.up()
    tab.until(lambda: [url for url in requests.seen if exact("/" + url)])
    assert not tab.locate("[aria-label=Selection]").is_visible()
    requests.release()
    width, height = tab.plot().evaluate("plot => [plot.clientWidth, plot.clientHeight]")
    k = min(width, height) / 40
    corners = [((x - box["x"] - width / 2) / k, -(y - box["y"] - height / 2) / k) for x, y in pixels]
    odd = np.zeros(POINTS, bool)
    x, y = codes.astype(np.float64).T
    for (ax, ay), (bx, by) in zip(corners, corners[-1:] + corners[:-1]):
        odd ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / ((by - ay) or 1) + ax)
    assert 20_000 < odd.sum() < 180_000
    tab.locate("[aria-label=Selection] p", has_text=f"{odd.sum():,} points").wait_for()


def test_without_a_gpu_a_worker_draws_the_density(page, board):
    tab = Tab(page, board, SPACE, names="0", walk="circle:99,99,1", view="0,0,40").painted(2)
    assert tab.plot().get_attribute("data-renderer") == "density"
    picture = tab.pixels("canvas.density")
    height, width = picture.shape[:2]  # half as much again as the plot, on each side a quarter
    k = min(height, width) / 1.5 / 40
    for key, (x, y) in enumerate(middles):
        pixel = picture[round(height / 2 - y * k), round(width / 2 + x * k)]
        assert pixel[3] > 100, key
    dark = [tuple(picture[round(height / 2 - y * k), round(width / 2 + x * k), :3]) for x, y in middles]
    assert len(set(dark)) == 10  # each class has its color
    # A drag moves the picture; no other one is made before it ends.
    moved = "canvas => canvas.style.transform"
    before = tab.locate("canvas.density").evaluate(moved)
    page.keyboard.down("Shift")
    page.mouse.move(*tab.at(0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*tab.at(0.55, 0.5))
    tab.until(lambda: tab.locate("canvas.density").evaluate(moved) != before)
    assert np.array_equal(tab.pixels("canvas.density"), picture)
    page.mouse.up()
    page.keyboard.up("Shift")
    tab.until(lambda: not np.array_equal(tab.pixels("canvas.density"), picture))
    # Hidden classes are not in it.
    tab = Tab(page, board, SPACE, names="0", view="0,0,40", hidden=",".join(map(str, range(1, 10)))).painted(2)
    alone = tab.pixels("canvas.density")
    assert 0 < (alone[..., 3] > 0).sum() < (picture[..., 3] > 0).sum() / 5


def test_a_gpu_draws_all_points_at_once_and_gets_only_what_changed(new_page, board):
    with new_page() as page:
        page.add_init_script(GPU)
        tab = Tab(page, board, SPACE, names="0", view="0,0,40").painted(2).rest()
        assert tab.plot().get_attribute("data-renderer") == "webgl"
        page.mouse.move(*tab.at(0.5, 0.5))
        tab.rest()  # the exact places have come
        tab.frame.evaluate("draws.length = bytes = 0")
        page.keyboard.down("Shift")
        page.mouse.down()
        for share in (0.52, 0.54, 0.56):
            page.mouse.move(*tab.at(share, 0.5))
            page.wait_for_timeout(50)
        assert set(tab.frame.evaluate("draws")) == {POINTS}
        assert tab.frame.evaluate("bytes") == 0
        page.mouse.up()
        page.keyboard.up("Shift")
        tab.rest()
        tab.frame.evaluate("draws.length = bytes = 0")
        tab.button("Previous step (key ,)").click()
        tab.painted(1).rest()
        # Places to come from and to go to, 8 bytes each, and a mark.
        assert tab.frame.evaluate("bytes") <= POINTS * (8 + 8 + 1)


def test_a_run_without_the_worker_is_drawn_by_the_page(page, board, problems):
    problems.expect("status 404: .*points_worker.js")
    problems.expect("Failed to load resource|request failed: .*points_worker.js")
    page.route("**/points_worker.js", lambda route: route.fulfill(status=404, body=""))
    tab = Tab(page, board, SPACE).painted(2)
    assert tab.plot().get_attribute("data-renderer") == "webgl"
