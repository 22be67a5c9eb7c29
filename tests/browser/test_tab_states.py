"""The tab in TensorBoard: its address, theme, reload and names; without data, decoder, WebGL or mouse."""

import json

import numpy as np
import pytest
from helpers.latent import write
from helpers.pages import latent_frame
from helpers.tab import Tab

from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

BOTH = [["flat", "codes"], ["deep", "codes"]]
NO_WEBGL = """HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext, {
  apply: (get, canvas, [kind, ...more]) => kind.startsWith('webgl') ? null
    : Reflect.apply(get, canvas, [kind, ...more])});"""

TWEENS = """{
  const {getUniformLocation, uniform1f} = WebGL2RenderingContext.prototype, names = new WeakMap();
  window.tweens = [];
  WebGL2RenderingContext.prototype.getUniformLocation = function (program, name) {
    const place = getUniformLocation.call(this, program, name);
    names.set(place, name);
    return place;
  };
  WebGL2RenderingContext.prototype.uniform1f = function (place, value) {
    if (names.get(place) === 'time') window.tweens.push(value);
    uniform1f.call(this, place, value);
  };
}"""


@pytest.fixture(scope="module")
def board(tensorboard, small_logdir):
    return tensorboard(small_logdir, "--load_fast=true")


def test_nonsense_in_the_address_is_as_if_it_were_not_there(page, board):
    tab = Tab(
        page,
        board,
        step="<b>",
        view="1,2",
        color="pink",
        walk="circle:1,2,-3",
        frames="9999",
        hidden="x",
        probe="1e999,0",
        spaces='[["none","none"],["flat"]]',
    ).painted(20)
    assert tab.locate(".panel").count() == 1
    tab.locate("label", has_text="shapes").click()
    assert tab.wait_for_state("shapes") == "1"
    assert tab.state("view") is None


def test_an_old_link_opens(page, board):
    tab = Tab(page, board, BOTH[:1], colour="none").painted(20)
    assert tab.locate("select[aria-label='Color by']").input_value() == "none"
    tab.locate("label", has_text="shapes").click()
    tab.wait_for_state("shapes")
    assert (tab.state("color"), tab.state("colour")) == ("none", None)


def test_dark_mode_follows_tensorboard(page, board):
    tab = Tab(page, board, BOTH[:1]).painted(20)
    light = tab.seen().mean()
    page.evaluate("document.body.classList.toggle('dark-mode')")
    tab.wait_for("() => document.documentElement.classList.contains('dark')")
    tab.until(lambda: tab.seen().mean() < 0.5 * light)
    assert tab.frame.evaluate("getComputedStyle(document.body).color") == "rgb(255, 255, 255)"


def test_runs_side_by_side_share_step_view_probe_and_walk(page, board):
    tab = Tab(page, board, BOTH[:1]).painted(20)
    tab.locate(".runs label", has_text="deep").click()
    tab.painted(20, panel=1)
    assert json.loads(tab.wait_for_state("spaces", "v => v.includes('deep')")) == BOTH
    page.mouse.click(*tab.at(0.7, 0.4, panel=1))
    tab.until(lambda: tab.locate("[aria-label=Decoded] canvas").count() == 2)
    one, two = (tab.pixels(f"[aria-label=Decoded] figure:nth-child({i}) canvas") for i in (1, 2))
    assert (one != two).any()
    tab.until(lambda: tab.locate(".strip:visible").count() == 3)  # one for each, and the difference
    slider = tab.locate("input[aria-label=Step]")
    slider.focus()
    slider.press("Home")
    tab.painted(0).painted(0, panel=1)
    before = [tab.seen(panel) for panel in (0, 1)]
    page.mouse.move(*tab.at(0.5, 0.5))
    page.mouse.wheel(0, -400)
    for panel in (0, 1):
        tab.until(lambda panel=panel: (tab.seen(panel) != before[panel]).any())
    tab.locate(".runs label", has_text="flat").click()
    tab.until(lambda: tab.locate(".panel").count() == 1)
    assert tab.locate(".runs label", has_text="deep").locator("input").is_disabled()  # one is always shown


