"""How fast the tab draws, beside TensorBoard's Embedding Projector in the same browser: figures, not verdicts.

Chromium without a GPU: WebGL is computed by the processor, so ratios say more than milliseconds. Both are opened in a
TensorBoard page that already stands; the first picture is there when a draw call of all points has been carried out.
They are dragged in a browser whose frames do not wait for a screen: of few points both would take the 17 ms of a
screen's frame, whatever they do in it. Run by `tox -e bench`.
"""

import contextlib
import json
import statistics

import numpy as np
import pytest
from helpers.chromium import CHROMIUM, launched
from helpers.latent import TensorBoard

from tb_plugin.decoder import Decoder
from tb_plugin.layers import dense, reshape
from tb_plugin.summary import LatentWriter

SIZES = [5_000, 20_000, 60_000]
ROUNDS = 7

UNLIMITED = ["--disable-frame-rate-limit", "--disable-gpu-vsync"]

# Notes when WebGL has drawn at least a third of the points (the tab draws that many while the view is dragged).
NOTES = """{
  window.draws = [];
  for (const kind of [WebGLRenderingContext, WebGL2RenderingContext]) {
    for (const call of ['drawArrays', 'drawElements']) {
      const draw = kind.prototype[call];
      kind.prototype[call] = function (...args) {
        draw.apply(this, args);
        const count = call === 'drawArrays' ? args[2] : args[1];
        if (count < POINTS / 3) return;
        if (!window.draws.length) this.readPixels(0, 0, 1, 1, this.RGBA, this.UNSIGNED_BYTE, new Uint8Array(4));
        window.draws.push([performance.timeOrigin + performance.now(), document.timeline.currentTime]);
      };
    }
  }
}"""

# A move in each frame: those that come through Playwright are two frames apart, whatever is drawn.
DRAGS = 60
DRAG = """async ([x, y]) => {
  let element = document.elementFromPoint(x, y);
  while (element.shadowRoot) element = element.shadowRoot.elementFromPoint(x, y);
  for (let k = 0; k < DRAGS; k++) {
    const at = {clientX: x + 2 * k, clientY: y + k, buttons: 1, shiftKey: true, bubbles: true, pointerId: 1,
                pointerType: 'mouse', composed: true};
    element.dispatchEvent(new PointerEvent('pointermove', at));
    element.dispatchEvent(new MouseEvent('mousemove', at));
    await new Promise(requestAnimationFrame);
  }
}""".replace("DRAGS", str(DRAGS))


def log(logdir, points):
    """Logs the same points for both: 2-D codes of ten clouds; for the Projector with z = 0, or it draws nothing."""
    random = np.random.default_rng(0)
    labels = np.arange(points) % 10
    codes = random.normal(scale=6, size=(10, 2))[labels] + random.normal(size=(points, 2))
    weights = [random.normal(0, 0.3, size=shape) for shape in ((2, 50), (50, 50), (50, 784))]
    decoder = Decoder(
        2, [dense(weights[0]), "tanh", dense(weights[1]), "tanh", dense(weights[2]), "sigmoid", reshape((28, 28))]
    )
    images = random.integers(0, 256, (points, 28, 28), np.uint8) * (random.random((points, 28, 28)) < 0.15)
    run = logdir / "run"
    with LatentWriter(str(run)) as writer:
        for step in range(2):
            writer.add("codes", step, codes * (1 + step), labels=labels, images=images, decoder=decoder)
    np.savetxt(run / "codes.tsv", np.column_stack([codes, np.zeros(points)]), "%.5f", "\t")
    np.savetxt(run / "labels.tsv", labels, "%d")
    (run / "projector_config.pbtxt").write_text('embeddings { tensor_path: "codes.tsv" metadata_path: "labels.tsv" }')


def frame_of(page, tab):
    page_of = {"latent": "plugin_entry.html?name=latent", "projector": "projector_binary.html"}
    return next((frame for frame in page.frames if page_of[tab] in frame.url), None)


