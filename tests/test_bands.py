"""The statistic of `compare`: by hand, by simulation, and on the recorded runs themselves."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_ports import UserError
from legacy_ports.proof import distribution

EVERYTHING = [distribution.recorded(port, source) for port, source in distribution.CHECKPOINTS]


def test_a_worked_example():
    """Four runs whose logarithms are 0, 0.1, 0.2, 0.3: mean 0.15, standard deviation 0.129099."""
    runs = np.exp([[0.0], [0.1], [0.2], [0.3]])
    # Student's t, 3 degrees of freedom, 97.5 %: 3.182 (any table). 3.182 x 0.129099 x sqrt(1.25) = 0.4593
    low, high = distribution.prediction_interval(runs, alpha=0.05)
    assert np.log([low[0], high[0]]) == pytest.approx([0.15 - 0.4593, 0.15 + 0.4593], abs=2e-4)
    # For the mean of 4 more: 3.182 x 0.129099 x sqrt(0.5) = 0.2905
    low, high = distribution.prediction_interval(runs, alpha=0.05, more=4)
    assert np.log([low[0], high[0]]) == pytest.approx([0.15 - 0.2905, 0.15 + 0.2905], abs=2e-4)


def test_two_checkpoints_halve_the_chance_of_each():
    runs = np.exp([[0.0, 1.0], [0.1, 1.1], [0.2, 1.2], [0.3, 1.3]])
    low, high = distribution.prediction_interval(runs, alpha=0.05)
    alone = distribution.prediction_interval(runs[:, :1], alpha=0.025)
    assert (low[0], high[0]) == pytest.approx((alone[0][0], alone[1][0]))


def test_a_tiny_spread_counts_as_the_floor():
    low, high = distribution.prediction_interval(np.full((10, 1), 0.5), alpha=0.01)
    # t, 9 degrees of freedom, 99.5 %: 3.250
    assert np.log(high / 0.5)[0] == pytest.approx(3.250 * distribution.FLOOR * math.sqrt(1.1), rel=1e-3)
    assert np.log(0.5 / low)[0] == pytest.approx(np.log(high / 0.5)[0])


def test_few_runs_share_their_spread():
    """Two runs at three checkpoints: one standard deviation, sqrt((1 + 4 + 9) / 3) of 0.1 x sqrt(1/2), with t of 3."""
    runs = np.exp([[0.0, 0.0, 0.0], [0.1, 0.2, 0.3]])
    low, high = distribution.prediction_interval(runs, alpha=0.15)
    spread = math.sqrt((0.1**2 + 0.2**2 + 0.3**2) / 2 / 3)
    assert np.log(high / low) == pytest.approx([2 * 3.182 * spread * math.sqrt(1.5)] * 3, rel=1e-3)


def test_one_run_has_no_spread():
    with pytest.raises(ValueError, match="two runs"):
        distribution.prediction_interval(np.ones((1, 3)))


def test_simulated_faithful_runs_are_rejected_as_rarely_as_promised():
    random = np.random.RandomState(0)
    rejected = 0
    for _ in range(2000):
        losses = np.exp(random.normal(size=(11, 5)) * [0.01, 0.02, 0.03, 0.02, 0.01])
        low, high = distribution.prediction_interval(losses[:10], alpha=0.05)
        rejected += not ((low <= losses[10]) & (losses[10] <= high)).all()
    assert 0.03 < rejected / 2000 < 0.06  # Bonferroni: a little under 0.05


@given(st.integers(1, 6), st.integers(1, 12), st.integers(0, 200), st.integers(0, 2**16))
def test_windows_are_means_over_their_steps(factor, count, length, seed):
    losses = np.random.RandomState(seed).uniform(0.1, 1, length)
    steps = np.arange(1, count + 1) * 10 * factor
    found = distribution.windows(steps, 10, losses[: length // 10 * 10].reshape(-1, 10).mean(axis=1))
    expected = [losses[end - 10 * factor : end].mean() for end in steps if end <= length // 10 * 10]
    np.testing.assert_allclose(found, expected)


def test_windows_that_cannot_be_made():
    with pytest.raises(ValueError, match="not made of 10 steps"):
        distribution.windows(np.array([15]), 10, np.ones(3))


@pytest.mark.parametrize("runs", EVERYTHING, ids=lambda runs: f"{runs.port}-{runs.data}")
def test_checkpoints_are_recorded_steps(runs):
    checkpoints = distribution.CHECKPOINTS[runs.port, runs.data]
    assert set(checkpoints) <= set(runs.steps)
    assert sorted(checkpoints) == list(checkpoints)


def test_of_the_recorded_runs_themselves_hardly_one_is_rejected_by_the_others():
    rejected = []
    for runs in EVERYTHING:
        for i in range(len(runs.seeds) if len(runs.seeds) > 2 else 0):
            others = [j for j in range(len(runs.seeds)) if j != i]
            rest = runs._replace(window=runs.window[others], test_loss=runs.test_loss[others])
            if not all(check.inside for check in distribution.judge(rest, runs.window[i], runs.test_loss[i])):
                rejected.append((runs.port, runs.data, runs.seeds[i]))
    assert rejected == [("kajuvonen", "full", 1)]  # 1 of 103, and ALPHA is 0.01


@pytest.mark.parametrize("runs", EVERYTHING, ids=lambda runs: f"{runs.port}-{runs.data}")
@pytest.mark.parametrize("factor", [0.2, 5.0])
def test_a_loss_far_off_is_outside_and_a_test_loss_too(runs, factor):
    if not (runs.port in distribution.TWO_STATES and factor < 1):  # a loss far below a plateau is an escape
        checks = distribution.judge(runs, runs.window[0] * [*np.ones(len(runs.steps) - 1), factor], runs.test_loss[0])
        assert [check.step for check in checks if not check.inside] == [runs.steps[-1]]
        checks = distribution.judge(runs, runs.window[0], runs.test_loss[0] * factor)
        assert [check.step for check in checks if not check.inside] == [None]


def test_a_run_that_ended_early_is_judged_as_far_as_it_came():
    runs = distribution.recorded("vandenburg", "full")
    assert [check.step for check in distribution.judge(runs, runs.window[0][:9], None)] == [500, 1000, 4000]
    assert distribution.judge(runs, np.empty(0), None) == []


DENSE = distribution.recorded("mathybit_dense", "full")


def test_who_leaves_the_plateau_and_when():
    assert [distribution.escapes(DENSE, row) for row in DENSE.window] == [
        None,
        None,
        2100,
        2400,
        None,
        None,
        None,
        2400,
    ]
    bundled = distribution.recorded("mathybit_dense", "bundled")
    assert [distribution.escapes(bundled, row) for row in bundled.window].count(None) == 8


def test_both_states_are_inside_and_what_is_neither_is_not():
    stays, leaves = DENSE.window[0], DENSE.window[3]
    for window, test_loss in ((stays, DENSE.test_loss[0]), (leaves, DENSE.test_loss[3])):
        assert all(check.inside for check in distribution.judge(DENSE, window, test_loss))
    risen = np.where(DENSE.steps > 4000, leaves * 1.4, leaves)  # left the plateau, and is above it now
    assert [check.step for check in distribution.judge(DENSE, risen, None) if not check.inside] == [4500, 9000, 15000]
    assert not distribution.judge(DENSE, stays * 0.9, None)[0].inside  # no run may leave before the first checkpoint


def test_what_was_not_recorded():
    with pytest.raises(UserError, match="no runs of smith_cross_entropy on full MNIST were recorded"):
        distribution.recorded("smith_cross_entropy", "full")
