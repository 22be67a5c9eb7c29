"""The decoder in the tab: at the pointer, along a walk, behind the points; what a walk saves."""

import io
import re

import numpy as np
import pytest
from helpers.tab import Tab
from PIL import Image

from tb_plugin.decoder import Decoder
from tb_plugin.layers import conv2d, dense, reshape
from tb_plugin.server import walks
from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

DIGITS = [["vandenburg/digits", "codes"]]
PREVIEW = "[aria-label=Walk] .preview"


@pytest.fixture(scope="module")
def board(tensorboard, port_logdir):
    return tensorboard(port_logdir, "--load_fast=true")


def decoder(board, step, run="vandenburg/digits", tag="codes"):
    """NumPy's decoder of a step."""
    status, _, blob = board.get("plugin/latent/decoder", run=run, tag=tag, step=step)
    assert status == 200
    return Decoder.from_blob(blob)


def bytes_of(pictures, side=28):
    """Returns the pixels of decoded pictures, uint8 [n, 28, 28]."""
    return np.floor(np.clip(pictures, 0, 1) * 255 + 0.5).astype(int).reshape(-1, side, side)


def test_dragging_decodes_what_numpy_decodes(page, board):
    tab = Tab(page, board, DIGITS, step="500").painted(500)
    tab.locate(PREVIEW).wait_for()  # the decoder is there
    seen = set()
    page.mouse.move(*tab.at(0.2, 0.3))
    page.mouse.down()
    for x, y in ((0.2, 0.3), (0.4, 0.35), (0.7, 0.8)):
        page.mouse.move(*tab.at(x, y))
        other = f"value => value !== null && ![{','.join(seen)}].includes(value)"
        place = [float(number) for number in tab.wait_for_state("probe", other).split(",")]
        seen.add(repr(tab.state("probe")))
        expected = bytes_of(decoder(board, 500)([place]))[0]
        shown = tab.pixels("[aria-label=Decoded] canvas")
        # The address has six digits of the place: a pixel may round to its neighbor.
        assert np.abs(shown[..., 0].astype(int) - expected).max() <= 1
        assert (shown[..., 3] == 255).all()
        assert expected.max() > 60
    page.mouse.up()
    assert len(seen) == 3


def test_the_step_slider_moves_points_decoder_and_walk(page, board):
    tab = Tab(page, board, DIGITS, step="50", probe="0.5,0.5").painted(50)
    tab.locate(PREVIEW).wait_for()
    strip = tab.pixels(".strip")
    slider = tab.locate("input[aria-label=Step]")
    slider.focus()
    slider.press("End")
    tab.painted(1001)
    assert tab.wait_for_state("step", "v => v === '1001'")
    tab.until(lambda: (tab.pixels(".strip") != strip).any())
    shown = tab.pixels("[aria-label=Decoded] canvas")[..., 0].astype(int)
    assert np.abs(shown - bytes_of(decoder(board, 1001)([[0.5, 0.5]]))[0]).max() <= 1
    assert np.abs(shown - bytes_of(decoder(board, 50)([[0.5, 0.5]]))[0]).max() > 10
    field = tab.locate("input[aria-label^='Step;']")
    field.fill("700")  # not kept: the last one until then is shown
    field.press("Enter")
    tab.painted(651)
    assert tab.locate(".time .note").inner_text() == "22 of 22 steps kept"


def test_the_steps_are_played_to_their_end(page, board):
    tab = Tab(page, board, DIGITS, step="901").painted(901)
    tab.button("Play the steps").click()
    tab.button("Pause").wait_for()
    tab.painted(1001)
    tab.button("Play the steps").wait_for()


def test_a_walk_decodes_its_circle_frame_by_frame(page, board):
    tab = Tab(page, board, DIGITS, walk="circle:0.25,-0.5,1.5", frames="8").painted(1001)
    tab.locate(PREVIEW).wait_for()
    codes = walks.circle(np.array([0.25, -0.5]), 1.5, np.array([1, 0]), np.array([0, 1]), 8)
    expected = bytes_of(decoder(board, 1001)(codes))
    scrub = tab.locate("input[aria-label='Frame of the walk']")
    scrub.focus()
    for k in range(8):
        if k:
            scrub.press("ArrowRight")
        assert np.abs(tab.pixels(PREVIEW)[..., 0].astype(int) - expected[k]).max() <= 1, k
    tab.button("Reverse the direction").click()
    assert tab.wait_for_state("direction", "v => v === '-1'")
    tab.wait_for("() => document.querySelector('input[aria-label=\"Frame of the walk\"]').value === '7'")
    tab.until(lambda: np.abs(tab.pixels(PREVIEW)[..., 0].astype(int) - expected[1]).max() <= 1)


