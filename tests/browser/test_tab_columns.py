"""Columns of metadata and continuous labels in the tab: on hover, as colors, as a filter, in the search."""

import re

import numpy as np
import pytest
from helpers.tab import Tab

from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

N = 400
random = np.random.default_rng(0)
CODES = random.normal(size=(N, 2))
WRITERS = np.array(["anna", "ben", "carla", None], object)[np.arange(N) % 4]
LENGTHS = np.where(np.arange(N) % 10 == 3, np.nan, 100 * np.arange(N) / N)
NOTES = [f"{'short' if i % 2 else 'long'} stroke {i}" for i in range(N)]
COLUMNS = [["columns", "z"]]
CONTINUOUS = [["continuous", "z"]]


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("columns")
    metadata = {"writer": WRITERS, "stroke length": LENGTHS, "note": NOTES}
    with LatentWriter(logdir / "columns") as writer:
        for step in (0, 10):
            writer.add("z", step, CODES + step, labels=np.arange(N) % 5, metadata=metadata)
    with LatentWriter(logdir / "decades") as writer:
        writer.add("z", 0, CODES, labels=10.0 ** (np.arange(N) / N * 6 - 4))
    with LatentWriter(logdir / "continuous") as writer:
        writer.add("z", 0, CODES, labels=CODES[:, 0] * 10)
    return logdir


@pytest.fixture(scope="module")
def board(tensorboard, logdir):
    return tensorboard(logdir, "--load_fast=true")


