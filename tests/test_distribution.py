"""The statistic of `compare`: by hand, by simulation, and on the recorded runs themselves."""

import math

import numpy as np
import pytest

from legacy_ports import UserError, ports
from legacy_ports.proof import distribution, recordings

VARIANTS = [variant for name in ports.NAMES for variant in ports.facts(name).proof.tolerances]
EVERYTHING = [distribution.recorded(variant, data) for variant in VARIANTS for data in ("full", "bundled")]
IDS = [f"{runs.recording.port}-{runs.recording.data}" for runs in EVERYTHING]


def test_a_worked_example():
    """Returns four runs whose logarithms are 0, 0.1, 0.2, 0.3: mean 0.15, standard deviation 0.129099."""
    losses = np.exp([0.0, 0.1, 0.2, 0.3])
    # Student's t, 3 degrees of freedom, 97.5 %: 3.182 (any table). 3.182 x 0.129099 x sqrt(1.25) = 0.4593
    low, high = distribution.prediction_interval(losses, alpha=0.05)
    assert np.log([low, high]) == pytest.approx([0.15 - 0.4593, 0.15 + 0.4593], abs=2e-4)
    # For the mean of 4 more: 3.182 x 0.129099 x sqrt(0.5) = 0.2905
    low, high = distribution.prediction_interval(losses, alpha=0.05, more=4)
    assert np.log([low, high]) == pytest.approx([0.15 - 0.2905, 0.15 + 0.2905], abs=2e-4)


def test_a_tiny_spread_counts_as_the_floor():
    low, high = distribution.prediction_interval(np.full(10, 0.5), alpha=0.01)
    # t, 9 degrees of freedom, 99.5 %: 3.250
    assert np.log(high / 0.5) == pytest.approx(3.250 * distribution.FLOOR * math.sqrt(1.1), rel=1e-3)
    assert np.log(0.5 / low) == pytest.approx(np.log(high / 0.5))


def test_one_run_has_no_spread():
    with pytest.raises(ValueError, match="two runs"):
        distribution.prediction_interval(np.ones(1), 0.01)


def test_simulated_faithful_runs_are_rejected_as_rarely_as_promised():
    random = np.random.RandomState(0)
    rejected = 0
    for _ in range(2000):
        losses = np.exp(random.normal(size=(11, 5)) * [0.01, 0.02, 0.03, 0.02, 0.01])
        limits = [distribution.prediction_interval(losses[:10, k], alpha=0.05 / 5) for k in range(5)]
        rejected += not all(low <= loss <= high for (low, high), loss in zip(limits, losses[10]))
    assert 0.02 < rejected / 2000 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_mean_losses_by_hand():
    losses = np.arange(1.0, 101.0)
    assert distribution.mean_losses(losses, [10, 30], 10).tolist() == [5.5, 25.5]
    tens = losses.reshape(-1, 10).mean(axis=1)
    assert distribution.mean_losses(tens, [10, 30], 10, every=10).tolist() == [5.5, 25.5]
    assert distribution.mean_losses(losses[:29], [10, 30], 10).tolist() == [5.5]
    assert distribution.mean_losses(np.tile(losses, (3, 1)), [20], 20).tolist() == [[10.5]] * 3
    with pytest.raises(ValueError, match="not made of 10 steps"):
        distribution.mean_losses(tens, [15], 10, every=10)


def without(runs, i):
    """Returns the recorded runs but for one, as if that one had not been recorded."""
    return runs._replace(losses=np.delete(runs.losses, i, axis=0))


def test_recorded_runs_lie_inside_the_others():
    """Each held against the other nine of its kind: of 120 runs as many may be rejected as ALPHA says, and few more."""
    rejected = []
    for runs in EVERYTHING:
        for i, losses in enumerate(runs.losses):
            milestones = distribution.judge(without(runs, i), losses[:-1], losses[-1])
            if not all(one.inside for one in milestones):
                rejected.append((runs.recording.port, runs.recording.data, runs.recording.seeds[i]))
    assert len(rejected) <= 3, rejected


