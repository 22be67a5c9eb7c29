"""Bands of training curves: what they reject and let pass, `band make`, and the fixture in a pytest of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legacy_ports import UserError, cli
from legacy_ports.sweep import band

EXAMPLE = Path(__file__).parents[1] / "examples/curve_band"
STEPS = 120


def runs(seed, count=40, rate=0.03, noise=0.05, free=1.0):
    """Returns the curves of a made-up training, float [count, STEPS]. The others stay at their first loss."""
    random = np.random.default_rng(seed)
    free = random.random((count, 1)) < free
    falls = np.where(free, np.exp(-rate * np.arange(STEPS)), 1)
    spread = np.exp(noise * random.normal(size=(count, 1)))
    return (0.1 + spread * falls) * np.exp(noise * random.normal(size=(count, STEPS)))


MADE = band.make(runs(0))
TWO = band.make(runs(0, noise=0.02, free=0.6))


def test_faithful_runs_pass():
    assert sum(bool(MADE.complaint(run)) for run in runs(1, 300)) <= 3
    assert sum(bool(TWO.complaint(run)) for run in runs(1, 300, noise=0.02, free=0.6)) <= 3
    assert not MADE.complaint(*runs(2, 5))


@pytest.mark.parametrize(
    ("made", "rate", "noise", "how"),
    [(MADE, 0.02, 0.05, "too slow"), (MADE, 0.045, 0.05, "too fast"), (TWO, 0.045, 0.02, "too fast")],
    ids=["too slow", "too fast", "too fast beside stuck runs"],
)
def test_too_slow_and_too_fast(made, rate, noise, how):
    for run in runs(3, 10, rate, noise):
        complaint = made.complaint(run)
        assert f": {how}\n" in complaint
        assert "outside the band of 40 recorded runs" in complaint
        assert "wrong for 1 in 200 faithful runs" in complaint


def test_several_runs_see_more():
    slower = runs(7, 5, 0.028)
    assert not any(MADE.complaint(run) for run in slower)
    assert "too slow" in MADE.complaint(*slower)


def test_two_kinds_of_runs():
    assert TWO.states is not None
    assert MADE.states is None
    stuck, free = runs(5, 12, noise=0.02, free=0), runs(5, 12, noise=0.02)
    assert not TWO.complaint(stuck[0])
    assert not TWO.complaint(free[0])
    assert "12 of 12 runs are stuck, of the recorded 21 of 40 (Fisher's exact p = " in TWO.complaint(*stuck)
    assert "steps 47 to 120: mean loss 2.159" in TWO.complaint(2 * stuck[0])
    assert ": too slow" in TWO.complaint(2 * stuck[0])


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1.0])
def test_a_loss_that_is_no_positive_number(value):
    run = runs(1, 1)[0]
    run[6] = value
    assert MADE.complaint(run) == f"the loss of step 7 is {value}"
    assert MADE.complaint(runs(2, 1)[0], run) == f"the loss of step 7 is {value}, run 2"


@settings(max_examples=25, deadline=None)
@given(st.integers(10, 60), st.integers(6, 300), st.floats(0.001, 0.5), st.integers(0, 2**32 - 1))
def test_no_recorded_run_is_outside_of_its_band(count, steps, spread, seed):
    """However the losses spread: here by a distribution with long tails."""
    random = np.random.default_rng(seed)
    curves = np.exp(spread * random.standard_t(3, size=(count, 1)) + 0.1 * random.normal(size=(count, steps)))
    try:
        made = band.make(curves)
    except UserError:  # one is of a kind of its own
        return
    assert not any(made.complaint(run) for run in curves if made.states is None)
    assert made.ends[-1] == steps


def test_a_band_is_read_as_it_was_written(tmp_path):
    for made in (MADE, TWO):
        band.write(made, tmp_path / "band.json")
        read = band.read(tmp_path / "band.json")
        assert read.ends == made.ends
        assert read.widen == made.widen
        np.testing.assert_allclose(read.losses, made.losses, rtol=1e-6)
        np.testing.assert_array_equal(read.states, made.states)


def test_make_of_every_kind_of_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    curves = runs(0)
    np.save("many.npy", curves[:30])
    np.save("one.npy", curves[30])
    Path("many.json").write_text(json.dumps(curves[31:34].tolist()))
    Path("one.json").write_text(json.dumps(curves[34].tolist()))
    Path("loss.txt").write_text("\n".join(map(str, curves[35])))
    for k, run in enumerate(curves[36:]):
        Path(f"run{k}").mkdir()
        manifest = {"port": "x", "status": "completed", "options": {}, "data": {}, "steps": 10 * STEPS}
        Path(f"run{k}/run.json").write_text(json.dumps({**manifest, "curve": {"every": 10, "mean_loss": run.tolist()}}))
    files = ["many.npy", "one.npy", "many.json", "one.json", "loss.txt", "run0", "run1", "run2", "run3/run.json"]
    assert cli.main(["band", "make", *files, "--out", "band.json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("band of 40 runs of 120 steps: band.json\n  0 of 40 lie outside the band of the others")
    assert "wrong for 1 in 200 faithful runs if the logarithms of losses are normal, for about 1 in 41" in out
    np.testing.assert_allclose(band.read(Path("band.json")).losses, MADE.losses, rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "a.json: cannot be read (No such file or directory)"),
        ("{", "a.json: not a curve, a number per step"),
        ("[]", "a.json: not a curve, a number per step"),
        ('["a"]', "a.json: not a curve, a number per step"),
        (json.dumps([1.0] * STEPS), "1 runs; a band needs 10, and 200 make it sharp"),
        (json.dumps([[1.0] * 5] * 20), "5 steps; a band needs 6"),
        (json.dumps([[1.0] * 9 + [-1]] * 20), "the losses are not all positive numbers"),
        (json.dumps(runs(0)[:19].tolist() + (9 * runs(0)[:1]).tolist()), "1 of 20 runs end at"),
    ],
)
def test_mistakes_are_one_line(content, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("a.json").write_text(content)
    assert cli.main(["band", "make", "a.json", "--out", "band.json"]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not Path("band.json").exists()


def test_runs_of_two_lengths(tmp_path, capsys):
    np.save(tmp_path / "a.npy", runs(0))
    np.save(tmp_path / "b.npy", runs(0)[:, 1:])
    words = ["band", "make", *(str(tmp_path / f"{name}.npy") for name in "ab"), "--out", str(tmp_path / "band.json")]
    assert cli.main(words) == 2
    assert "b.npy: 119 steps, the first run has 120" in capsys.readouterr().err


def pytest_in(folder):
    """Runs pytest as a user does, with nothing but the installed plugin."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(folder)]
    return subprocess.run([*words, "-c", "/dev/null", str(folder)], capture_output=True, text=True, cwd=folder)


