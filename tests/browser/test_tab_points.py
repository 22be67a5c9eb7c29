"""The points of the tab: hovering, filtering, selecting, zooming, planes, many of them."""

import re

import numpy as np
import pytest
from helpers.tab import Tab

from tb_plugin.server import projection
from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

DIGITS = [["vandenburg/digits", "codes"]]
DEEP = [["pca-16", "digits"]]

# How many points each draw call has; where DRIVER is not empty, WebGL says that it is of that name.
DRAWS = """{
  const {drawArrays, getParameter} = WebGL2RenderingContext.prototype;
  window.draws = [];
  WebGL2RenderingContext.prototype.drawArrays = function (mode, first, count) {
    window.draws.push(count);
    drawArrays.call(this, mode, first, count);
  };
  WebGL2RenderingContext.prototype.getParameter = function (name) {
    return 'DRIVER' && name === this.RENDERER ? 'DRIVER' : getParameter.call(this, name);
  };
}"""


@pytest.fixture(scope="module")
def board(tensorboard, port_logdir):
    return tensorboard(port_logdir, "--load_fast=true")


@pytest.fixture(scope="module")
def demo(tensorboard, demo_logdir):
    return tensorboard(demo_logdir, "--load_fast=true")


def array(board, route, run, tag, **more):
    status, headers, body = board.get(f"plugin/latent/{route}", run=run, tag=tag, **more)
    assert status == 200
    shape = [int(size) for size in headers["X-Latent-Shape"].split(",")]
    return np.frombuffer(body, headers["X-Latent-Dtype"]).reshape(shape)


def alone(points):
    """Returns the point that is farthest from its nearest neighbor."""
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return int(apart.min(axis=1).argmax())


def card(tab):
    """Returns the text of the hovered point's card, once everything is in it."""
    tab.locate(".card dt", has_text="error").wait_for()
    return tab.card()


def test_hovering_shows_image_reconstruction_label_error_and_index(page, board):
    at = {"run": DIGITS[0][0], "tag": "codes"}
    codes, labels = array(board, "codes", **at, step=1001), array(board, "labels", **at)
    index = alone(codes)
    x, y = codes[index]
    tab = Tab(page, board, DIGITS, view=f"{x},{y},2").painted(1001)
    page.mouse.move(*tab.at())
    said = card(tab)
    assert said["index"] == f"{index:,}"
    assert said["label"] == str(labels[index])
    assert float(said["error"]) == pytest.approx(array(board, "errors", **at, step=1001)[index], rel=1e-3)
    assert [float(n) for n in said["at"].split(", ")] == pytest.approx([x, y], rel=1e-3)
    image = array(board, "images", **at)[index, ..., 0]
    np.testing.assert_array_equal(tab.pixels(".card [aria-label=Image]")[..., 0], image)
    status, headers, body = board.get("plugin/latent/decode", **at, step=1001, codes=f"[[{x},{y}]]")
    decoded = np.frombuffer(body, headers["X-Latent-Dtype"]).reshape(28, 28)
    shown = tab.pixels(".card [aria-label=Reconstruction]")[..., 0]
    assert np.abs(shown - np.clip(decoded, 0, 1) * 255).max() < 1
    page.mouse.move(*tab.at(0.5, 0.999))
    page.mouse.move(5, 400)
    tab.locate(".card").wait_for(state="hidden")


def test_the_legend_filters(page, board):
    tab = Tab(page, board, DIGITS, manifold="0", view="0,0,12").painted(1001)
    colors = tab.seen()
    tab.button("none").or_(tab.button("Hide all classes")).first.click()
    assert tab.wait_for_state("hidden") == "0-9"
    tab.until(lambda: tab.seen().std() < colors.std())
    tab.locate(".classes button", has_text=re.compile("^3")).click()
    tab.wait_for_state("hidden", "v => v === '0-2%2C4-9'")
    assert tab.locate(".classes [aria-pressed=true] .name").all_inner_texts() == ["3"]
    tab.button("Show all classes").click()
    tab.wait_for_state("hidden", "v => v === null")
    tab.locate(".classes button", has_text=re.compile("^7")).dblclick()
    tab.wait_for_state("hidden", "v => v === '0-6%2C8-9'")


@pytest.mark.parametrize("tool", ["box", "lasso"])
def test_selecting_with_the_mouse(page, board, tool):
    tab = Tab(page, board, DIGITS, tool=tool, view="0,0,40").painted(1001)
    page.mouse.move(*tab.at(0.35, 0.3))
    page.mouse.down()
    for place in ((0.65, 0.3), (0.65, 0.7), (0.35, 0.7)) if tool == "lasso" else ((0.5, 0.5), (0.65, 0.7)):
        page.mouse.move(*tab.at(*place))
    page.mouse.up()
    tab.locate("[aria-label=Selection] p", has_text="1,000 points, mean error").wait_for()
    assert tab.locate(".montage canvas").count() == 48
    tab.button("Select nothing (Escape)").click()
    tab.locate("[aria-label=Selection]").wait_for(state="hidden")


