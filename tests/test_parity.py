"""Recordings, tolerances and what the comparison of a replay says, on numbers worked by hand."""

import numpy as np
import pytest

from legacy_ports import UserError, ports
from legacy_ports.proof import parity, recordings
from legacy_ports.proof.replay import Replay

PROOF = ports.facts("vandenburg").proof
FILES = sorted(recordings.FOLDER.glob("*.npz"))


def run(losses, port="vandenburg", seed=9, **changes):
    """Returns a recorded run of two variables, whose norms are 3 and 4 at the start and after 1, 2 and 5 steps."""
    made = recordings.Run(
        "worked by hand", port, "full", "1.4.0", seed, [4], "ab", ["kernel:0", "bias:0"], ["a", "b"],
        np.array([0, 1, 2, 5]), np.tile([3.0, 4.0], (4, 1)), np.array(losses, np.float32), 1.0,
    )  # fmt: skip
    return made._replace(**changes)


def replayed(losses, start="ab", starts=("a", "b"), norms=((3.0, 4.0),), gradients=(1e-7, 2e-7)):
    return Replay(start, list(starts), list(gradients), np.array(norms), np.array(losses, float), 1.0, 84_586)


def test_relative_error_by_hand():
    result = parity.parity(PROOF, run([1.0, 2.0, 4.0, 8.0]), replayed([1.0, 2.0002, 4.0]))
    np.testing.assert_allclose(result.errors, [0, 1e-4, 0], atol=1e-9)
    assert result.windows == {3: pytest.approx(1e-4)}
    assert result.limits == {3: 2e-5}
    (leaves,) = result.leaves
    assert (leaves.what, leaves.step, leaves.error) == ("loss", 1, pytest.approx(1e-4))
    assert result.beyond == (1, pytest.approx(1e-4))


def test_windows_are_10_100_1000_and_all():
    losses = np.linspace(2, 1, 2000, dtype=np.float32)
    result = parity.parity(PROOF, run(losses), replayed(losses))
    assert list(result.windows) == [10, 100, 1000, 2000]
    assert result.equal
    assert result.first_off is result.beyond is None


def test_a_deviation_at_the_last_step_is_seen():
    losses = np.linspace(2, 1, 10000, dtype=np.float32)
    off = losses.astype(float)
    off[-1] *= 1 + 3e-5
    assert parity.parity(PROOF, run(losses), replayed(off)).first_off == 9999


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_is_not_equal(value):
    assert not parity.parity(PROOF, run([1.0, 1.0]), replayed([1.0, value])).equal


def test_a_start_that_differs_names_the_first_variable():
    result = parity.parity(PROOF, run([1.0]), replayed([1.0], "ax", "ax", [[3.0, 4.4]]))
    (leaves,) = result.leaves
    assert (leaves.what, leaves.step, leaves.variable) == ("start", 0, "bias:0")
    assert leaves.error == pytest.approx(0.1)
    assert not result.start


def test_other_variables_are_another_start():
    result = parity.parity(PROOF, run([1.0]), replayed([1.0], "x", "x", [[3.0]]))
    assert [(one.what, one.variable) for one in result.leaves] == [("start", "kernel:0")]


def test_a_norm_that_leaves_names_the_farthest_variable_of_the_first_step():
    norms = [[3.0, 4.0], [3.0, 4.0], [3.0003, 4.004], [9.0, 9.0]]
    (leaves,) = parity.parity(PROOF, run(np.ones(6)), replayed(np.ones(6), norms=norms)).leaves
    assert (leaves.what, leaves.step, leaves.variable) == ("norm", 2, "bias:0")
    assert leaves.error == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("errors", "variable", "equal"),
    [((1e-7, 3e-6), "bias:0", True), ((2e-3, 3e-7), "kernel:0", False), ((np.inf, np.inf, np.inf), "", False)],
)
def test_a_first_gradient_that_is_off_names_the_farthest_variable(errors, variable, equal):
    """Also where the replay has other variables than the recording."""
    result = parity.parity(PROOF, run([1.0]), replayed([1.0], gradients=errors))
    assert result.gradient == ("gradient", 0, max(errors), variable)
    assert result.leaves == ([] if equal else [result.gradient])


