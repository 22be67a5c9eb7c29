"""The pad: what is drawn by mouse, finger and keys, or dropped as a picture, gets its code at every step."""

import base64
import io
import re

import numpy as np
import pytest
from helpers.tab import FilePage, Tab
from PIL import Image

import tb_plugin
from tb_plugin import digits
from tb_plugin.encoder import Encoder
from tb_plugin.export import export
from tb_plugin.layers import dense
from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

DIGITS = [["vandenburg/digits", "codes"]]
PAD = ".pad canvas"
SEEN = "[aria-label='The drawing as the encoder gets it']"
HINT = "details[aria-label=Draw] .hint"
SEVEN = ((0.3, 0.2), (0.75, 0.2), (0.5, 0.85))
DROP = """([text, type]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "digit", { type }));
  const pad = document.querySelector(".pad canvas");
  const event = (name) => new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true });
  if (pad.dispatchEvent(event("dragover"))) throw new Error("a drop is not taken");
  pad.dispatchEvent(event("drop"));
}"""


@pytest.fixture(scope="module")
def board(tensorboard, port_logdir):
    return tensorboard(port_logdir, "--load_fast=true")


@pytest.fixture(scope="module")
def space(port_logdir):
    return tb_plugin.read(port_logdir)["vandenburg/digits"]["codes"]


def place_of(tab, another=""):
    """Waits for a place that is not `another`. Returns the hint, and the place."""
    at = re.compile(r"at (-?[\d.]+(?:e-\d+)?), (-?[\d.]+(?:e-\d+)?)")
    tab.until(lambda: (found := at.search(tab.locate(HINT).inner_text())) and found[0] != another)
    hint = tab.locate(HINT).inner_text()
    return at.search(hint)[0], [float(number) for number in at.search(hint).groups()]


def encoded(tab, space, step):
    """Returns NumPy's code of the picture that the pad shows as the encoder gets it."""
    return space[step].encoder(tab.pixels(SEEN)[None, ..., 0])[0]


def drag(page, tab, places, move):
    box = tab.locate(PAD).bounding_box()
    for place in places:
        move(box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"])
        if place is places[0]:
            page.mouse.down()
    page.mouse.up()


def drop(tab, picture, kind="png"):
    data = io.BytesIO()
    picture.save(data, kind)
    tab.frame.evaluate(DROP, [base64.b64encode(data.getvalue()).decode(), f"image/{kind}"])


def test_the_mouse_draws_and_the_cross_moves_with_the_steps(page, board, space):
    tab = Tab(page, board, DIGITS, view="0,0,12", walk="circle:50,50,1", names="0", manifold="0").painted(1001)
    tab.locate(PAD).wait_for()
    assert "Draw with the mouse" in tab.locate(HINT).inner_text()
    before = tab.rest().seen()
    drag(page, tab, SEVEN, lambda x, y: page.mouse.move(x, y, steps=5))
    text, place = place_of(tab)
    np.testing.assert_allclose(place, encoded(tab, space, 1001), atol=2e-2)  # the canvas has bytes
    tab.locate("[aria-label='Reconstruction by vandenburg/digits · codes']").wait_for()
    shown = tab.pixels("[aria-label='Reconstruction by vandenburg/digits · codes']")[..., 0].astype(int)
    expected = np.clip(space[1001].decoder([place])[0], 0, 1).reshape(28, 28) * 255
    assert np.abs(shown - expected).max() <= 2
    tab.rest()
    # Where the plot has changed, the cross is.
    rows, columns = np.nonzero((tab.seen() != before).any(axis=2))
    box = tab.plot().bounding_box()
    scale = min(box["width"], box["height"]) / 12
    middle = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    assert middle == pytest.approx((box["height"] / 2 - place[1] * scale, box["width"] / 2 + place[0] * scale), abs=3)
    assert 18 <= np.ptp(rows) <= 30
    tab.locate("input[aria-label=Step]").focus()
    page.keyboard.press("Home")
    tab.painted(0)
    first, place = place_of(tab, text)
    np.testing.assert_allclose(place, encoded(tab, space, 0), atol=2e-2)
    tab.button("Play the steps").click()
    tab.painted(1001)
    tab.button("Play the steps").wait_for()
    last, _ = place_of(tab, first)
    tab.until(lambda: text in tab.locate(HINT).inner_text())
    tab.locate(HINT, has_text=re.compile(r"class \d, of \d+ of the 12 nearest points")).wait_for()
    tab.button("Clear the pad (Escape)").click()
    tab.until(lambda: "Draw with the mouse" in tab.locate(HINT).inner_text())
    tab.rest()


def test_a_finger_draws(new_page, board, space):
    with new_page(viewport={"width": 390, "height": 780}, has_touch=True) as page:
        tab = Tab(page, board, DIGITS).painted(1001)
        tab.locate(PAD).scroll_into_view_if_needed()
        box = tab.locate(PAD).bounding_box()
        touch = page.context.new_cdp_session(page)
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
        for kind, points in (
            ("touchStart", places[:1]),
            *(("touchMove", [place]) for place in places[1:]),
            ("touchEnd", []),
        ):
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})
        _, place = place_of(tab)
        np.testing.assert_allclose(place, encoded(tab, space, 1001), atol=2e-2)
        assert (tab.pixels(SEEN)[..., 0] > 128).sum() > 30


