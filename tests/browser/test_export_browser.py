"""A page that is one file, opened from disk with the network refused: all of the tab is there."""

import csv
import io
import json
import re

import numpy as np
import pytest
from helpers import latent
from helpers.pages import in_srcdoc
from helpers.tab import FilePage, Tab
from PIL import Image, ImageSequence

import tb_plugin
from tb_plugin.export import export
from tb_plugin.server import moved, walks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def file(small_logdir, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    export(small_logdir, path)
    return path


@pytest.fixture
def offline(new_page):
    """Gives a page that has no network, in a dark system."""
    with new_page(offline=True, color_scheme="dark") as page:
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        yield page


def decoded(step, codes, run="flat"):
    decoder = tb_plugin.read(decoded.logdir)[run]["codes"][step].decoder
    return np.floor(np.clip(decoder(np.asarray(codes)), 0, 1) * 255 + 0.5).astype(int).reshape(-1, 6, 6)


@pytest.fixture(autouse=True)
def _logdir(small_logdir):
    decoded.logdir = small_logdir


def test_points_steps_decoding_and_keys(offline, file):
    tab = FilePage(offline, file, [["flat", "codes"], ["deep", "codes"]], manifold="1").painted(20).painted(20, panel=1)
    assert tab.locate(".panel h2").all_inner_texts() == ["flat · codes", "deep · codes"]
    assert tab.frame.evaluate("document.documentElement.classList.contains('dark')")
    tab.locate("[aria-label=Walk] .preview").first.wait_for()
    tab.plot().focus()
    for step in (10, 0):
        offline.keyboard.press(",")
        tab.painted(step).painted(step, panel=1)
        tab.rest()
        offline.keyboard.press("ArrowRight")
        tab.rest()
        place = [float(number) for number in tab.wait_for_state("probe").split(",")]
        shown = tab.pixels("[aria-label='Decoded by flat · codes']")[..., 0].astype(int)
        assert np.abs(shown - decoded(step, [place])[0]).max() <= 2  # a level of the weights, and the address's digits
        assert np.ptp(shown) > 20
    assert all(url.startswith(("file:", "blob:")) for url in offline.asked), offline.asked
    assert len([url for url in offline.asked if url.startswith("file:")]) == 1


def test_a_link_opens_what_it_showed_and_a_walk_is_saved(offline, file):
    tab = FilePage(offline, file, [["flat", "codes"]], walk="circle:20,20,2", frames="5", ms="70", color="none")
    tab.painted(20)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    with offline.expect_download() as download:
        tab.button("Save an animation").click()
    with open(download.value.path(), "rb") as saved, Image.open(io.BytesIO(saved.read())) as gif:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(gif)]
    expected = decoded(20, walks.circle(np.full(2, 20), 2, np.array([1, 0]), np.array([0, 1]), 5))
    times = 224 // latent.SIDE
    for frame, picture in zip(frames, expected, strict=True):
        assert np.abs(frame[..., 0] - picture.repeat(times, 0).repeat(times, 1)).max() <= 1
    tab.locate("select[aria-label='Color by']").select_option("label")
    tab.locate("input[aria-label='Milliseconds for each frame']").fill("300")
    tab.locate("input[aria-label='Milliseconds for each frame']").press("Enter")
    tab.wait_for_state("ms", "value => value === '300'")
    link = offline.url
    offline.goto("about:blank")
    offline.goto(link)
    tab.frame = offline.main_frame
    tab.painted(20)
    assert tab.locate("input[aria-label='Milliseconds for each frame']").input_value() == "300"
    assert tab.locate("select[aria-label='Color by']").input_value() == "label"


def test_a_walk_even_in_its_pictures(offline, file):
    tab = FilePage(offline, file, [["flat", "codes"]], walk="path:18,18,19,22,22,21", even="1").painted(20)
    tab.locate(".curves").wait_for()
    tab.rest()
    even, straight = re.findall(r"([\d.]+)\s%", tab.locate(".curves + .hint").inner_text())
    assert float(even) <= 5 < float(straight)


def test_planes_and_a_point(offline, file):
    tab = FilePage(offline, file, [["deep", "codes"]], plane="pca").painted(20)
    tab.locate(".hint", has_text="of the variance at step 20").wait_for()
    tab.plot().focus()
    offline.keyboard.press("0")
    # The cross is somewhere: search for a point until the card has one.
    for x, y in np.random.default_rng(0).uniform(0.1, 0.9, (400, 2)):
        offline.mouse.move(*tab.at(x, y))
        if tab.locate(".card").is_visible():
            break
    tab.rest()
    assert "off the plane" in tab.locate(".card").inner_text()
    assert tab.locate(".card canvas").count() == 2


