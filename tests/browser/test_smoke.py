"""What the tab is for, end to end, in little time: a link opens, a drag decodes, a walk is saved."""

import io
import json

import numpy as np
import pytest
from helpers.latent import SIDE
from helpers.pages import latent_frame
from helpers.tab import Tab
from PIL import Image, ImageSequence

from tb_plugin.decoder import Decoder
from tb_plugin.server import walks

BOTH = [["flat", "codes"], ["deep", "codes"]]


@pytest.fixture(scope="module")
def board(tensorboard, small_logdir):
    return tensorboard(small_logdir, "--load_fast=true")


def decoded(board, step, codes):
    """Returns the pixels that NumPy's decoder of run `flat` makes of codes, int [n, 6, 6]."""
    decoder = Decoder.from_blob(board.get("plugin/latent/decoder", run="flat", tag="codes", step=step)[2])
    return np.floor(np.clip(decoder(codes), 0, 1) * 255 + 0.5).astype(int).reshape(-1, SIDE, SIDE)


def test_a_link_restores_the_state(page, board):
    state = {
        "step": "10",
        "view": "11,9.5,6",
        "color": "none",
        "shapes": "1",
        "manifold": "0",
        "hidden": "2,5",
        "tool": "lasso",
        "probe": "10.5,9",
        "walk": "path:9,9,11,9,10,11",
        "frames": "7",
        "frame": "3",
        "ms": "250",
        "direction": "-1",
    }
    tab = Tab(page, board, BOTH, **state).painted(10).painted(10, panel=1)
    assert tab.locate(".panel h2").all_inner_texts() == ["flat · codes", "deep · codes"]
    assert tab.locate("input[name=tool][value=lasso]").is_checked()
    assert tab.locate(".classes [aria-pressed=false] .name").all_inner_texts() == ["2", "5"]
    assert tab.locate("input[aria-label='Frame of the walk']").input_value() == "3"
    tab.locate("input[aria-label='Milliseconds for each frame']").fill("300")
    tab.locate("input[aria-label='Milliseconds for each frame']").press("Enter")
    assert tab.wait_for_state("ms", "v => v === '300'")
    for key, value in (state | {"ms": "300"}).items():
        assert tab.wait_for_state(key) == value, key
    assert json.loads(tab.wait_for_state("spaces")) == BOTH
    page.reload()
    tab.frame = latent_frame(page, board, page.url.split("#")[1])
    tab.painted(10).painted(10, panel=1)
    assert tab.locate("input[aria-label='Milliseconds for each frame']").input_value() == "300"


def test_a_drag_decodes(page, board):
    tab = Tab(page, board, BOTH[:1], step="10", view="10,10,4").painted(10)
    tab.locate("[aria-label=Walk] .preview").wait_for()  # the decoder is there
    page.mouse.move(*tab.at(0.3, 0.3))
    page.mouse.down()
    page.mouse.move(*tab.at(0.6, 0.4))
    page.mouse.up()
    tab.rest()  # the address is written
    place = [float(number) for number in tab.wait_for_state("probe").split(",")]
    shown = tab.pixels("[aria-label=Decoded] canvas")[..., 0].astype(int)
    # The address has six digits of the place: a pixel may round to its neighbor.
    assert np.abs(shown - decoded(board, 10, [place])[0]).max() <= 1
    assert np.ptp(shown) > 20


def test_a_saved_animation_has_the_frames_of_the_walk(page, board):
    tab = Tab(page, board, BOTH[:1], walk="circle:20,20,2", frames="5", ms="70").painted(20)
    tab.locate("[aria-label=Walk] .preview").wait_for()
    with page.expect_download() as download:
        tab.button("Save an animation").click()
    with open(download.value.path(), "rb") as file, Image.open(io.BytesIO(file.read())) as gif:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(gif)]
        assert (gif.info["duration"], gif.info["loop"]) == (70, 0)
    codes = walks.circle(np.full(2, 20), 2, np.array([1, 0]), np.array([0, 1]), 5)
    expected = decoded(board, 20, codes)
    times = 224 // SIDE
    assert len(frames) == 5
    for frame, picture in zip(frames, expected):
        assert np.abs(frame[..., 0] - picture.repeat(times, 0).repeat(times, 1)).max() <= 1
        assert (frame == frame[..., :1]).all()
