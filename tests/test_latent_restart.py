"""A run that is started again, two writers at a time, and steps in the wrong order: on both loaders."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from helpers import latent
from helpers.latent import TensorBoard
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.compat.proto import summary_pb2

from tb_plugin.events.event_file import EventFile
from tb_plugin.events.logged import logged
from tb_plugin.summary import LatentWriter

codes, labels, *_ = latent.arrays()
AT = {"run": ".", "tag": "z"}


def log(folder, steps, value=0, name="z"):
    with LatentWriter(folder) as writer:
        for step in steps:
            writer.add(name, step, codes + step + value, labels=labels + value)


def shown(routes, name="z"):
    """Returns the steps and how many were logged, and the offset of the codes of each step."""
    described = routes.get("/runs").json["."][name]
    assert described["error"] is None
    arrays = [routes.array("/codes", run=".", tag=name, step=step) - step - codes for step in described["steps"]]
    return described["steps"], described["logged"], [round(float(array.mean())) for array in arrays]


def test_an_earlier_step_replaces_the_later_ones(tmp_path):
    log(tmp_path, range(0, 100, 10))
    log(tmp_path, range(0, 100, 10), name="other")
    log(tmp_path, range(50, 150, 10), 1000)
    routes = latent.Routes(tmp_path)
    assert shown(routes) == ([*range(0, 150, 10)], 15, [0] * 5 + [1000] * 10)
    assert shown(routes, "other")[1] == 10
    assert routes.array("/labels", **AT, step=40).max() == 9
    assert routes.array("/labels", **AT, step=50).max() == 1009
    log(tmp_path, [150, 160], 1000)  # later than all: continued
    log(tmp_path, [20, 200], 2000)
    assert shown(latent.Routes(tmp_path)) == ([0, 10, 20, 200], 4, [0, 0, 2000, 2000])


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--load_fast=false"]])
def test_both_loaders_show_the_new_steps_and_all_scalars(tmp_path, flags):
    run = tmp_path / "run"
    events = EventFile(run)
    for step in range(0, 100, 10):
        events.add_summary(summary_pb2.Summary(value=[{"tag": "loss", "simple_value": step}]), step)
    events.close()
    log(run, range(0, 100, 10))
    log(run, range(50, 150, 10), 1000)
    board = TensorBoard(str(tmp_path), "--reload_interval=1", *flags)
    try:
        board.until(lambda runs: runs.get("run", {}).get("z", {}).get("kept") == 15)
        for step, value in ((40, 0), (50, 1000), (90, 1000), (140, 1000)):
            status, _, body = board.get("plugin/latent/codes", run="run", tag="z", step=step)
            assert status == 200
            stored = np.frombuffer(body, np.float32).reshape(-1, 2)
            np.testing.assert_allclose(stored, codes + step + value, rtol=1e-6)
        assert board.runs()["run"]["z"]["logged"] == 15
        scalars = board.get("plugin/scalars/scalars", run="run", tag="loss")[2]
        assert scalars.count(b"[") == 11
    finally:
        board.stop()


@settings(max_examples=30, deadline=None)
@given(runs=st.lists(st.sets(st.integers(0, 12), min_size=1, max_size=6), min_size=1, max_size=4))
def test_any_restarts(runs, tmp_path_factory):
    folder, expected = tmp_path_factory.mktemp("run"), {}
    for value, steps in enumerate(runs):
        log(folder, sorted(steps), value)
        expected = {step: at for step, at in expected.items() if step < min(steps)} | dict.fromkeys(steps, value)
    steps = sorted(expected)
    assert shown(latent.Routes(folder)) == (steps, len(steps), [expected[step] for step in steps])


@pytest.mark.parametrize("step", [10, 5])
def test_steps_of_a_writer_increase(tmp_path, step):
    with LatentWriter(tmp_path) as writer:
        writer.add("z", 0, codes)
        writer.add("z", 10, codes)
        with pytest.raises(ValueError, match=f"step: it is {step} after 10, it must increase; a new writer"):
            writer.add("z", step, codes)
        writer.add("other", step, codes)
    assert shown(latent.Routes(tmp_path))[0] == [0, 10]


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: Windows has no such locks")
def test_one_writer_at_a_time_logs_a_name(tmp_path):
    first, second = LatentWriter(tmp_path), LatentWriter(tmp_path)
    first.add("z", 0, codes)
    with pytest.raises(ValueError, match="name: another open writer logs 'z' in this folder; close it"):
        second.add("z", 0, codes)
    second.add("other", 0, codes)
    del first  # as a notebook does, whose cell runs again
    second.add("z", 0, codes + 7)
    second.close()
    assert len(latent.Routes(tmp_path).get("/runs").json["."]) == 2


KILLED = """
import sys, os, signal
sys.path.insert(0, TESTS)
from helpers import latent
from tb_plugin.summary import LatentWriter
writer = LatentWriter(LOGDIR)
for step in range(3):
    writer.add("z", step, latent.arrays()[0] + step)
print("added", flush=True)
END
"""


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)", "sys.stdin.read()", "pass"])
def test_what_was_added_is_there_whatever_happens_next(tmp_path, end):
    """Also while the writer goes on: as in a notebook."""
    script = KILLED.replace("TESTS", repr(os.path.dirname(__file__))).replace("LOGDIR", repr(str(tmp_path)))
    process = subprocess.Popen(
        [sys.executable, "-c", script.replace("END", end)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"added\n"
    if "stdin" not in end:
        process.wait(timeout=300)
    assert shown(latent.Routes(tmp_path)) == ([0, 1, 2], 3, [0, 0, 0])
    if sys.platform != "win32" and "stdin" in end:  # another process
        with LatentWriter(tmp_path) as writer, pytest.raises(ValueError, match="another open writer"):
            writer.add("z", 3, codes)
        process.send_signal(signal.SIGKILL)
        process.wait()
    log(tmp_path, [3])  # a lock ends with its process
    process.communicate()


def test_a_damaged_file_counts_up_to_the_damage(tmp_path):
    log(tmp_path, [0, 1, 2])
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        with open(path, "rb") as file:
            found = logged([file], "z")
        assert found is None or found.steps == [0, 1, 2][: len(found.steps)]
    random = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for at in random.integers(0, len(whole), 5):
            damaged[at] = random.integers(256)
        path.write_bytes(damaged)
        with open(path, "rb") as file:
            logged([file], "z")
