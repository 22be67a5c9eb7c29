"""Recordings, tolerances and what a replay's comparison says, on numbers worked by hand."""

import json

import numpy as np
import pytest

from legacy_ports import UserError, ports
from legacy_ports.proof import distribution, recordings
from legacy_ports.proof.recordings import FOLDER, TOLERANCES, Recording, parity


def recording(losses, port="vandenburg"):
    return Recording("worked by hand", port, "full", 9, 50, "1.4.0", np.array(losses, float), 1.0)


def test_all_shipped_recordings_can_be_read():
    files = sorted(FOLDER.glob("pinned-*.json"))
    assert files
    for path in files:
        assert path.name == "pinned-{0.port}-{1}-{0.seed}.json".format(
            recordings.read(path), json.loads(path.read_text())["data"]
        )


def test_relative_error_by_hand():
    result = parity(np.array([1.0, 2.0002, 4.0]), recording([1.0, 2.0, 4.0, 8.0]))
    np.testing.assert_allclose(result.errors, [0, 1e-4, 0], atol=1e-12)
    assert not result.equal
    assert result.windows == {3: pytest.approx(1e-4)}


def test_windows_are_10_100_1000_and_all():
    losses = np.linspace(2, 1, 2000)
    result = parity(losses, recording(losses))
    assert list(result.windows) == [10, 100, 1000, 2000]
    assert result.equal


def test_a_deviation_at_the_last_step_is_seen():
    losses = np.linspace(2, 1, 10000)
    off = losses.copy()
    off[-1] *= 1 + 6e-5
    assert parity(losses, recording(losses)).equal
    assert not parity(off, recording(losses)).equal


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_is_not_equal(value):
    assert not parity(np.array([1.0, value]), recording([1.0, 1.0])).equal


def test_horizons_bind_only_the_recordings_they_name():
    losses = np.ones(10000)
    off = losses.copy()
    off[5000] = 2
    assert not parity(off, recording(losses, "vandenburg_relu")).equal
    relu = recording(losses, "vandenburg_relu")._replace(seed=1)
    assert parity(off, relu).equal
    off[3999] = 2
    assert not parity(off, relu).equal


def test_the_tolerances_are_those_promised():
    assert TOLERANCES["vandenburg"] == TOLERANCES["vandenburg_relu"] == {10000: 5e-5}


def test_pinned_weights_by_hand():
    kernel, bias = recordings.pinned_weights([(3, 5), (5,)], seed=4)
    limit = np.sqrt(6 / 8)
    np.testing.assert_array_equal(kernel, np.random.RandomState(4).uniform(-limit, limit, (3, 5)).astype("float32"))
    assert kernel.dtype == bias.dtype == np.float32
    assert not bias.any()


def test_variants():
    post = {"steps": 10000, "batch_size": 50, "learning_rate": 1e-4, "readout": "linear"}
    assert recordings.variant("vandenburg", post) == "vandenburg"
    assert recordings.variant("vandenburg", {**post, "readout": "relu"}) == "vandenburg_relu"
    assert "10 seeds: 0.05118 to 0.05335" in distribution.test_loss_band("vandenburg", post, "full")
    assert "not the post's" in distribution.test_loss_band("vandenburg", {**post, "steps": 9}, "full")


@pytest.mark.parametrize("port", ports.NAMES)
@pytest.mark.parametrize("source", ["full", "bundled"])
def test_the_posts_own_options_have_a_band(port, source):
    options = {key: ports.post_value(value) for key, value in ports.facts(port).options.items() if key != "classifier"}
    assert " seeds: 0.0" in distribution.test_loss_band(port, options, source)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "Expecting value"),
        ("[]", "not a pinned recording"),
        ('{"losses": [1, 2]}', "has no 'port'"),
        ('{"losses": [1, NaN]}', "not a list of positive"),
        ('{"losses": ["x"]}', "not a pinned recording"),
    ],
)
def test_a_bad_recording_is_refused(tmp_path, content, reason):
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(UserError, match=reason) as error:
        recordings.read(tmp_path / "r.json")
    assert "r.json" in str(error.value)
    with pytest.raises(UserError, match="cannot be read"):
        recordings.read(tmp_path / "none.json")


def test_shorter_replays_keep_the_tighter_limit():
    (recording, _) = recordings.pinned("mathybit_dense", "bundled")
    result = recordings.parity(recording.losses[:10] * 1.01, recording)
    assert result.limits == {10: 5e-4}
    assert not result.equal
    assert recordings.parity(recording.losses[:600], recording).limits == {20: 5e-4, 600: 5e-2}