def test_everything_by_keyboard(page, board):
    tab = Tab(page, board, BOTH[:1]).painted(20)

    def of_focus(script):
        return tab.frame.evaluate(f"(e => {script})(document.activeElement)")

    tab.locate(".runs input").first.focus()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(of_focus("e.getAttribute('aria-label') ?? e.textContent"))
        seen = "getComputedStyle(e.matches('[type=radio]') ? e.nextSibling : e)"
        assert of_focus(f"{seen}.outlineStyle") == "solid", reached[-1]
        if reached[-1] == "Radius":
            break
    assert {
        "Latent space of flat · codes",
        "Step",
        "Play the walk",
        "Radius",
        "Color by",
        "Zoom in (key +)",
        "Reset the walk",
    } <= set(reached)
    tab.plot().focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    tab.wait_for_state("probe")
    tab.locate("[aria-label=Decoded] canvas").wait_for()
    page.keyboard.press("+")
    x, y, span = map(float, tab.wait_for_state("view").split(","))
    before, box = tab.state("view"), tab.plot().bounding_box()
    page.keyboard.press("Shift+ArrowLeft")
    moved = map(float, tab.wait_for_state("view", f"v => v !== '{before}'").split(","))
    assert list(moved) == pytest.approx([x - 48 * span / min(box["width"], box["height"]), y, span], rel=1e-4)
    page.keyboard.press("0")
    tab.wait_for_state("view", "v => v === null")
    page.keyboard.press(",")
    tab.painted(10)
    page.keyboard.press(" ")
    tab.button("Pause the walk").wait_for()
    page.keyboard.press(" ")
    tab.locate("input[value=box]").focus()
    page.keyboard.press(" ")
    tab.plot().focus()
    page.keyboard.press("0")
    for _ in range(80):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    for _ in range(80):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    tab.locate("[aria-label=Selection] p", has_text="30 points").wait_for()
    page.keyboard.press("Escape")
    tab.locate("[aria-label=Selection]").wait_for(state="hidden")
    tab.wait_for_state("probe", "v => v === null")
    page.keyboard.press("l")
    tab.wait_for_state("tool", "v => v === 'lasso'")


HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>&p.latent.step=3#%41 é ../.."


def test_names_of_any_kind_are_text(page, tensorboard, tmp_path, load_fast):
    name = HOSTILE.replace("/", "⁄")
    codes = np.random.default_rng(0).normal(size=(12, 2))
    with LatentWriter(str(tmp_path / name)) as writer:
        writer.add(
            HOSTILE,
            0,
            codes,
            labels=np.arange(12) % 3,
            display_name="<i>shown</i>",
            class_names=["<b>a</b>", "<script>alert(2)</script>", "c"],
            description="**bold** <script>alert(3)</script> [x](javascript:alert(4))",
        )
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    tab = Tab(page, tensorboard(tmp_path, load_fast)).painted(0)
    assert tab.locate(".panel h2").inner_text() == f"{name} · <i>shown</i>"
    assert tab.locate(".classes .name").all_inner_texts() == ["<b>a</b>", "<script>alert(2)</script>", "c"]
    assert tab.locate("main script, main img:not(.classes button > img), main a[href^=javascript]").count() == 0
    assert tab.locate(".about strong").inner_text() == "bold"
    tab.locate("label", has_text="shapes").click()
    tab.wait_for_state("shapes")
    tab.locate("input[value=pan]").check()
    assert json.loads(tab.wait_for_state("spaces")) == [[name, HOSTILE]]
    page.reload()
    tab.frame = latent_frame(page, tensorboard(tmp_path, load_fast), page.url.split("#")[1])
    tab.painted(0)
    assert tab.locate(".panel h2").inner_text() == f"{name} · <i>shown</i>"