def test_the_fixture(tmp_path):
    band.write(MADE, tmp_path / "band.json")
    np.save(tmp_path / "good.npy", runs(6, 3))
    np.save(tmp_path / "slow.npy", runs(6, 3, 0.02))
    (tmp_path / "test_mine.py").write_text("""
import sys
import numpy as np

good, slow = np.load("good.npy"), np.load("slow.npy")

def test_good(curve_band):
    curve_band("band.json", good[0])
    curve_band("band.json", *good)
    assert "tensorflow" not in sys.modules

def test_slow(curve_band):
    curve_band("band.json", slow[0].tolist())

def test_short(curve_band):
    curve_band("band.json", good[0, :50])

def test_no_file(curve_band):
    curve_band("other.json", good[0])

def test_no_curve(curve_band):
    curve_band("band.json")
""")
    done = pytest_in(tmp_path)
    assert "4 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "band.json: outside the band of 40 recorded runs" in done.stdout
    assert "band.json: a curve of 50 steps, the band is of 120" in done.stdout
    assert "other.json: cannot be read (No such file or directory); `legacy-ports band make` writes one" in done.stdout
    assert "curve_band needs a curve beside the band's file" in done.stdout
    assert "pytest_plugin" not in done.stdout  # a user's failure is at the user's line


@pytest.mark.slow
def test_the_example_and_a_change_to_it(tmp_path):
    """Its band is the one that train.py gives."""
    for file in EXAMPLE.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    (tmp_path / "test_z_changed.py").write_text("""
import functools
import train

train.digits = functools.cache(train.digits)  # they take a second

def test_changed(curve_band):
    train.MOMENTUM = 0.8
    curve_band("band.json", train.train(*train.digits(), seed=1000))
""")
    done = pytest_in(tmp_path)
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "too slow" in done.stdout
