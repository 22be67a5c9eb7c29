"""What the tab says beside the data: that some may be missing, that a plane or pictures are only a part."""

import time

import numpy as np
import pytest
from helpers import latent
from helpers.pages import latent_frame
from helpers.tab import Tab
from tensorboard.compat.proto import summary_pb2

from tb_plugin import codec
from tb_plugin.events.event_file import EventFile
from tb_plugin.summary import LatentWriter
from tb_plugin.writer import pictures

pytestmark = pytest.mark.slow

RELOAD = "[aria-label='Reload data'], .reload-button, button[title*=eload]"
NOTE = "Start TensorBoard with --reload_multifile=true."


def answer_with(page, change):
    """Changes what the route /runs answers: real answers of this kind take seconds to come about, or gigabytes."""

    def answer(route):
        listing = route.fetch().json()
        change(listing)
        route.fulfill(json=listing)

    page.route("**/plugin/latent/runs?*", answer)


def test_missing_data_is_one_line_that_goes_when_it_is_dismissed(page, tensorboard, small_logdir):
    board = tensorboard(small_logdir, "--load_fast=true")
    notes = {"flat": f"Some data may be missing. {NOTE}"}

    def change(listing):
        for run, note in notes.items():
            listing[run]["codes"]["missing"] = note

    answer_with(page, change)
    tab = Tab(page, board).painted()
    line = tab.locate(".missing")
    line.wait_for()
    assert line.locator("span").inner_text() == f"flat: Some data may be missing. {NOTE}"
    tab.button("Dismiss this note").click()
    line.wait_for(state="hidden")
    page.locator(RELOAD).first.click()
    tab.rest()
    assert line.is_hidden(), "the same note does not come back"
    notes["deep"] = notes["flat"]
    page.locator(RELOAD).first.click()
    line.wait_for()
    assert line.locator("span").inner_text().startswith("deep, flat: Some data")


@pytest.mark.filterwarnings("ignore:.*--reload_multifile")
def test_the_loader_that_misses_data_says_so_in_the_tab(page, tmp_path):
    """With real event files: the first one grows after the second one is there."""
    first = EventFile(tmp_path / "both")
    latent.write(tmp_path / "both", steps=[0])
    time.sleep(2.1)
    first.add_summary(summary_pb2.Summary(value=[{"tag": "loss", "simple_value": 1}]), 1)
    first.close()
    board = latent.TensorBoard(str(tmp_path), "--load_fast=false")
    try:
        board.until(lambda runs: runs)
        frame = latent_frame(page, board)
        frame.locator(".missing", has_text="both: ").wait_for()
        assert NOTE in frame.locator(".missing").inner_text()
        frame.evaluate("rest()")  # before the server goes
    finally:
        board.stop()


def test_thumbnails_say_their_size_and_the_images_own(page, tensorboard, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 30 * 16 * 16)
    codes = np.random.default_rng(0).normal(size=(30, 5))
    with LatentWriter(tmp_path / "run") as writer, pytest.warns(UserWarning, match="thumbnails"):
        writer.add("z", 0, codes, images=np.zeros((30, 32, 32), np.uint8))
    board = tensorboard(tmp_path, "--load_fast=true")
    x, y = codes[0, :2]
    tab = Tab(page, board, [["run", "z"]], view=f"{x},{y},0.01").painted(0)
    page.mouse.move(*tab.at())
    tab.locate(".card .hint", has_text="stored as thumbnails, 16 × 16 of 32 × 32").wait_for()


def test_a_plane_that_is_fitted_on_a_sample_says_so(page, tensorboard, small_logdir):
    def answer(route):
        header, arrays = codec.unpack(route.fetch().body())
        sample = 7000 if header["plane"] == "pca" else None
        route.fulfill(body=codec.pack({**header, "sample": sample}, *arrays), content_type="application/octet-stream")

    page.route("**/plugin/latent/points?*", answer)  # sixteen million numbers are needed for a real one
    tab = Tab(page, tensorboard(small_logdir, "--load_fast=true"), [["deep", "codes"]]).painted(20)
    hint = tab.locate("section", has_text="of the variance").locator(".hint")
    hint.filter(has_text="of the variance").wait_for()
    assert "sample" not in hint.inner_text()
    tab.locate("select[aria-label=Plane]").select_option("pca")
    hint.filter(has_text="of the variance at step 20, fitted on a sample of 7,000 codes").wait_for()