def test_keys_draw_from_the_plot_on_without_a_mouse(page, board, space):
    tab = Tab(page, board, DIGITS).painted(1001)
    tab.locate(PAD).wait_for()
    tab.plot().focus()
    page.keyboard.press("e")
    tab.wait_for("() => document.activeElement.matches('.pad canvas')")
    for keys in (["Shift+ArrowLeft", "Shift+ArrowUp", "Shift+ArrowUp"], [" "], ["ArrowRight"] * 9, ["ArrowDown"] * 14):
        for each in keys:
            page.keyboard.press(each)
    assert "pen down, 19 across, 20 down" in tab.locate(HINT).inner_text()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowLeft")
    assert "pen up, 18 across, 20 down" in tab.locate(HINT).inner_text()
    _, place = place_of(tab)
    np.testing.assert_allclose(place, encoded(tab, space, 1001), atol=2e-2)
    tab.button(re.compile("^Decode this code")).click()
    probe = [float(number) for number in tab.wait_for_state("probe").split(",")]
    np.testing.assert_allclose(probe, place, atol=1e-4)
    tab.locate(PAD).focus()
    page.keyboard.press("Escape")
    tab.until(lambda: not tab.pixels(SEEN)[..., 0].any())
    assert " at " not in f" {tab.locate(HINT).inner_text()}"


def test_a_dropped_digit_stays_as_it_is_and_its_cross_is_its_point(page, board, space):
    tab = Tab(page, board, DIGITS).painted(1001)
    tab.locate(PAD).wait_for()
    image = space[0].images[7, ..., 0]
    drop(tab, Image.fromarray(image))
    _, place = place_of(tab)
    np.testing.assert_allclose(place, space[1001].codes[7], atol=2e-2)
    assert np.abs(tab.pixels(SEEN)[..., 0].astype(int) - image).max() <= 5
    # A photo: dark on light paper with grain, off the center, wide.
    paper = np.random.default_rng(0).normal(225, 3, (300, 420))
    large = np.asarray(Image.fromarray(image).resize((196, 196), Image.Resampling.BICUBIC), float)
    paper[60:256, 180:376] -= large * 0.8
    drop(tab, Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8)), "jpeg")
    tab.until(lambda: np.abs(tab.pixels(SEEN)[..., 0].astype(int) - image).max() > 5)
    seen = tab.pixels(SEEN)[..., 0].astype(float)
    assert np.corrcoef(seen.ravel(), image.ravel())[0, 1] > 0.9
    np.testing.assert_allclose(place_of(tab)[1], space[1001].codes[7], atol=0.8)
    tab.frame.evaluate(DROP, [base64.b64encode(b"no picture").decode(), "text/plain"])
    tab.locate(HINT, has_text="no picture that the browser can read").wait_for()


