"""`compare` on sweeps: runs that are made from recorded ones, so that it is known what must come out."""

import json
import re

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from legacy_ports import cli, ports
from legacy_ports.proof import distribution
from legacy_ports.sweep import plan, summary

STEPS = 10_000


def write(folder, port="vandenburg", seeds=range(100, 110), factor=1.0, name="seed={seed}", **changes):
    """Writes a sweep whose runs are recorded ones, at most 0.1 % off and times a factor, under other seeds."""
    recording = distribution.recorded(port, "bundled").recording
    random, names = np.random.default_rng(0), []
    for k, seed in enumerate(seeds):
        means = recording.losses[k % len(recording.seeds)].reshape(-1, 10).mean(axis=1, dtype=float)
        means = means * factor * np.exp(random.uniform(-0.001, 0.001))
        manifest = {
            "port": port,
            "status": "completed",
            "options": {**ports.post_options(port), "seed": seed, **changes},
            "data": {"source": "bundled"},
            "engine": "session",
            "steps": len(means) * 10,
            "curve": {"every": 10, "mean_loss": means.tolist()},
            "test_loss": float(recording.test_losses[k % len(recording.seeds)] * factor),
        }
        run = folder / port / name.format(seed=seed)
        run.mkdir(parents=True)
        (run / "run.json").write_text(json.dumps(manifest))
        names.append(f"{port}/{run.name}")
    before = plan.read(folder)["runs"] if (folder / plan.NAME).exists() else []
    (folder / plan.NAME).write_text(json.dumps({"data": {"source": "the bundled digits"}, "runs": before + names}))
    return folder


def compare(capsys, *words):
    code = cli.main(["compare", *map(str, words)])
    return code, capsys.readouterr().out


def test_recorded_runs_are_inside(tmp_path, capsys):
    code, out = compare(capsys, write(tmp_path))
    assert code == 0
    first, *_, last, ratio = out.splitlines()
    assert first.startswith("vandenburg on bundled MNIST: 10 runs beside 10 of TensorFlow 1.4.0; interquartile means")
    assert last == "  inside"
    assert ratio.startswith("last losses over the recorded mean: 1.0")
    assert len(re.findall(r"Kolmogorov-Smirnov p = ", out)) == 6
    assert "  0 outside the band for 99% of runs (p = 1)" in out


@pytest.mark.parametrize("factor", [0.97, 1.03])
def test_runs_that_are_shifted_are_outside_together(factor, tmp_path, capsys):
    """A shift by 3 % is within the band of a single run, for most of these."""
    code, out = compare(capsys, write(tmp_path, factor=factor))
    assert code == 1
    assert out.splitlines()[-2] == "  OUTSIDE"


def test_the_share_that_is_stuck(tmp_path, capsys):
    code, out = compare(capsys, write(tmp_path, "mathybit_dense"))
    assert code == 0
    assert re.search(r"stuck|plateau", out)
    recording = distribution.recorded("mathybit_dense", "bundled").recording
    free = recording.losses[np.argmin(recording.test_losses)].reshape(-1, 10).mean(axis=1, dtype=float)
    for run in (tmp_path / "mathybit_dense").iterdir():
        manifest = json.loads((run / "run.json").read_text())
        manifest["curve"]["mean_loss"] = (free * 0.9).tolist()
        (run / "run.json").write_text(json.dumps(manifest))
    assert compare(capsys, tmp_path)[0] == 1


def test_a_grid_is_groups_and_only_the_posts_values_are_comparable(tmp_path, capsys):
    write(tmp_path)
    write(tmp_path, name="learning_rate=0.001,seed={seed}", learning_rate=0.001)
    code, out = compare(capsys, tmp_path)
    assert code == 2
    assert "\nvandenburg on bundled MNIST, learning_rate=0.001: 10 runs; interquartile means" in out
    assert "  not comparable: learning rate 0.001, the post's is 0.0001" in out


def test_engines_in_the_grid_are_groups(tmp_path, capsys):
    write(tmp_path, name="engine=session,seed={seed}")
    write(tmp_path, name="engine=fused,seed={seed}")
    for run in (tmp_path / "vandenburg").glob("engine=fused*/run.json"):
        run.write_text(json.dumps({**json.loads(run.read_text()), "engine": "fused"}))
    _, out = compare(capsys, tmp_path)
    assert re.findall(r"engine=\w+", out) == ["engine=session", "engine=fused"]


def test_json_plot_and_runs_that_are_missing(tmp_path, capsys):
    write(tmp_path / "sweep")
    broken = tmp_path / "sweep/vandenburg/seed=103/run.json"
    broken.write_text(json.dumps({**json.loads(broken.read_text()), "status": "failed", "steps": 50}))
    (tmp_path / "sweep/vandenburg/seed=104/run.json").unlink()
    code, out = compare(capsys, tmp_path / "sweep", "--json", "--plot", tmp_path / "a.png")
    assert code == 0
    (sweep,) = json.loads(out)["sweeps"]
    assert sweep["broken"] == {
        "vandenburg/seed=103": "failed after 50 steps",
        "vandenburg/seed=104": "not begun",
    }
    (group,) = sweep["groups"]
    assert group["verdict"] == "inside"
    assert [row["step"] for row in group["rows"]] == [500, 1000, 4000, 7000, 10000, None]
    for row in group["rows"]:
        assert row["iqm"]["low"] <= row["iqm"]["iqm"] <= row["iqm"]["high"]
        assert row["test"] == "Kolmogorov-Smirnov"
        assert 0 < row["p"] <= 1
    with Image.open(tmp_path / "a.png") as image:
        assert min(image.size) > 400


def test_mistakes_are_one_line(tmp_path, capsys):
    (tmp_path / plan.NAME).write_text(json.dumps({"data": {}, "runs": ["vandenburg/seed=0"]}))
    assert cli.main(["compare", str(tmp_path)]) == 2
    assert "none of its runs is completed; the same `legacy-ports sweep` goes on" in capsys.readouterr().err
    assert cli.main(["compare", str(tmp_path), "elsewhere"]) == 2
    assert "sweeps are compared by themselves" in capsys.readouterr().err


def test_an_estimate_is_what_its_name_says():
    losses = np.random.default_rng(1).lognormal(size=40)
    found = summary.estimate(losses)
    assert found.iqm == pytest.approx(np.sort(losses)[10:30].mean())
    theirs = stats.bootstrap((losses,), summary.iqm, method="percentile", rng=2, n_resamples=5000).confidence_interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=0.05)


def test_the_bands_in_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from legacy_ports.sweep import board

    board.write(summary.summarize(write(tmp_path)))
    board.write(summary.summarize(tmp_path))  # once more, as a sweep that goes on
    ours, recorded = sorted((tmp_path / board.FOLDER).iterdir())
    assert (ours.name, recorded.name) == ("vandenburg on bundled MNIST", "vandenburg on bundled MNIST, recorded")
    for folder in (ours, recorded):
        events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0}).Reload()
        values = {tag: [e.value for e in events.Scalars(tag)] for tag in board.TAGS}
        assert [len(curve) for curve in values.values()] == [STEPS // 10] * 3
        assert all(low < middle < high for low, middle, high in zip(*values.values()))
        assert "custom_scalars" in str(events.PluginTagToContent("custom_scalars")) or events.Tags()["tensors"]
