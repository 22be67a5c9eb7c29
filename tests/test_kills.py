"""A run that is killed twenty times, and resumed each time, equals the run that nobody touched."""

import json
import multiprocessing
import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from helpers.same import assert_same, timeless

from legacy_ports import cli
from legacy_ports.run.manifest import read_manifest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
KILLS, STEPS = 20, 1000
ARGS = [
    "run",
    "vandenburg",
    "--data",
    "bundled",
    "--latent-points",
    "20",
    "--steps",
    str(STEPS),
    "--quiet",
    "--save-every",
    "5",
]


def child(args):
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    sys.exit(cli.main(args))


@pytest.fixture(scope="module")
def start():
    """Returns a function that starts the command line in a process, forked from one that has imported TensorFlow."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["helpers.warm"])

    def start(*args):
        process = context.Process(target=child, args=(list(map(str, args)),))
        process.start()
        return process

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        yield start


def half_written(checkpoints):
    """Returns whether a checkpoint is being written now, or was when the process died."""
    names = set()
    with suppress(FileNotFoundError):
        names = set(os.listdir(checkpoints))
    return any(
        "_temp" in name
        or name.endswith(".part")
        or name.endswith(".index")
        and name.replace(".index", ".npz") not in names
        for name in names
    )


def kill(process, checkpoints, how, chance):
    """Kills a process at a random moment: in "any" phase, soon after "training" began, or while it is "writing"."""
    begun = time.monotonic()
    newest = max(checkpoints.glob("*.npz"), default=None, key=lambda path: path.stat().st_mtime)
    before = newest and newest.name
    if how == "any":
        process.join(chance.uniform(0, 3))
    else:
        while process.is_alive() and time.monotonic() - begun < 60:
            with suppress(FileNotFoundError):
                newest = max(checkpoints.glob("*.npz"), default=None, key=lambda path: path.stat().st_mtime)
            if newest and newest.name != before:
                break
            time.sleep(0.01)
        process.join(chance.uniform(0, 0.15))
        while how == "writing" and process.is_alive() and not half_written(checkpoints):
            pass
    process.kill()
    process.join()
    return process.exitcode == -9


def test_killed_twenty_times_and_resumed_each_time(start, tmp_path):
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # repeats the moments of a failure
    chance = random.Random(seed)
    whole = start(*ARGS, "--logdir", tmp_path, "--name", "whole")
    whole.join()
    assert whole.exitcode == 0
    kills = {"any": 0, "training": 0, "writing": 0}
    inside, steps = 0, []
    for name in map(str, range(10)):  # usually one run takes all the kills
        run = tmp_path / "vandenburg" / name
        process = start(*ARGS, "--logdir", tmp_path, "--name", name)
        while sum(kills.values()) < KILLS:
            how = ("training", "writing", "any", "writing")[sum(kills.values()) % 4]
            if not kill(process, run / "checkpoints", how, chance):
                break
            if not (run / "run.json").exists():  # killed before there was a manifest
                name += "-again"
                run = tmp_path / "vandenburg" / name
                process = start(*ARGS, "--logdir", tmp_path, "--name", name)
                continue
            kills[how] += 1
            inside += half_written(run / "checkpoints")
            manifest = read_manifest(run)
            assert manifest["status"] == "died"
            steps.append(manifest["steps"])
            process = start("run", "--quiet", "--resume", run)
        process.join()
        assert process.exitcode == 0
        manifest = json.loads((run / "run.json").read_text())
        assert manifest["status"] == "completed"
        assert timeless(manifest) == timeless(json.loads((tmp_path / "vandenburg/whole/run.json").read_text()))
        assert_same(run, tmp_path / "vandenburg/whole", STEPS)
        figures = {path.name: path.read_bytes() for path in (run / "figures").iterdir()}
        assert figures == {path.name: path.read_bytes() for path in (tmp_path / "vandenburg/whole/figures").iterdir()}
        if sum(kills.values()) == KILLS:
            break
    print(f"{kills}, {inside} of them left a checkpoint half written; at the steps {steps}")
    assert sum(kills.values()) == KILLS
    assert inside >= 1