def test_a_walk_plays_and_pauses(page, board):
    tab = Tab(page, board, DIGITS, ms="30").painted(1001)
    tab.locate(PREVIEW).wait_for()
    frame = "() => Number(document.querySelector('input[aria-label=\"Frame of the walk\"]').value)"
    tab.button("Play the walk").click()
    tab.wait_for("() => Number(document.querySelector('input[aria-label=\"Frame of the walk\"]').value) > 4")
    tab.button("Pause the walk").click()
    at = tab.frame.evaluate(frame)
    assert tab.rest().frame.evaluate(frame) == at
    assert tab.wait_for_state("frame", "v => v !== null") == str(at)


def test_the_walks_circle_is_dragged_on_the_plot(page, board):
    tab = Tab(page, board, DIGITS, view="0,0,10", walk="circle:0,0,2").painted(1001)
    tab.locate(PREVIEW).wait_for()
    box = tab.plot().bounding_box()
    scale = min(box["width"], box["height"]) / 10
    x, y = tab.at()
    for (ax, ay), (bx, by), expected in (((0, 0), (1, 0), (1, 0, 2)), ((1, 2), (1, 3), (1, 0, 3))):
        page.mouse.move(x + ax * scale, y - ay * scale)
        page.mouse.down()
        page.mouse.move(x + (ax + bx) / 2 * scale, y - (ay + by) / 2 * scale)
        page.mouse.move(x + bx * scale, y - by * scale)
        page.mouse.up()
        changed = 2 if ay else 0
        near = f"Math.abs(value.slice(9).split('%2C')[{changed}] - {expected[changed]}) < 0.1"
        walk = tab.wait_for_state("walk", f"value => value && {near}")
        np.testing.assert_allclose([float(n) for n in walk.removeprefix("circle:").split(",")], expected, atol=0.05)


def test_a_path_through_clicked_corners(page, board):
    tab = Tab(page, board, DIGITS, view="0,0,8").painted(1001)
    tab.locate(PREVIEW).wait_for()
    tab.locate("label", has_text=re.compile("^path$")).click()
    for count, place in enumerate(((0.3, 0.3), (0.6, 0.3), (0.6, 0.7)), 1):
        page.mouse.click(*tab.at(*place))
        tab.locate("[aria-label=Walk] .hint", has_text=f"So far: {count}.").wait_for()
    page.mouse.dblclick(*tab.at(0.3, 0.7))
    corners = np.array(tab.wait_for_state("walk").removeprefix("path:").split(","), float).reshape(-1, 2)
    assert len(corners) == 4
    assert corners[0][0] == pytest.approx(corners[3][0])
    assert corners[1][1] == pytest.approx(corners[0][1])
    assert tab.locate("select[aria-label='Form of the walk']").input_value() == "path"
    tab.locate("select[aria-label='Form of the walk']").select_option("line")
    assert tab.wait_for_state("walk", "v => v && v.split('%2C').length === 4")


@pytest.mark.parametrize("kind", ["GIF", "PNG", "CSV"])
def test_saving_a_walk(page, board, kind):
    tab = Tab(page, board, DIGITS, walk="circle:0,0,2", frames="12", ms="50").painted(1001)
    tab.locate(PREVIEW).wait_for()
    what = {"GIF": "animation", "PNG": "film strip", "CSV": "codes"}[kind]
    with page.expect_download() as download:
        tab.button(re.compile(f"Save (?!the training).*{what}")).click()
    assert download.value.suggested_filename == f"vandenburg_digits_codes_step_1001_walk.{kind.lower()}"
    with open(download.value.path(), "rb") as file:
        data = file.read()
    codes = walks.circle(np.zeros(2), 2, np.array([1, 0]), np.array([0, 1]), 12)
    expected = bytes_of(decoder(board, 1001)(codes))
    if kind == "CSV":
        lines = data.decode().split()
        assert len(lines) == 13
        saved = np.array([line.split(",") for line in lines[1:]], float)
        np.testing.assert_allclose(saved, codes, atol=1e-6)
    elif kind == "PNG":
        strip = np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int)
        assert np.abs(strip.reshape(28, 12, 28).swapaxes(0, 1) - expected).max() <= 1
    else:
        gif = Image.open(io.BytesIO(data))
        assert (gif.n_frames, gif.size, gif.info["duration"], gif.info["loop"]) == (12, (224, 224), 50, 0)
        for k in range(12):
            gif.seek(k)
            assert np.abs(np.asarray(gif.convert("L"))[::8, ::8].astype(int) - expected[k]).max() <= 1


def test_the_grid_of_decoded_digits_lies_behind_the_points_and_fades(page, board):
    tab = Tab(page, board, DIGITS, view="40,40,4", hidden="0,1,2,3,4,5,6,7,8,9").painted(1001)

    def ink():
        grid = tab.locate(".plot .manifold")
        return tab.pixels(".plot .manifold")[..., 3].max() if grid.is_visible() else 0

    tab.until(ink)
    tab.rest()
    assert 0 < ink() < 60
    tab.button("Show all points (key 0)").click()
    tab.until(lambda: ink() > 120)
    tab.locate("label", has_text="decoded grid").click()
    tab.until(lambda: not ink())


