"""Several writers in one folder: what TensorBoard's Python loader misses is said, at writing and in the listing."""

import sys
import time

import pytest
from helpers import latent
from helpers.latent import TensorBoard
from tensorboard.compat.proto import summary_pb2

from tb_plugin.events.event_file import EventFile
from tb_plugin.summary import LatentWriter

codes = latent.arrays()[0]


@pytest.mark.filterwarnings("error")
def test_a_writer_beside_another_warns_once(tmp_path):
    torch = pytest.importorskip("torch.utils.tensorboard", reason="NOT TESTED with PyTorch: it is not installed")
    with torch.SummaryWriter(str(tmp_path / "a")) as writer, LatentWriter(tmp_path / "a") as latents:
        writer.add_scalar("loss", 1, 0)
        with pytest.warns(UserWarning, match="--reload_multifile=true"):
            latents.add("z", 0, codes)
        latents.add("z", 1, codes)
        latents.add("y", 1, codes)
    with EventFile(tmp_path / "b").close() or LatentWriter(tmp_path / "b") as latents:  # the other one is finished
        latents.add("z", 0, codes)
    with LatentWriter(tmp_path / "b") as first, LatentWriter(tmp_path / "b") as second:
        first.close()
        second.add("z", 1, codes)


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: Windows has no such locks")
def test_two_open_writers_warn(tmp_path):
    with LatentWriter(tmp_path) as first, LatentWriter(tmp_path) as second:
        with pytest.warns(UserWarning, match="--reload_multifile=true"):
            first.add("y", 1, codes)
        with pytest.warns(UserWarning, match="--reload_multifile=true"):
            second.add("z", 1, codes)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*--reload_multifile")
@pytest.mark.parametrize(("flags", "said"), [([], False), (["--load_fast=false"], True)])
def test_the_listing_says_what_to_start(tmp_path, flags, said):
    """Only for the run whose first file grew after the second one was there."""
    for run in ("both", "restarted"):
        first = EventFile(tmp_path / run)
        if run == "restarted":
            first.close()
        latent.write(tmp_path / run, steps=[0])
        if run == "both":
            time.sleep(2.1)
            first.add_summary(summary_pb2.Summary(value=[{"tag": "loss", "simple_value": 1}]), 1)
            first.close()
    board = TensorBoard(str(tmp_path), *flags)
    try:
        board.until(lambda runs: len(runs) == 2)
        runs = board.runs()
        assert bool(runs["both"]["codes"]["missing"]) == said
        assert runs["restarted"]["codes"]["missing"] is None
        if said:
            assert "--reload_multifile=true" in runs["both"]["codes"]["missing"]
    finally:
        board.stop()