def test_the_way_through_the_steps(page, board, space):
    tab = Tab(page, board, DIGITS, view="0,0,12", walk="circle:50,50,1", names="0", manifold="0").painted(1001)
    tab.locate(PAD).wait_for()
    drop(tab, Image.fromarray(space[0].images[7, ..., 0]))
    place_of(tab)
    before = tab.rest().seen()
    tab.locate("label", has_text="its way through the steps").click()
    tab.until(lambda: (tab.seen() != before).any())
    tab.rest()
    rows, columns = np.nonzero((tab.seen() != before).any(axis=2))
    ways = np.array([space[step].codes[7] for step in space.steps])
    box = tab.plot().bounding_box()
    scale = min(box["width"], box["height"]) / 12
    assert np.ptp(columns) == pytest.approx(np.ptp(ways[:, 0]) * scale, abs=30)
    assert np.ptp(rows) == pytest.approx(np.ptp(ways[:, 1]) * scale, abs=30)


@pytest.fixture(scope="module")
def deep_logdir(tmp_path_factory):
    """Logs 60 digits with an encoder of three numbers and a projection, and a run without an encoder."""
    logdir = tmp_path_factory.mktemp("deep")
    images, labels = digits.draw(60)
    kernel = np.random.default_rng(0).normal(size=(784, 3)) / 28
    codes = images.reshape(60, 784) @ kernel
    for run, encoder in (("with", Encoder(784, [dense(kernel)])), ("without", None)):
        with LatentWriter(str(logdir / run)) as writer:
            writer.add(
                "codes", 0, codes, images=images, labels=labels, encoder=encoder, projections={"mine": codes[:, 1:]}
            )
    return logdir


@pytest.mark.parametrize("saved", [False, True], ids=["served", "file"])
def test_planes_and_projections_and_no_decoder(new_page, tensorboard, deep_logdir, tmp_path, saved):
    """A page that is one file has no network."""
    with new_page(offline=saved) as page:
        if saved:
            export(deep_logdir, tmp_path / "page.html")
            opened, kind = tmp_path / "page.html", FilePage
        else:
            opened, kind = tensorboard(deep_logdir, "--load_fast=false"), Tab
        tab = kind(page, opened, [["with", "codes"]]).painted(0)
        tab.locate(PAD).wait_for()
        step = tb_plugin.read(deep_logdir)["with"]["codes"][0]
        tab.locate("label", has_text="center and scale").click()
        image = step.images[5, ..., 0]
        drop(tab, Image.fromarray(image))
        tab.locate(HINT, has_text="off the plane").wait_for()
        np.testing.assert_array_equal(tab.pixels(SEEN)[..., 0], image)
        tab.locate("select[aria-label=Plane]").select_option("map:mine")
        tab.locate(HINT, has_text="placed between the 8 points whose codes are nearest").wait_for()
        _, place = place_of(tab)
        np.testing.assert_allclose(place, step.codes[5, 1:], atol=5e-2)
        tab.locate("select[aria-label=Plane]").select_option("axes")
        tab.until(lambda: "off the plane" in tab.locate(HINT).inner_text())
        np.testing.assert_allclose(place_of(tab)[1], step.codes[5, :2], atol=5e-2)
        assert tab.locate("[aria-label^='Reconstruction by']").count() == 0
        tab.locate(HINT, has_text=re.compile(r"class \d+, of \d+ of the 12 nearest")).wait_for()
        tab = kind(page, opened, [["without", "codes"]]).painted(0)
        tab.rest()
        assert not tab.locate(PAD).is_visible()


def test_a_page_that_is_one_file_encodes_at_every_step(new_page, port_logdir, space, tmp_path):
    export(port_logdir, tmp_path / "page.html")
    with new_page(offline=True, color_scheme="dark") as page:
        tab = FilePage(page, tmp_path / "page.html", DIGITS).painted(1001)
        tab.locate(PAD).wait_for()
        drag(page, tab, SEVEN, lambda x, y: page.mouse.move(x, y, steps=5))
        text, _ = place_of(tab)
        for step, key in ((1001, None), (0, "Home"), (50, "ArrowRight"), (1001, "End")):
            if key:
                tab.locate("input[aria-label=Step]").focus()
                page.keyboard.press(key)
                tab.painted(step)
                text, _ = place_of(tab, text)
            codes = space[step].codes
            pixel = np.ptp(codes, axis=0).max() / 500
            assert np.abs(np.array(place_of(tab)[1]) - encoded(tab, space, step)).max() <= pixel + 2e-2