def draws(page, tab):
    frame = frame_of(page, tab)
    return frame.evaluate("window.draws ?? []") if frame else []


def until(page, condition, seconds=60):
    """Asks seldom: the page notes the time, and asking takes it from what is measured."""
    for _ in range(2 * seconds):
        page.wait_for_timeout(500)
        if value := condition():
            return value
    raise TimeoutError(f"nothing within {seconds} s")


@contextlib.contextmanager
def opened(browser, board, points, tab):
    """Opens a page with the tab, its first picture, and the milliseconds until that was there."""
    with browser.new_context(viewport={"width": 1280, "height": 720}) as context:
        context.add_init_script(NOTES.replace("POINTS", str(points)))
        page = context.new_page()
        page.goto(f"{board.url}#text")
        page.wait_for_timeout(3000)
        began = page.evaluate(
            f"() => {{ location.hash = '#{tab}'; return performance.timeOrigin + performance.now(); }}"
        )
        first = until(page, lambda: draws(page, tab))[0][0] - began
        page.wait_for_timeout(2500)  # what comes after the picture: labels, images, the grid of decoded digits
        yield page, first


def first_picture(browser, board, points, tab):
    """Milliseconds from the choice of the tab to its first picture; from a step of the Latent tab to its picture."""
    with opened(browser, board, points, tab) as (page, first):
        if tab != "latent":
            return first, None
        frame = frame_of(page, tab)
        began = frame.evaluate("""() => {
          window.draws = [];
          document.querySelector('[aria-label="Previous step (key ,)"]').click();
          return performance.timeOrigin + performance.now(); }""")
        return first, until(page, lambda: draws(page, tab))[0][0] - began


def drag(browser, board, points, tab):
    """Milliseconds of a mean frame while the view is dragged."""
    with opened(browser, board, points, tab) as (page, _):
        before = len(draws(page, tab))
        page.mouse.move(600, 400)
        if tab == "latent":
            page.keyboard.down("Shift")
        page.mouse.down()
        box = page.locator("iframe:visible").bounding_box()
        frame_of(page, tab).evaluate(DRAG, [600 - box["x"], 400 - box["y"]])
        frames = sorted({frame for _, frame in draws(page, tab)[before:]})
        assert len(frames) > DRAGS / 2, f"{tab}: the drag was not drawn"
        return statistics.mean(b - a for a, b in zip(frames, frames[1:]))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("points", SIZES)
def test_the_tab_beside_the_projector(tmp_path, points, capsys):
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    log(tmp_path, points)
    board = TensorBoard(tmp_path, "--load_fast=true")
    board.until(lambda runs: runs)
    with playwright.sync_playwright() as p, contextlib.ExitStack() as stack:
        screen, unlimited = (stack.enter_context(launched(p, *more)) for more in ([], UNLIMITED))
        results = {tab: [] for tab in ("latent", "projector")}
        for _ in range(ROUNDS):  # side by side: what disturbs the machine disturbs both
            for tab, measured in results.items():
                measured.append((*first_picture(screen, board, points, tab), drag(unlimited, board, points, tab)))
    board.stop()
    rows = {
        tab: [statistics.median(values) if None not in values else None for values in zip(*measured)]
        for tab, measured in results.items()
    }
    names = ("first picture", "from a step to its picture", "a frame while dragged")
    with capsys.disabled():
        print(f"\n{points:>6,} points, ms (medians of {ROUNDS}): {', '.join(names)}")
        for tab, row in rows.items():
            print(f"  {tab:<10}" + "".join(f"{value:10.1f}" if value is not None else f"{'-':>10}" for value in row))
        print(
            "  ratio     "
            + "".join(f"{a / b:10.3f}" if b is not None else f"{'-':>10}" for a, b in zip(*rows.values()))
        )
        print("  " + json.dumps(results))