def test_a_run_that_grows(page, tensorboard, tmp_path, load_fast):
    with LatentWriter(str(tmp_path / "growing")) as writer:
        codes = np.random.default_rng(0).normal(size=(50, 2))
        writer.add("codes", 0, codes)
        writer.flush()
        board = tensorboard(tmp_path, load_fast, "--reload_interval=1")
        tab = Tab(page, board).painted(0)
        tab.locate("label", has_text="shapes").click()
        writer.add("codes", 5, 2 * codes)
        writer.flush()
        board.until(lambda runs: runs["growing"]["codes"]["steps"] == [0, 5])
        page.locator("[aria-label='Reload data'], .reload-button, button[title*=eload]").first.click()
        tab.painted(5)
        assert tab.locate(".time .note").inner_text() == "2 of 2 steps kept"
        assert tab.locate("label", has_text="shapes").locator("input").is_checked()
        tab.button("Previous step (key ,)").click()  # from here on a step is chosen: growing leaves it
        tab.painted(0)
        writer.add("codes", 9, 3 * codes)
        writer.flush()
        board.until(lambda runs: runs["growing"]["codes"]["steps"][-1] == 9)
        page.locator("[aria-label='Reload data'], .reload-button, button[title*=eload]").first.click()
        tab.until(lambda: tab.locate(".time .note").inner_text() == "3 of 3 steps kept")
        assert tab.plot().get_attribute("data-painted") == "0"


def test_without_data_it_says_how_to_log(page, tensorboard, tmp_path):
    (tmp_path / "empty").mkdir()
    board = tensorboard(tmp_path, "--load_fast=false", runs=False)
    page.goto(board.url + "data/plugin_entry.html?name=latent")
    page.get_by_text("No latent space was logged here").wait_for()
    page.evaluate("document.body.classList.add('dark-mode')")
    page.locator("html.dark").wait_for()
    assert "LatentWriter" in page.locator("pre").inner_text()
    write(tmp_path / "late")
    board.until(lambda runs: runs)
    page.get_by_role("button", name="Ask TensorBoard again").click()
    page.locator(".plot[data-painted]").wait_for()


def test_without_a_decoder_labels_or_images(page, tensorboard, tmp_path):
    with LatentWriter(str(tmp_path / "bare")) as writer:
        writer.add("codes", 0, np.random.default_rng(0).normal(size=(40, 1)))
    tab = Tab(page, tensorboard(tmp_path, "--load_fast=true")).painted(0)
    tab.locate("[aria-label=Walk]").get_by_text("No decoder was logged").wait_for()
    assert tab.locate("label", has_text="decoded grid").locator("input").is_disabled()
    assert tab.locate("[aria-label=Legend]").is_hidden()
    handles = set()
    for share in np.linspace(0.2, 0.8, 31):  # along the points, whose mean would be the center of a walk
        page.mouse.move(*tab.at(share, 1 - share))
        handles.add(tab.plot().get_attribute("data-handle"))
    assert handles == {""}


def test_a_newer_format_is_told(page, tensorboard, tmp_path, monkeypatch):
    write(tmp_path / "fine")
    monkeypatch.setattr("tb_plugin.metadata.VERSION", 99)
    write(tmp_path / "newer")
    tab = Tab(page, tensorboard(tmp_path, "--load_fast=true"), [["newer", "codes"]])
    tab.locate(".message.alert").wait_for()
    assert "format 99" in tab.locate(".message.alert").inner_text()
    tab.locate(".runs label", has_text="fine").click()
    tab.painted(20, panel=1)


def test_a_server_that_is_gone_is_told(page, problems, tmp_path):
    from helpers.latent import TensorBoard

    write(tmp_path / "run")
    board = TensorBoard(tmp_path, "--load_fast=false")
    try:
        board.until(lambda runs: runs)
        tab = Tab(page, board).painted(20)
        tab.locate("[aria-label=Walk] .preview").wait_for()
        tab.rest()  # before the server goes
    finally:
        board.stop()
    problems.expect("CONNECTION_REFUSED")
    slider = tab.locate("input[aria-label=Step]")
    slider.focus()
    slider.press("Home")
    tab.locate(".message.alert", has_text="TensorBoard does not answer").wait_for()