def test_zoom_pan_and_fit(page, board):
    tab = Tab(page, board, DIGITS).painted(1001)
    assert not tab.locate("label", has_text="hold axes").locator("input").is_checked()
    page.mouse.move(*tab.at(0.25, 0.25))
    page.mouse.wheel(0, -600)
    first = [float(n) for n in tab.wait_for_state("view").split(",")]
    zoomed = tab.state("view")
    assert tab.locate("label", has_text="hold axes").locator("input").is_checked()
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(*tab.at(0.5, 0.25))
    page.mouse.up()
    page.keyboard.up("Shift")
    second = [float(n) for n in tab.wait_for_state("view", f"v => v !== '{zoomed}'").split(",")]
    assert second[0] < first[0]
    assert second[1:] == pytest.approx(first[1:], rel=1e-4)
    tab.button("Show all points (key 0)").click()
    tab.wait_for_state("view", "v => v === null")


def test_images_instead_of_dots_when_near(page, board):
    x, y = array(board, "codes", *DIGITS[0], step=1001)[0]
    tab = Tab(page, board, DIGITS, manifold="0", names="0", walk="circle:99,99,1", view=f"{x},{y},1").painted(1001)
    images = ".plot canvas:last-child"
    tab.until(lambda: tab.pixels(images).any())
    tab.locate("label", has_text="images when near").click()
    tab.until(lambda: not tab.pixels(images).any())


def test_pca_and_axes_of_a_deep_space(page, demo):
    tab = Tab(page, demo, DEEP).painted(200)
    tab.locate("select[aria-label=Plane]").select_option("pca")
    told = tab.locate("section", has=tab.frame.locator("h3", has_text="Plane")).locator(".hint")
    tab.until(lambda: "of the variance at step 200" in told.inner_text())
    shares = [float(n) for n in re.findall(r"([\d.]+) %", told.inner_text())]
    codes = array(demo, "codes", "pca-16", "digits", step=200)
    plane = projection.principal(codes)
    assert shares == pytest.approx(np.multiply(plane.explained, 100), abs=0.06)
    places = projection.coordinates(codes, plane)
    index = alone(places)
    tab = Tab(page, demo, DEEP, plane="pca", view=f"{places[index, 0]},{places[index, 1]},1").painted(200)
    page.mouse.move(*tab.at())
    away = np.linalg.norm(codes[index] - plane.origin - places[index] @ [plane.u, plane.v])
    tab.locate(".card dt", has_text="off the plane").wait_for()
    assert card(tab)["index"] == f"{index:,}"
    assert float(card(tab)["off the plane"]) == pytest.approx(away, rel=1e-3)


def test_a_deep_space_is_first_shown_by_its_principal_components(page, demo):
    plane = "select[aria-label=Plane]"
    tab = Tab(page, demo).painted(200)
    tab.locate(plane).wait_for()
    assert tab.locate(".panel h2").inner_text() == "pca-16 · Digits, 16 principal components"
    assert tab.locate(plane).input_value() == "pca"
    assert tab.wait_for_state("plane") == "auto"
    tab = Tab(page, demo, DEEP, step="200").painted(200)  # a link of before
    tab.locate(plane).wait_for()
    assert tab.locate(plane).input_value() == "axes"


def test_colors_by_error_and_shapes(page, board):
    tab = Tab(page, board, DIGITS, manifold="0", view="0,0,8").painted(1001)
    by_label = tab.seen()
    tab.locate("select[aria-label='Color by']").select_option("error")
    tab.locate(".scale").wait_for()
    errors = np.sort(array(board, "errors", *DIGITS[0], step=1001))
    colors = tab.locate(".scale .gradient").get_attribute("aria-label")
    low, high = (float(text) for text in re.fullmatch("Colors from (.+) to (.+)", colors).groups())
    assert low == pytest.approx(errors[9], rel=1e-3)
    assert high == pytest.approx(errors[990], rel=1e-3)
    by_error = tab.seen()
    assert (by_label != by_error).any()
    tab.locate("select[aria-label='Color by']").select_option("label")
    tab.until(lambda: (tab.seen() == by_label).all())
    tab.locate("label", has_text="shapes").click()  # a shape is a class's
    tab.until(lambda: (tab.seen() != by_label).any())


