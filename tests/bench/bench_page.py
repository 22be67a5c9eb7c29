"""How fast a page that is one file opens and draws, beside the tab in TensorBoard: figures, not verdicts.

The page is opened from the disk, timed from the navigation on, so unpacking counts. The tab opens as in bench_tab.py.
Run by `tox -e bench`, or `pytest tests/bench/bench_page.py`.
"""

import contextlib
import statistics

import pytest
from bench_tab import DRAG, DRAGS, NOTES, ROUNDS, UNLIMITED, drag, first_picture, log, until
from helpers.chromium import CHROMIUM, launched
from helpers.latent import TensorBoard

from tb_plugin.export import export

POINTS = 10_000


def opened_page(browser, path):
    """Returns ms from the navigation to the first picture, and ms of a mean frame while the view is dragged."""
    with browser.new_context(viewport={"width": 1280, "height": 720}) as context:
        context.add_init_script(NOTES.replace("POINTS", str(POINTS)))
        page = context.new_page()
        page.goto(path.as_uri())
        drawn = until(page, lambda: page.evaluate("window.draws"))
        first = drawn[0][0] - page.evaluate("performance.timeOrigin")
        page.wait_for_timeout(2500)  # what comes after the picture
        before = page.evaluate("window.draws.length")
        page.mouse.move(600, 400)
        page.keyboard.down("Shift")
        page.mouse.down()
        page.evaluate(DRAG, [600, 400])
        frames = sorted({frame for _, frame in page.evaluate("window.draws")[before:]})
        assert len(frames) > DRAGS / 2, "the drag was not drawn"
        return first, statistics.mean(b - a for a, b in zip(frames, frames[1:]))


@pytest.mark.timeout(1800)
def test_the_page_beside_the_tab(tmp_path, capsys):
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    log(tmp_path / "logs", POINTS)
    export(tmp_path / "logs", tmp_path / "page.html")
    board = TensorBoard(tmp_path / "logs", "--load_fast=true")
    board.until(lambda runs: runs)
    with playwright.sync_playwright() as p, contextlib.ExitStack() as stack:
        screen, unlimited = (stack.enter_context(launched(p, *more)) for more in ([], UNLIMITED))
        tab, page = [], []
        for _ in range(ROUNDS):  # side by side: what disturbs the machine disturbs both
            tab.append((first_picture(screen, board, POINTS, "latent")[0], drag(unlimited, board, POINTS, "latent")))
            path = tmp_path / "page.html"
            page.append((opened_page(screen, path)[0], opened_page(unlimited, path)[1]))
    board.stop()
    with capsys.disabled():
        print(f"\n{POINTS:,} points, ms (medians of {ROUNDS}): first picture, a frame while dragged")
        for name, measured in (("tab", tab), ("page", page)):
            print(f"  {name:<5}" + "".join(f"{statistics.median(values):10.1f}" for values in zip(*measured)))
        print(f"  the page has {path.stat().st_size / 1e6:.1f} MB")
