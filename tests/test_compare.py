"""`compare` on the manifests of real runs: verdicts, what is not comparable, exit codes, plots, JSON."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from legacy_ports import cli
from legacy_ports.proof import distribution

RUNS = Path(__file__).parents[1] / "docs" / "runs"
SMITH = str(RUNS / "smith-default.json")
NOBODYS = json.dumps({"port": "karpathy", "status": "completed", "options": {}, "data": {}, "steps": 1})


@pytest.fixture
def changed(tmp_path):
    """Returns a real run.json, changed."""

    def change(name="vandenburg-default", **changes):
        manifest = json.loads((RUNS / f"{name}.json").read_text())
        manifest["options"] |= changes.pop("options", {})
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps({**manifest, **changes}))
        return folder

    return change


def compare(capsys, *args):
    code = cli.main(["compare", *map(str, args)])
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    "name",
    [
        "vandenburg-default",
        "vandenburg-relu",
        "kajuvonen-default",
        "smith-default",
        "smith-classifier",
        "mathybit_dense-default",
        "mathybit_conv-default",
    ],
)
def test_the_runs_that_readme_names_are_the_recorded_runs(name, capsys):
    code, out = compare(capsys, RUNS / f"{name}.json")
    assert code == 0
    assert out.endswith("\n  the recorded run\n")
    assert "OUTSIDE" not in out
    assert "not comparable" not in out


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("vandenburg-default", {"options": {"batch_size": 64}}, "batch size 64, the post's is 50"),
        ("vandenburg-default", {"options": {"learning_rate": 0.001}}, "learning rate 0.001, the post's is 0.0001"),
        (
            "vandenburg-default",
            {"options": {"readout": "softmax"}},
            "there is no recording of vandenburg_softmax on full MNIST",
        ),
        ("vandenburg-default", {"data": {"source": "custom"}}, "there is no recording of vandenburg on custom MNIST"),
        ("vandenburg-default", {"port": "karpathy"}, "there is no port 'karpathy'"),
        (
            "vandenburg-default",
            {"curve": {"every": 10, "mean_loss": [0.1]}, "steps": 12, "status": "interrupted"},
            "12 steps (interrupted), the first milestone is at 500",
        ),
        ("vandenburg-default", {"curve": None}, "its run.json has no curve; run it again"),
        ("mathybit_dense-default", {"options": {"restore": "runs/a"}}, "restored from runs/a, not trained"),
        (
            "mathybit_dense-default",
            {"options": {"codings": "relu"}},
            "there is no recording of mathybit_dense_relu on full",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_experiment_is_told_apart_and_not_judged(changed, capsys, name, changes, reason):
    code, out = compare(capsys, changed(name, **changes))
    assert code == 2
    assert f": not comparable: {reason}" in out
    assert out.count("\n") == 1


def test_a_run_that_lies_outside(changed, capsys):
    manifest = json.loads((RUNS / "vandenburg-default.json").read_text())
    curve = [loss * (1.1 if i >= 350 else 1) for i, loss in enumerate(manifest["curve"]["mean_loss"])]
    folder = changed(curve={"every": 10, "mean_loss": curve})
    code, out = compare(capsys, RUNS / "vandenburg-default.json", folder)
    assert code == 1
    lines = out.splitlines()
    assert next(line for line in lines if line.endswith("OUTSIDE")).startswith("  steps  3,501 to  4,000")
    assert out.count("beside 10 runs of TensorFlow 1.4.0") == 2
    assert "  OUTSIDE" in lines


def test_the_test_loss_is_held_too_but_only_after_as_many_steps(changed, capsys):
    assert compare(capsys, changed(test_loss=0.07))[0] == 1
    assert compare(capsys, changed(test_loss=0.07, steps=9999))[0] == 0
    assert "test loss" not in compare(capsys, RUNS / "mathybit_conv-default.json")[1]  # 10 epochs, recorded are 5


def test_a_run_whose_seed_was_recorded_is_held_against_that_run(changed, capsys):
    """A tenth of a percent is far inside the band, and not the same run."""
    manifest = json.loads((RUNS / "vandenburg-default.json").read_text())
    off = [loss * (1.001 if i == 400 else 1) for i, loss in enumerate(manifest["curve"]["mean_loss"])]
    folder = changed(curve={"every": 10, "mean_loss": off})
    code, out = compare(capsys, folder)
    assert code == 1
    assert re.search(r"recorded run of seed 0, steps +1 to 10,000: largest error 1.0e-03, .* DIFFERENT", out)
    assert out.count("OUTSIDE") == 1  # the verdict alone
    other = changed(curve={"every": 10, "mean_loss": off}, options={"seed": 99})
    code, out = compare(capsys, other)
    assert (code, out.splitlines()[-1]) == (0, "  inside")
    assert "recorded run of seed" not in out


def test_several_runs_are_also_held_by_their_mean(changed, capsys):
    """Each 2 % up is inside; eight of them are not."""
    manifest = json.loads((RUNS / "vandenburg-default.json").read_text())
    recording = distribution.recorded("vandenburg", "full").recording
    curve = np.exp(np.log(recording.losses.reshape(10, 1000, 10).mean(axis=2, dtype=float)).mean(axis=0)) * 1.02
    up = changed(
        curve={"every": 10, "mean_loss": curve.tolist()}, test_loss=manifest["test_loss"], options={"seed": 99}
    )
    code, out = compare(capsys, *[up] * 2)
    assert (code, "the mean of 2 runs of vandenburg on full MNIST" in out) == (0, True)
    code, out = compare(capsys, *[up] * 8)
    assert code == 1
    assert out.count("OUTSIDE") == 1 + sum(line.endswith("OUTSIDE") for line in out.splitlines() if "steps" in line)


def test_the_share_that_is_stuck(changed, capsys):
    recording = distribution.recorded("mathybit_dense", "full").recording
    each = [
        changed(
            "mathybit_dense-default",
            curve={"every": 10, "mean_loss": run.losses.reshape(-1, 10).mean(axis=1, dtype=float).tolist()},
            test_loss=run.test_loss,
            options={"seed": run.seed},
        )
        for run in recording.runs
    ]
    code, out = compare(capsys, *each)
    assert code == 0
    assert "10 whole runs of mathybit_dense on full MNIST: 6 are stuck, of the recorded 6 of 10" in out
    assert out.count("  on the plateau (0.0673) at step 15,000, where 6 of 10 recorded runs are on it") == 6
    assert out.count("  the recorded run\n") == 10
    code, out = compare(capsys, *[each[1]] * 40)
    assert code == 1  # 40 of 40
    assert "40 are stuck" in out


def test_json(changed, capsys):
    other = changed("mathybit_dense-default", options={"codings": "relu"})
    code, out = compare(capsys, RUNS / "vandenburg-default.json", other, "--json")
    found = json.loads(out)
    assert code == 2
    assert [run["verdict"] for run in found["runs"]] == ["the recorded run", "not comparable"]
    assert found["runs"][0]["recorded"] == {"port": "vandenburg", "data": "full", "tensorflow": "1.4.0", "runs": 10}
    assert [one["step"] for one in found["runs"][0]["milestones"]] == [500, 1000, 4000, 7000, 10000, None]
    (limit,) = found["runs"][0]["recorded_run"]["limits"]
    assert (limit["steps"], limit["tolerance"]) == (10_000, 2e-5)
    assert 0 < limit["largest_error"] <= 2e-5


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_plot_shows_curve_band_and_seeds(capsys, tmp_path, kind):
    file = tmp_path / f"plot.{kind}"
    assert compare(capsys, RUNS / "vandenburg-default.json", RUNS / "smith-default.json", "--plot", file)[0] == 0
    if kind == "svg":
        text = file.read_text()
        for word in ("vandenburg on full MNIST", "10 runs, TensorFlow 1.4.0", "band for 99% of runs"):
            assert word in text
    else:
        assert np.asarray(Image.open(io.BytesIO(file.read_bytes())).convert("L"), float).std() > 10
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("make", "args", "message"),
    [
        (lambda p: None, ["none"], "none: cannot be read (No such file or directory)"),
        (lambda p: p.write_text("{"), ["file"], "not a run.json"),
        (lambda p: p.write_text("[]"), ["file"], "not a run.json (it is not a run's)"),
        (lambda p: p.write_bytes(b"\xff\xfe"), ["file"], "not a run.json"),
        (lambda p: p.mkdir(), ["file"], "file/run.json: cannot be read"),
        (lambda p: None, [SMITH, "--plot", "nowhere/a.png"], "nowhere/a.png: cannot be written"),
        (lambda p: None, [SMITH, "--plot", "a.jpg"], "'a.jpg' is neither a .png nor a .svg file"),
        (lambda p: p.write_text(NOBODYS), ["file", "--plot", "a.png"], "there is nothing to plot"),
    ],
    ids=["missing", "broken", "a list", "bytes", "a folder", "plot nowhere", "plot as jpg", "nothing to plot"],
)
def test_mistakes_are_one_line(make, args, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "file")
    try:
        code = cli.main(["compare", *args])
    except SystemExit as exit:
        code = exit.code
    err = capsys.readouterr().err
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