def test_60000_points(page, tensorboard, tmp_path):
    """On software GL: that all is drawn, picked and moved, not how fast (tests/bench measures that)."""
    random = np.random.default_rng(0)
    labels = np.arange(60_000) % 10
    centers = random.normal(scale=6, size=(10, 2))[labels]
    with LatentWriter(str(tmp_path / "many")) as writer:
        for step in range(3):
            writer.add("codes", step, centers * (step + 1) / 3 + random.normal(size=(60_000, 2)), labels=labels)
    board = tensorboard(tmp_path, "--load_fast=true")
    tab = Tab(page, board, [["many", "codes"]]).painted(2)
    assert tab.plot().get_attribute("data-renderer") == "webgl"
    assert len(np.unique(tab.seen().reshape(-1, 3), axis=0)) > 200
    page.mouse.move(*tab.at(0.4, 0.4))
    page.mouse.wheel(0, -300)
    tab.wait_for_state("view")
    slider = tab.locate("input[aria-label=Step]")
    slider.focus()
    slider.press("Home")
    tab.painted(0)
    tab.button("Show all points (key 0)").click()
    tab.wait_for_state("view", "v => v === null")
    tab.locate("label", has_text=re.compile("^box$")).click()
    page.mouse.move(*tab.at(0.01, 0.01))
    page.mouse.down()
    page.mouse.move(*tab.at(0.99, 0.99))
    page.mouse.up()
    tab.locate("[aria-label=Selection] p", has_text="60,000 points").wait_for()
    tab.locate(".hint", has_text="0: 6000").wait_for()


def test_without_a_gpu_a_third_of_many_points_is_drawn_while_dragged(new_page, tensorboard, tmp_path):
    with LatentWriter(str(tmp_path / "run")) as writer:
        writer.add("codes", 0, np.random.default_rng(0).normal(size=(3000, 2)))
    board, drawn = tensorboard(tmp_path, "--load_fast=true"), {}
    for driver in ("", "ANGLE (NVIDIA)"):
        with new_page() as page:
            page.add_init_script(DRAWS.replace("DRIVER", driver))
            tab = Tab(page, board, [["run", "codes"]], tool="pan").painted(0)
            page.mouse.move(*tab.at())
            page.mouse.down()
            tab.frame.evaluate("window.draws = []")
            page.mouse.move(*tab.at(0.6, 0.6))
            tab.wait_for("() => window.draws.length")
            drawn[driver] = tab.frame.evaluate("window.draws.pop()")
            page.mouse.up()
            tab.wait_for("() => window.draws.pop() === 3000")
    assert drawn == {"": 1000, "ANGLE (NVIDIA)": 3000}


def test_a_drag_lays_nothing_out_anew(page, board):
    """A layout takes as long as all else that a frame is made of."""
    tab = Tab(page, board, DIGITS, tool="pan", view="0,0,8").painted(1001)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    tab.rest()
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")

    def layouts():
        metrics = cdp.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "LayoutCount")

    x, y = tab.at()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 2, y)
    before = layouts()
    for k in range(2, 22):
        page.mouse.move(x + 2 * k, y)
        tab.frame.evaluate("new Promise(requestAnimationFrame)")
    after = layouts()
    page.mouse.up()
    assert float(tab.wait_for_state("view", "v => v && !v.startsWith('0%2C')").split(",")[0]) < -0.3
    assert after - before < 5


def test_labels_beyond_those_in_the_legend_are_told_apart_from_them(page, tensorboard, tmp_path):
    labels = [0, 345, 1300, -1]
    with LatentWriter(str(tmp_path / "run")) as writer:
        writer.add(
            "codes",
            0,
            [[0, 0], [1, 0], [0, 1], [1, 1]],
            labels=labels,
            errors=[0, 0, 0, 0],
            class_names=[f"class {i}" for i in range(1301)],
        )
    tab = Tab(page, tensorboard(tmp_path, "--load_fast=true"), view="0.5,0.5,2").painted(0)
    box = tab.plot().bounding_box()
    side = min(box["width"], box["height"]) / 2
    said = []
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        page.mouse.move(box["x"] + box["width"] / 2 + (x - 0.5) * side, box["y"] + box["height"] / 2 - (y - 0.5) * side)
        tab.locate(".card dd", has_text=f"{x}, {y}").wait_for()
        said.append(card(tab)["label"])
    assert said == ["class 0", "class 345", "another label", "another label"]
    legend = tab.locate(".classes button").all_inner_texts()
    assert len(legend) == 1001
    assert legend[-1].split("\n") == ["another label", "2"]


def test_a_view_of_a_link_looks_as_after_a_change_of_size(page, board):
    """How large dots are and how the grid fades follows from how far the view of all points would be."""
    tab = Tab(page, board, DIGITS, manifold="0", thumbnails="0", view="0,0,3").painted(1001)
    before = tab.rest().seen()
    size = page.viewport_size
    page.set_viewport_size({**size, "width": size["width"] + 40})
    tab.rest()
    page.set_viewport_size(size)
    np.testing.assert_array_equal(tab.rest().seen(), before)