def colors(tab):
    """Returns how many different colors of points are on the screen, roughly: hues of saturated pixels."""
    pixels = tab.seen().astype(int)
    saturated = pixels[pixels.max(axis=2) - pixels.min(axis=2) > 60]
    return len(np.unique(saturated // 48, axis=0))


def marks(tab):
    """Returns how many points are hidden, dimmed, shown, as the renderer got them."""
    return tab.frame.evaluate("[0, 1, 2].map((mark) => window.marks.filter((one) => one === mark).length)")


# Notes the last bytes of the points that WebGL got: their marks, if all are 0 to 2.
WATCH_MARKS = """{
  const {bufferData} = WebGL2RenderingContext.prototype;
  WebGL2RenderingContext.prototype.bufferData = function (target, data, ...more) {
    if (data instanceof Uint8Array && data.length > 9 && data.every((one) => one < 3)) window.marks = data.slice();
    bufferData.call(this, target, data, ...more);
  };
}"""


def test_search_colors_and_filter(page, board):
    """The common way through: nothing is loaded before it is asked for, colors, legend, search."""
    asked = []
    page.on("request", lambda request: "/metadata?" in request.url and asked.append(request.url))
    page.add_init_script(WATCH_MARKS)
    tab = Tab(page, board, COLUMNS).painted(10)
    tab.rest()
    assert not asked, "columns are loaded when they are asked for"
    tab.locate("select[aria-label='Color by']").select_option(label="writer")
    assert tab.wait_for_state("color") == "column:writer"
    tab.locate("[aria-label=Legend] h3", has_text="writer").wait_for()
    assert tab.locate(".classes .name").all_inner_texts() == ["anna", "ben", "carla", "no value"]
    assert [url for url in asked if "column=writer" not in url] == []
    tab.locate(".classes button", has_text="ben").click()
    tab.until(lambda: marks(tab) == [N // 4, 0, 3 * N // 4])
    field = tab.locate("input[type=search]")
    field.fill('writer:anna "stroke length">50')
    found = (WRITERS == "anna") & (LENGTHS > 50)
    tab.locate("[aria-label=Search] .hint", has_text=f"{found.sum()} of {N} points").wait_for()
    tab.locate("[aria-label=Selection]", has_text=f"{found.sum()} points").wait_for()
    tab.until(lambda: marks(tab) == [N // 4, N - N // 4 - found.sum(), found.sum()])
    tab.locate("label", has_text="only these").click()
    tab.until(lambda: marks(tab) == [N - found.sum(), 0, found.sum()])
    assert tab.wait_for_state("query") == 'writer:anna "stroke length">50'
    field.fill("hight>3")
    tab.locate("[aria-label=Search] .hint.alert", has_text="No column is called hight. There are: writer").wait_for()
    tab.until(lambda: marks(tab) == [N // 4, 0, 3 * N // 4])
    field.fill("/^short.*7$/")
    expected = sum(bool(re.search("^short.*7$", note)) for note in NOTES)
    tab.locate("[aria-label=Search] .hint", has_text=f"{expected} of {N} points").wait_for()
    tab.button("Select nothing (Escape)").click()
    tab.wait_for("() => document.querySelector('input[type=search]').value === ''")
    assert tab.wait_for_state("query", "v => v === null") == ""


def test_a_link_brings_colors_range_and_search_back(page, board):
    page.add_init_script(WATCH_MARKS)
    tab = Tab(page, board, COLUMNS, color="column:stroke length", range="20,60", query="anna", only="1").painted(10)
    inside = (LENGTHS >= 20) & (LENGTHS <= 60) & (WRITERS == "anna")
    tab.until(lambda: marks(tab) == [N - inside.sum(), 0, inside.sum()])
    assert tab.locate("input[type=search]").input_value() == "anna"
    assert tab.locate("[aria-label='Scale of the colors'] h3").inner_text().startswith("stroke length")
    upper = tab.locate("input[aria-label='Highest number that is shown']")
    assert upper.input_value() == "60"
    upper.fill("30")
    page.keyboard.press("Enter")
    inside &= LENGTHS <= 30
    tab.until(lambda: marks(tab) == [N - inside.sum(), 0, inside.sum()])
    assert tab.wait_for_state("range", "v => v.endsWith('30')") == "20,30"
    tab.button("Show all numbers").click()
    tab.until(lambda: marks(tab) == [N - (WRITERS == "anna").sum(), 0, (WRITERS == "anna").sum()])
    tab.locate("select[aria-label='Color by']").select_option(label="label")
    tab.locate("[aria-label='Scale of the colors']").wait_for(state="hidden")


def test_hovering_shows_the_columns(page, board):
    index = 17
    x, y = CODES[index]
    tab = Tab(page, board, COLUMNS, step="0", view=f"{x},{y},0.02").painted(0)
    page.mouse.move(*tab.at())
    tab.locate(".card dt", has_text="note").wait_for()
    said = tab.card()
    assert said["index"] == str(index)
    assert said["writer"] == WRITERS[index]
    assert said["stroke length"] == f"{LENGTHS[index]:.7g}"
    assert said["note"] == NOTES[index]


@pytest.mark.parametrize("dark", [False, True])
def test_continuous_labels_have_a_scale_with_ticks(page, board, dark):
    tab = Tab(page, board, CONTINUOUS, walk="circle:0,0,0").painted(0)
    if dark:
        page.evaluate("document.body.classList.add('dark-mode')")
        tab.wait_for("() => document.documentElement.classList.contains('dark')")
    assert tab.locate("[aria-label='Scale of the colors'] h3").inner_text() == "label"
    ticks = [float(text.replace("−", "-")) for text in tab.locate(".ticks span").all_inner_texts()]
    assert len(ticks) >= 2
    assert all(tick % 5 == 0 for tick in ticks)
    places = [
        float(left.rstrip("%")) for left in tab.locate(".ticks span").evaluate_all("all => all.map(e => e.style.left)")
    ]
    low, high = np.sort(CODES[:, 0] * 10)[[3, 396]]  # without the outer hundredths
    assert places == pytest.approx([100 * (tick - low) / (high - low) for tick in ticks], abs=0.01)
    assert not tab.locate(".classes button").count()
    tab.until(lambda: colors(tab) > 6)
    pixels = tab.seen().astype(int)
    left, right = pixels[:, : pixels.shape[1] // 3], pixels[:, -pixels.shape[1] // 3 :]

    def hue(part):  # of the points: bluish at the low end of viridis, greenish or yellow at the high one
        saturated = part[(part.max(axis=2) - part.min(axis=2) > 60)]
        return (saturated[:, 1] - saturated[:, 2]).mean()

    assert hue(right) > hue(left) + 40


def test_numbers_over_orders_of_magnitude_have_a_logarithmic_scale(page, board):
    tab = Tab(page, board, [["decades", "z"]]).painted(0)
    ticks = tab.locate(".ticks span")
    assert ticks.all_inner_texts() == ["0.001", "0.1", "10"]
    places = [float(left.rstrip("%")) for left in ticks.evaluate_all("all => all.map(e => e.style.left)")]
    low, high = np.arange(N)[[3, 396]] / N * 6 - 4  # without the outer hundredths
    assert places == pytest.approx([100 * (tick - low) / (high - low) for tick in (-3, -1, 1)], abs=0.1)
    tab.until(lambda: colors(tab) > 6)


def test_runs_side_by_side_with_and_without_the_column(page, board):
    tab = Tab(page, board, COLUMNS + CONTINUOUS, color="column:writer").painted(10).painted(0, panel=1)
    tab.locate(".classes .name", has_text="carla").wait_for()
    assert not tab.locate(".message:not([hidden])").count(), "a run without the column is shown without colors"


def cells(tab):
    """Returns the names and the rows of the table of the selection."""
    table = tab.locate("[aria-label='Table of the selection'] table")
    names = table.locator("th button").evaluate_all("all => all.map(one => one.textContent)")
    return names, table.locator("tbody tr").evaluate_all("all => all.map(r => [...r.cells].map(c => c.textContent))")


def points(tab):
    """Returns the points of the table of the selection, row by row."""
    return [int(row[4]) for row in cells(tab)[1]]


def test_the_table_of_the_selection_is_sorted_by_each_column(page, board):
    tab = Tab(page, board, COLUMNS, query='note:long "stroke length">90').painted(10)
    found = [i for i in range(N) if i % 2 == 0 and LENGTHS[i] > 90]
    tab.locate("[aria-label=Selection]", has_text=f"{len(found)} points").wait_for()
    tab.locate("summary", has_text="Table").click()
    tab.until(lambda: len(cells(tab)[1]) == len(found))
    names, rows = cells(tab)
    assert names == ["writer", "stroke length", "note", "label", "index ▲", "code_0", "code_1"]
    assert points(tab) == found
    assert [row[2] for row in rows] == [NOTES[i] for i in found]
    codes = (CODES + 10)[:, 1]
    for column, ascending in (
        ("code_1", sorted(found, key=lambda i: codes[i])),
        ("stroke length", sorted(found, key=lambda i: LENGTHS[i])),
        ("writer", sorted(found, key=lambda i: (WRITERS[i] is None, WRITERS[i] or ""))),
    ):
        tab.button(f"Sort by {column}").click()
        tab.until(lambda wanted=ascending: points(tab) == wanted)
        before = [row[names.index(column)] for row in cells(tab)[1]]
        tab.button(f"Sort by {column}").click()
        tab.locate("th[aria-sort=descending]", has_text=column).wait_for()
        values = [row[names.index(column)] for row in cells(tab)[1]]
        assert values == before[::-1]
    index = points(tab)[0]
    tab.button(f"Go to point {index}").click()
    x, y = (float(number) for number in tab.wait_for_state("probe").split(","))
    np.testing.assert_allclose([x, y], CODES[index] + 10, rtol=1e-5)
    # Of many points the first ones are there, in this order.
    tab.button("Sort by code_0").click()
    tab.locate("input[type=search]").fill("stroke")
    tab.locate("[aria-label='Table of the selection'] .hint", has_text=f"the first 200 of {N} points").wait_for()
    assert points(tab) == np.argsort(CODES[:, 0])[:200].tolist()
