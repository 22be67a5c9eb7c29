"""Decoders whose output is no picture: drawn as charts, at the pointer, in the grid, along the walk, in a saved GIF."""

import io
import re

import numpy as np
import pytest
from helpers.tab import Tab
from PIL import Image

from tb_plugin.decoder import Decoder
from tb_plugin.layers import dense
from tb_plugin.server import charts
from tb_plugin.summary import LatentWriter

pytestmark = pytest.mark.slow

random = np.random.default_rng(0)
CODES = random.normal(size=(60, 2))
WAVELENGTHS = np.linspace(700, 400, 61)  # they fall, as wave numbers do
PEAKS = np.exp(-(((WAVELENGTHS - np.array([[450], [620]])) / 30) ** 2))
SPECTRA = Decoder(2, [dense(np.eye(2)), "tanh", dense(PEAKS)])
NAMES = ["temperature", "pressure", "wind", "rain"]
SENSORS = Decoder(2, [dense(random.normal(size=(2, 4)))])
AT = {"run": "spectra", "tag": "z"}


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    logdir = tmp_path_factory.mktemp("charts")
    with LatentWriter(logdir / "spectra") as writer:
        axes = {"at": WAVELENGTHS, "x": "wavelength (nm)", "y": "absorbance"}
        for step in (0, 10):
            writer.add("z", step, CODES, decoder=SPECTRA, chart=axes)
    with LatentWriter(logdir / "sensors") as writer:
        writer.add("z", 0, CODES, decoder=SENSORS, chart={"at": NAMES})
    return logdir


@pytest.fixture(scope="module")
def board(tensorboard, logdir):
    return tensorboard(logdir, "--load_fast=true")


def drawn(board, run, vectors):
    """Returns the server's charts of vectors, uint8 [n, height, width]."""
    return charts.draw(np.asarray(vectors, np.float32), board.runs()[run]["z"]["chart"])[..., 0]


def test_a_spectrum_is_a_line_with_named_axes(page, board):
    tab = Tab(page, board, [["spectra", "z"]], probe="0.5,-1").painted(10)
    tab.locate("[aria-label=Decoded] .chart").wait_for()
    tab.rest()
    (expected,) = drawn(board, "spectra", SPECTRA([[0.5, -1]]))
    np.testing.assert_array_equal(tab.pixels("[aria-label=Decoded] canvas")[..., 0], expected)
    text = tab.locate("[aria-label=Decoded] .chart").inner_text().split("\n")
    low, high = board.runs()["spectra"]["z"]["chart"]["range"]
    assert text == ["absorbance", f"{high:g}", f"{low:g}", "700", "400", "wavelength (nm)"]
    grid = tab.pixels("canvas.manifold")
    assert grid[..., 3].max() > 100, "the grid is drawn"
    assert not grid.shape[0] % charts.HEIGHT
    assert not grid.shape[1] % charts.WIDTH
    box = tab.locate("[aria-label=Decoded] canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 9)
    value = SPECTRA([[0.5, -1]])[0, 30]
    assert tab.locate("[aria-label=Decoded] canvas").get_attribute("title") == f"550: {float(f'{value:.5g}'):g}"


def test_few_names_all_have_a_place(page, board):
    tab = Tab(page, board, [["sensors", "z"]], probe="1,1").painted(0)
    names = tab.locate("[aria-label=Decoded] .names span")
    names.first.wait_for()
    assert names.all_inner_texts() == NAMES
    tab.rest()
    (expected,) = drawn(board, "sensors", SENSORS([[1, 1]]))
    np.testing.assert_array_equal(tab.pixels("[aria-label=Decoded] canvas")[..., 0], expected)


def test_the_walk_and_its_gif_are_charts_with_the_same_axes(page, board):
    tab = Tab(page, board, [["spectra", "z"]], walk="path:-1,-1,1,1", frames="5", frame="4").painted(10)
    tab.locate("[aria-label=Walk] .chart").wait_for()
    tab.rest()
    frames = drawn(board, "spectra", SPECTRA(np.linspace(-1, 1, 5)[:, None].repeat(2, 1)))
    np.testing.assert_array_equal(tab.pixels("[aria-label=Walk] .preview")[..., 0], frames[4])
    with page.expect_download() as download:
        tab.button(re.compile("Save an animation")).click()
    with Image.open(io.BytesIO(download.value.path().read_bytes())) as image:
        assert image.size == (2 * charts.WIDTH, 2 * charts.HEIGHT)
        for number, frame in enumerate(frames):
            image.seek(number)
            np.testing.assert_array_equal(np.asarray(image.convert("L")), frame.repeat(2, 0).repeat(2, 1))