def test_neighbors(offline, file, small_logdir):
    tab = FilePage(offline, file, [["deep", "codes"]], plane="pca", probe="0,0").painted(20)
    tab.locate("summary", has_text="Neighbors").click()
    tab.locate(".neighbors button").first.wait_for()
    assert tab.locate(".neighbors button").count() == 12
    first = tab.locate(".neighbors button").first
    index = int(re.search(r"Point (\d+)", first.get_attribute("aria-label"))[1])
    first.click()
    tab.locate("details .hint", has_text=f"nearest to point {index},").wait_for()
    codes = tb_plugin.read(small_logdir)["deep"]["codes"][20].codes
    nearest = np.argsort(np.linalg.norm(codes - codes[index], axis=1))[1:13]
    labels = tab.locate(".neighbors button").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert [int(re.search(r"Point (\d+)", label)[1]) for label in labels] == nearest.tolist()


def test_what_moved(offline, file, small_logdir):
    tab = FilePage(offline, file, [["flat", "codes"]], color="moved", step="10").painted(10)
    tab.locate("summary", has_text="What moved").click()
    rows = tab.locate(".moved tbody tr")
    rows.first.wait_for()
    # The codes of all steps are the same but for a shift: whoever compares them well finds no change.
    assert tab.locate(".moved .hint").inner_text().startswith("15.0 of 15 neighbors kept on average")
    tab.locate("select[aria-label='Compare with']").select_option(label="deep · codes, step 10")
    space = tb_plugin.read(small_logdir)
    kept = moved.compare(space["flat"]["codes"][10].codes, space["deep"]["codes"][10].codes)
    tab.locate(".moved .hint", has_text=f"{kept.mean():.1f} of 15").wait_for()
    order = sorted(range(30), key=lambda i: (kept[i], i))
    cells = rows.evaluate_all("all => all.map(row => [...row.cells].map(cell => cell.textContent))")
    assert [(int(point), int(count)) for point, _, count in cells] == [(i, kept[i]) for i in order]
    assert json.loads(tab.wait_for_state("since")) == ["deep", "codes", 10]
    tab.locate("label", has_text="trails of the selection").click()
    tab.locate("input[value=box]").check()
    before = tab.pixels(".plot canvas:last-child")
    offline.mouse.move(*tab.at(0.1, 0.1))
    offline.mouse.down()
    offline.mouse.move(*tab.at(0.9, 0.9))
    offline.mouse.up()
    tab.locate("[aria-label=Selection] p", has_text="points").wait_for()
    tab.rest()
    assert (tab.pixels(".plot canvas:last-child") != before).any(axis=2).sum() > 500


def test_points_as_a_table(offline, file, small_logdir):
    FilePage(offline, file, [["deep", "codes"]], step="10").painted(10)
    with offline.expect_download() as download:
        offline.get_by_role("button", name="Save all points as a table").click()
    assert download.value.suggested_filename == "deep_codes_step_10_points.csv"
    with open(download.value.path(), newline="") as saved:
        rows = list(csv.DictReader(saved))
    codes = tb_plugin.read(small_logdir)["deep"]["codes"][10].codes
    assert [row["index"] for row in rows] == [str(i) for i in range(30)]
    assert [row["label"] for row in rows] == [str(i % 10) for i in range(30)]
    made = np.array([[float(row[f"code_{d}"]) for d in range(5)] for row in rows])
    assert np.abs(made - codes).max() <= np.ptp(codes, axis=0).max() / 2**12


def test_in_the_srcdoc_of_an_iframe(offline, file, tmp_path):
    frame = in_srcdoc(offline, file, tmp_path)
    frame.locator(".plot[data-painted='20']").wait_for()
    frame.locator("[aria-label=Walk] .preview").wait_for()
    frame.evaluate("rest()")
    assert offline.url == (tmp_path / "host.html").as_uri()


def test_the_tab_saves_what_it_shows(page, offline, tensorboard, small_logdir, tmp_path):
    board = tensorboard(small_logdir, "--load_fast=true")
    tab = Tab(page, board, [["deep", "codes"]]).painted(20)
    with page.expect_download() as download:
        tab.button("Save what is shown as a page that needs no server").click()
    assert download.value.suggested_filename == "deep.html"
    saved = tmp_path / "deep.html"
    download.value.save_as(saved)
    tab = FilePage(offline, saved).painted(20)
    assert tab.locate(".panel h2").all_inner_texts() == ["deep · codes"]
    assert not tab.locate("button", has_text="save as one file").is_visible()