def test_the_grid_goes_along_with_a_drag(page, board):
    tab = Tab(page, board, DIGITS, view="0,0,8", hidden="0,1,2,3,4,5,6,7,8,9", walk="circle:99,99,1").painted(1001)
    tab.locate(".plot .manifold").wait_for()
    tab.rest()
    before = tab.seen().astype(int)
    page.mouse.move(*tab.at())
    page.keyboard.down("Shift")
    page.mouse.down()
    x, y = tab.at()
    page.mouse.move(x + 30, y - 20)
    tab.rest()  # the grid is not decoded again before the button is up
    after = tab.seen().astype(int)
    page.mouse.up()
    page.keyboard.up("Shift")
    there, here = after[20:-40, 50:-20], before[40:-20, 20:-50]
    assert (here < 200).mean() > 0.03
    assert np.abs(there - here).mean() < 1
    assert np.abs(after - before).mean() > 5


# Notes how many pictures the page asks its workers for, at a time.
ASKED = """{
  const { postMessage } = Worker.prototype;
  window.asked = [];
  Worker.prototype.postMessage = function (message, ...more) {
    if (message.codes) window.asked.push(message.n);
    postMessage.call(this, message, ...more);
  };
}"""


def test_a_drag_beside_a_slow_decoder_decodes_only_what_is_under_the_pointer(page, tensorboard, tmp_path):
    random = np.random.default_rng(0)
    # 300 million multiplications, so that a fast processor, too, leaves them to a worker.
    kernels = [random.normal(size=(3, 3, *size)) / 34 for size in ((1, 128), (128, 128), (128, 128), (128, 1))]
    chain = [dense(random.normal(size=(2, 1024))), reshape((32, 32, 1)), *map(conv2d, kernels)]
    with LatentWriter(tmp_path / "run") as writer:
        writer.add("z", 0, random.normal(size=(50, 2)), decoder=Decoder(2, [*chain, "sigmoid"]))
    page.add_init_script(ASKED)
    tab = Tab(page, tensorboard(tmp_path, "--load_fast=true"), [["run", "z"]], frames="12", tool="decode").painted(0)
    tab.locate(PREVIEW).wait_for()
    page.mouse.move(*tab.at(0.3, 0.3))
    page.mouse.down()
    before = len(tab.frame.evaluate("asked"))
    for k in range(8):
        page.mouse.move(*tab.at(0.3 + 0.05 * k, 0.3))
        page.wait_for_timeout(60)
    tab.locate("[aria-label=Decoded] canvas").wait_for()
    during = tab.frame.evaluate("asked")[before:]
    assert sum(n for n in during if n > 1) == 0
    assert 1 <= len(during) <= 8 + 1, "of the grid nothing, of the walk nothing again"
    page.mouse.up()
    tab.until(lambda: len(tab.frame.evaluate("asked")) > before + len(during) + 5, 60)  # the grid goes on


@pytest.mark.parametrize(
    "walk",
    ["circle:0.25,-0.5,2.5", "path:-4,-2,-2.5,-5,2,-1.5,1.3,1.8", "smooth:-4,-2,-2.5,-5,2,-1.5,1.3,1.8"],
)
def test_a_walk_that_is_even_in_its_pictures(page, board, walk):
    tab = Tab(page, board, DIGITS, walk=walk, frames="40", color="none").painted(1001)
    tab.locate(PREVIEW).wait_for()
    tab.rest()

    def changes(step=1001):
        """Returns how much each frame differs from the next, by NumPy's decoder at the codes that the tab saves."""
        with page.expect_download() as download:
            tab.button("Save the codes of the walk").click()
        codes = np.loadtxt(download.value.path(), delimiter=",", skiprows=1)
        pictures = np.clip(decoder(board, step)(codes), 0, 1).reshape(40, -1)
        if walk.startswith("circle"):
            pictures = np.concatenate([pictures, pictures[:1]])
        return np.sqrt(np.square(np.diff(pictures, axis=0)).mean(axis=1))

    straight = changes()
    assert np.ptp(straight) > 0.3 * straight.mean()
    tab.locate("label", has_text="even in pictures").click()
    tab.locate(".curves").wait_for()
    tab.rest()
    even = changes()
    assert np.ptp(even) <= 0.05 * even.mean()
    said = tab.locate(".curves + .hint").inner_text()
    varies = [float(number) for number in re.findall(r"([\d.]+)\s%", said)]
    assert varies == pytest.approx([100 * np.ptp(one) / one.mean() for one in (even, straight)], abs=0.2)
    assert len(np.unique(tab.pixels(".curves").reshape(-1, 4), axis=0)) > 5
    assert tab.wait_for_state("even", "v => v === '1'")
    # Another step has another decoder.
    before = board.runs()[DIGITS[0][0]]["codes"]["steps"][-2]
    tab.button("Previous step (key ,)").click()
    tab.painted(before).rest()
    tab.until(lambda: np.ptp(changes(before)) <= 0.05 * changes(before).mean())
    tab.locate("label", has_text="even in pictures").click()
    tab.locate(".curves").wait_for(state="hidden")
    tab.rest()
    assert np.ptp(changes(before)) > 0.3 * changes(before).mean()