def test_without_webgl(new_page, board):
    with new_page() as page:
        page.add_init_script(NO_WEBGL)
        tab = Tab(page, board, BOTH[:1]).painted(20)
        assert tab.plot().get_attribute("data-renderer") == "canvas"
        page.mouse.move(*tab.at(0.3, 0.3))
        page.mouse.wheel(0, -300)
        tab.wait_for_state("view")
        tab.locate("label", has_text="shapes").click()
        tab.wait_for_state("shapes")
        assert len(np.unique(tab.seen().reshape(-1, 3), axis=0)) > 50


def test_a_lost_context_is_bridged_and_restored(page, board):
    tab = Tab(page, board, BOTH[:1], manifold="0", walk="circle:99,99,1").painted(20)
    before = tab.seen().astype(int)
    tab.frame.evaluate("""() => {
      const gl = document.querySelectorAll('.plot canvas')[1].getContext('webgl2');
      window.lost = gl.getExtension('WEBGL_lose_context');
      window.lost.loseContext(); }""")
    tab.locate(".plot[data-renderer=canvas]").wait_for()
    tab.until(lambda: np.abs(tab.seen().astype(int) - before).mean() < 1)
    tab.frame.evaluate("window.lost.restoreContext()")
    tab.locate(".plot[data-renderer=webgl]").wait_for()
    tab.until(lambda: np.abs(tab.seen().astype(int) - before).mean() < 0.1)


def test_the_two_renderers_draw_alike(new_page, page, board):
    state = {"manifold": "0", "shapes": "1", "walk": "circle:99,99,1"}
    gl = Tab(page, board, BOTH[:1], **state).painted(20).seen().astype(int)
    with new_page() as other:
        other.add_init_script(NO_WEBGL)
        canvas = Tab(other, board, BOTH[:1], **state).painted(20).seen().astype(int)
    assert (gl < 250).any(axis=2).sum() > 500
    assert np.abs(gl - canvas).mean() < 1


def test_it_rests_while_another_tab_is_shown(page, board):
    tab = Tab(page, board, BOTH[:1], ms="30").painted(20)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    tab.button("Play the walk").click()
    frame = "() => document.querySelector('input[aria-label=\"Frame of the walk\"]').value"
    page.evaluate("location.hash = '#text'")
    tab.wait_for("() => innerHeight === 0")
    at = tab.rest().frame.evaluate(frame)  # a walk that plays would never let it rest
    assert page.url.endswith("#text")
    page.evaluate("location.hash = '#latent'")
    tab.until(lambda: tab.frame.evaluate(frame) != at)
    tab.wait_for_state("ms", "v => v === '30'")


def test_reduced_motion(new_page, board):
    ways = {}
    for motion in ("reduce", "no-preference"):
        with new_page(reduced_motion=motion) as page:
            page.add_init_script(TWEENS)
            tab = Tab(page, board, BOTH[:1], step="0").painted(0)
            tab.button("Next step (key .)").click()
            tab.painted(10)
            ways[motion] = [time for time in tab.frame.evaluate("window.tweens") if 0 < time < 1]
    assert not ways["reduce"]
    assert ways["no-preference"]


def test_at_a_phones_width(new_page, board):
    with new_page(viewport={"width": 390, "height": 780}, has_touch=True) as page:
        tab = Tab(page, board, BOTH[:1]).painted(20)
        assert tab.frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.touchscreen.tap(*tab.at(0.4, 0.5))
        assert tab.wait_for_state("probe")
        box = tab.plot().bounding_box()
        assert box["width"] > 300
        assert box["y"] + box["height"] < 780


def test_everything_fits_1280_by_720(page, board):
    tab = Tab(page, board, BOTH[:1]).painted(20)
    assert tab.frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
    for name in ("Play the steps", "Play the walk", "Save an animation"):
        box = tab.button(name).bounding_box()
        assert box["y"] + box["height"] <= 720
        assert box["x"] + box["width"] <= 1280