def test_a_bias_that_starts_at_zero_and_stays_there_has_no_error():
    np.testing.assert_array_equal(parity.relative(np.array([0.0, 1.0]), np.array([0.0, 0.0])), [0, np.inf])


def test_a_horizon_binds_only_its_seed():
    dense = ports.facts("mathybit_dense").proof
    stuck, free = run([1.0], "mathybit_dense", seed=1), run([1.0], "mathybit_dense", seed=0)
    assert parity.limits(dense, stuck, 15_000) == {15_000: 2e-5}
    assert parity.limits(dense, free, 15_000) == {150: 2e-5}
    assert parity.limits(dense, run([1.0], "mathybit_dense", seed=77), 15_000) == {150: 2e-5}


def test_a_shorter_replay_keeps_the_tighter_limit():
    conv = ports.facts("mathybit_conv").proof
    one = run([1.0], "mathybit_conv")
    assert parity.limits(conv, one, 1500) == {10: 5e-5, 35: 5e-3}
    assert parity.limits(conv, one, 20) == {10: 5e-5, 20: 5e-3}
    assert parity.limits(conv, one, 10) == {10: 5e-5}


def test_every_recording_that_ships_can_be_read():
    assert len(FILES) == 21
    for path in FILES:
        recording = recordings.read(path)
        threads = "" if recording.threads == 1 else f"-{recording.threads}threads"
        assert path.name == f"{recording.port}-{recording.data}{threads}.npz"
        assert len(recording.seeds) == 10 or recording.threads > 1


@pytest.mark.parametrize("path", [path for path in FILES if "threads" in path.name], ids=lambda path: path.stem)
def test_horizons_stand_before_the_recordings_leave_themselves_on_two_threads(path):
    """But for Keras 2.2.2, whose races on two threads are not rounding: recordings/README.md."""
    twins = recordings.read(path)
    name = twins.port.removesuffix("_relu")
    proof, single = ports.facts(name).proof, recordings.shipped(twins.port, twins.data)
    for twin in twins.runs:
        one = single.run(twin.seed)
        errors = parity.relative(twin.losses.astype(float), one.losses.astype(float))
        for steps, limit in parity.limits(proof, one, len(errors)).items():
            raced = name == "mathybit_dense"
            assert (errors[:steps].max() > limit) == raced, (twin.seed, steps)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"losses": None}, "it has no losses"),
        ({"losses": np.ones(3, np.float32)}, "not numbers"),
        ({"losses": np.array([[1.0, np.nan]], np.float32)}, "not all positive"),
        ({"seeds": np.array([1, 2])}, "not of as many runs"),
        ({"norms": np.ones((1, 2, 3))}, "its norms are not"),
        ({"port": np.array(["x"], object)}, "not a recording"),
    ],
)
def test_a_bad_recording_is_refused(tmp_path, changes, reason):
    good = {
        "port": "smith", "data": "full", "tensorflow": "1.4.0", "keras": "", "threads": 1, "seeds": [0],
        "op_seeds": [[4]], "starts": ["a"], "losses": np.ones((1, 2), np.float32), "test_losses": [1.0],
    }  # fmt: skip
    np.savez(tmp_path / "good.npz", **good)
    assert recordings.read(tmp_path / "good.npz").steps == 2
    np.savez(tmp_path / "r.npz", **{key: value for key, value in {**good, **changes}.items() if value is not None})
    with pytest.raises(UserError, match=reason) as error:
        recordings.read(tmp_path / "r.npz")
    assert "r.npz" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"[]", b"PK\x03\x04 no archive"])
def test_what_is_no_recording_is_refused(tmp_path, content):
    (tmp_path / "r.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"r\.npz: "):
        recordings.read(tmp_path / "r.npz")
    with pytest.raises(UserError, match="cannot be read"):
        recordings.read(tmp_path / "none.npz")


def test_variants():
    post = ports.post_options("vandenburg")
    assert ports.variant("vandenburg", post) == "vandenburg"
    assert ports.variant("vandenburg", {**post, "readout": "relu", "steps": 1, "seed": 3}) == "vandenburg_relu"
    assert ports.variant("smith", {**ports.post_options("smith"), "loss": "cross_entropy"}) == "smith_cross_entropy"
