"""`compare` on the manifests of real runs: verdicts, what is not comparable, exit codes, plots, JSON."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from legacy_ports import cli
from legacy_ports.proof import distribution

RUNS = Path(__file__).parents[1] / "docs" / "runs"
SMITH = str(RUNS / "smith-default.json")


@pytest.fixture
def changed(tmp_path):
    """A real run.json, changed."""

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
def test_the_runs_that_readme_names_are_inside(name, capsys):
    code, out = compare(capsys, RUNS / f"{name}.json")
    assert code == 0
    assert out.endswith("\n  inside\n")
    assert "OUTSIDE" not in out
    assert "not comparable" not in out


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("vandenburg-default", {"options": {"batch_size": 64}}, "batch size 64, the post's is 50"),
        ("vandenburg-default", {"options": {"learning_rate": 0.001}}, "learning rate 0.001, the post's is 0.0001"),
        ("vandenburg-default", {"options": {"readout": "softmax"}}, "no runs of vandenburg_softmax on full MNIST were"),
        ("vandenburg-default", {"data": {"source": "custom"}}, "no runs of vandenburg on custom MNIST were recorded"),
        ("vandenburg-default", {"port": "karpathy"}, "there is no port 'karpathy'"),
        (
            "vandenburg-default",
            {"curve": {"every": 10, "mean_loss": [0.1]}, "steps": 12, "status": "interrupted"},
            "12 steps (interrupted), the first checkpoint is at 500",
        ),
        ("vandenburg-default", {"curve": None}, "its run.json has no curve; run it again"),
        ("mathybit_dense-default", {"options": {"restore": "runs/a"}}, "restored from runs/a, not trained"),
        ("mathybit_dense-readout-bias", {}, "no runs of mathybit_dense_readout_bias=-2 on full MNIST were recorded"),
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


def test_several_runs_are_also_held_by_their_mean(changed, capsys):
    """Each 2 % up is inside; eight of them are not."""
    manifest = json.loads((RUNS / "vandenburg-default.json").read_text())
    runs = distribution.recorded("vandenburg", "full")
    steps = np.concatenate([np.repeat(row, 50) for row in np.exp(np.log(runs.window).mean(axis=0))[:, None]])
    up = changed(curve={"every": 10, "mean_loss": (steps * 1.02).tolist()}, test_loss=manifest["test_loss"])
    code, out = compare(capsys, *[up] * 2)
    assert (code, "the mean of 2 runs of vandenburg on full MNIST" in out) == (0, True)
    code, out = compare(capsys, *[up] * 8)
    assert code == 1
    assert out.count("OUTSIDE") == 1 + sum(line.endswith("OUTSIDE") for line in out.splitlines() if "steps" in line)


def test_the_share_that_leaves_the_plateau(changed, capsys):
    runs = distribution.recorded("mathybit_dense", "full")
    each = [
        changed(
            "mathybit_dense-default",
            curve={"every": 10, "mean_loss": np.repeat(row, 30).tolist()},
            test_loss=float(test_loss),
        )
        for row, test_loss in zip(runs.window, runs.test_loss)
    ]
    code, out = compare(capsys, *each)
    assert code == 0
    assert "8 whole runs of mathybit_dense on full MNIST: 3 left the plateau, of the recorded 3 of 8" in out
    assert "off the plateau from step 2,100; of the recorded runs 3 of 8 left it (steps 2,100, 2,400, 2,400)" in out
    assert "not judged" not in out
    assert "window they have 0.0552 to 0.0592, the recorded 0.0552 to 0.0592 (Mann and Whitney: p = 1" in out
    lower = [
        changed(
            "mathybit_dense-default",
            curve={"every": 10, "mean_loss": np.repeat(np.where(runs.steps > 9000, row * 0.5, row), 30).tolist()},
        )
        for row in runs.window[[2, 3, 7] * 4]
    ]
    code, out = compare(capsys, *lower, *[each[0]] * 12)
    assert code == 1  # as many left, but all came further
    assert "below them all, on which one run is not judged" in out
    code, out = compare(capsys, *[each[2]] * 40)
    assert code == 1  # 40 of 40
    assert "p = 3.3e-05" in out
    assert "they have" in out


def test_json(capsys):
    code, out = compare(capsys, RUNS / "vandenburg-default.json", RUNS / "mathybit_dense-readout-bias.json", "--json")
    found = json.loads(out)
    assert code == 2
    assert [run["verdict"] for run in found["runs"]] == ["inside", "not comparable"]
    assert found["runs"][0]["recorded"] == {"port": "vandenburg", "data": "full", "tensorflow": "1.4.0", "runs": 10}
    assert [check["step"] for check in found["runs"][0]["checkpoints"]] == [500, 1000, 4000, 7000, 10000, None]


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
        (
            lambda p: None,
            [str(RUNS / "mathybit_dense-readout-bias.json"), "--plot", "a.png"],
            "there is nothing to plot",
        ),
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