@pytest.mark.parametrize("runs", EVERYTHING, ids=IDS)
def test_a_run_three_times_as_bad_as_the_worst_is_outside(runs):
    worst = runs.losses.max(axis=0) * 3
    milestones = distribution.judge(runs, worst[:-1], worst[-1])
    assert not milestones[-1].inside


@pytest.mark.parametrize("runs", [runs for runs in EVERYTHING if "conv" not in runs.recording.port])
def test_a_run_twice_as_good_is_outside(runs):
    """Not so of mathybit_conv, whose recorded runs are that far from each other."""
    milestones = distribution.judge(runs, runs.losses[0, :-1] / 2, runs.losses[0, -1] / 2)
    assert not milestones[0].inside


def test_a_short_run_is_judged_as_far_as_it_got():
    runs = distribution.recorded("vandenburg", "full")
    assert [one.step for one in distribution.judge(runs, runs.losses[0][:3], None)] == [500, 1000, 4000]
    assert distribution.judge(runs, np.empty(0), None) == []


DENSE = distribution.recorded("mathybit_dense", "full")
CONV = distribution.recorded("mathybit_conv", "full")


def test_which_runs_are_stuck():
    stuck = distribution.stuck(DENSE, DENSE.losses[:, -2])
    assert [seed for seed, on in zip(DENSE.recording.seeds, stuck) if on] == [1, 2, 5, 6, 7, 8]
    stuck = distribution.stuck(CONV, CONV.losses[:, -2])
    assert [seed for seed, on in zip(CONV.recording.seeds, stuck) if on] == [1]
    vandenburg = distribution.recorded("vandenburg", "full")
    assert not distribution.stuck(vandenburg, vandenburg.losses).any()


def test_a_run_may_be_stuck_or_free_or_between_and_no_better_than_the_free():
    low, high = distribution.interval(DENSE, 5)
    assert low < 0.0113 < 0.0673 < high < 0.07
    assert low > 0.009  # a read-out bias that starts at -2 gives less
    assert distribution.interval(DENSE, 0)[1] - distribution.interval(DENSE, 0)[0] < 0.01  # nobody is free that early


def test_the_mean_of_runs_is_not_judged_where_they_are_of_two_kinds():
    milestones = distribution.judge_mean(DENSE, DENSE.losses[:4, :-1])
    assert [one.step for one in milestones] == [300]
    assert milestones[0].inside
    vandenburg = distribution.recorded("vandenburg", "full")
    assert all(one.inside for one in distribution.judge_mean(vandenburg, vandenburg.losses[:5, :-1]))
    worse = distribution.judge_mean(vandenburg, vandenburg.losses[:5, :-1] * 1.2)
    assert not any(one.inside for one in worse)


def test_what_was_not_recorded():
    with pytest.raises(UserError, match="no recording of smith_cross_entropy on full MNIST"):
        recordings.shipped("smith_cross_entropy", "full")


@pytest.mark.parametrize("name", ports.NAMES)
@pytest.mark.parametrize("data", ["full", "bundled"])
def test_the_posts_own_options_have_a_band(name, data):
    options = {**ports.post_options(name), "seed": 0}
    assert " with this seed, 0." in distribution.test_loss_band(name, options, data)
    assert " after " in distribution.test_loss_band(name, {**options, "seed": 99}, data)
    assert "with this seed" not in distribution.test_loss_band(name, {**options, "seed": 99}, data)
    assert "not the post's" in distribution.test_loss_band(name, {**options, "steps": 9}, data)
    assert "nothing was recorded" in distribution.test_loss_band(name, options, "custom")


def test_the_classifier_does_not_change_the_autoencoder():
    options = {**ports.post_options("smith"), "seed": 0, "classifier": True}
    assert "with this seed" in distribution.test_loss_band("smith", options, "full")
