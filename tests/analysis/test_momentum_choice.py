"""Tests of the expected error of a momentum, and of the choice of the best."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bncli.analysis.momentum_choice import NEARLY_BEST, AveragingTask, averaging_task, choose_momentum
from bncli.core.batch_statistics import BatchStatistics
from bncli.core.gaussian_batches import SCENARIOS, GaussianBatches, Scenario
from bncli.core.recorded_batches import RecordedBatches
from bncli.core.running_average import running_average
from bncli.core.running_statistics import RunningStatistics, fresh

BATCH_SIZE = 16


def source(scenario: Scenario = "stationary", num_features: int = 1, seed: int = 0) -> GaussianBatches:
    return GaussianBatches(np.full(num_features, 3.0), np.full(num_features, 2.0), BATCH_SIZE, scenario, seed)


def task(num_steps: int, scenario: Scenario = "stationary") -> AveragingTask:
    found = averaging_task(source(scenario), fresh(1), num_steps, ddof=1)
    assert found is not None
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("momentum", [0.3, 0.03, 0.003, None])
def test_the_expected_error_is_that_of_many_simulated_runs(scenario: Scenario, momentum: float | None) -> None:
    """The mean square over 4,000 channels, which are as many runs; five standard errors are about 6 %."""
    num_runs, num_steps = 4000, 120
    (block,) = source(scenario, num_runs).stream([num_steps], num_steps)
    mean = running_average(np.zeros(num_runs), block.mean, momentum, num_steps)[0]
    var = running_average(np.ones(num_runs), block.var, momentum, num_steps)[0]
    seen = math.sqrt(np.mean(((mean - 3) / 2) ** 2 + (var / 4 - 1) ** 2))
    assert task(num_steps, scenario).expected_error(momentum) == pytest.approx(seen, rel=0.06)


@pytest.mark.parametrize("momentum", [0.2, 0.01])
def test_the_expected_error_is_that_of_the_closed_form_while_the_population_stays(momentum: float) -> None:
    num_steps = 50
    residue = (1 - momentum) ** num_steps
    bias = residue**2 * ((0 - 3) ** 2 / 4 + ((1 - 4) / 4) ** 2)
    noise = momentum / (2 - momentum) * (1 - residue**2) * (1 / BATCH_SIZE + 2 / (BATCH_SIZE - 1))
    assert task(num_steps).expected_error(momentum) == pytest.approx(math.sqrt(bias + noise), rel=1e-12)


def test_at_momentum_0_all_of_the_start_is_left_and_at_1_all_of_one_batch_s_noise() -> None:
    start = math.sqrt(9 / 4 + 9 / 16)
    assert task(50).expected_error(0.0) == pytest.approx(start)
    assert task(50).expected_error(1.0) == pytest.approx(math.sqrt(1 / BATCH_SIZE + 2 / (BATCH_SIZE - 1)))


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("num_steps", [3, 100, 20_000])
def test_no_other_momentum_has_a_smaller_expected_error(scenario: Scenario, num_steps: int) -> None:
    best = choose_momentum(task(num_steps, scenario))
    assert best is not None
    others = np.geomspace(1e-7, 1, 500)
    errors = [task(num_steps, scenario).expected_error(float(momentum)) for momentum in others]
    assert best.expected_error <= min(errors) * (1 + 1e-6)
    assert best.expected_error == task(num_steps, scenario).expected_error(best.momentum)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_within_the_range_the_error_is_at_most_a_tenth_larger_and_beyond_it_more(scenario: Scenario) -> None:
    best = choose_momentum(task(1000, scenario))
    assert best is not None
    low, high = best.nearly_best
    assert low < best.momentum < high
    limit = NEARLY_BEST * best.expected_error
    inside = [task(1000, scenario).expected_error(float(each)) for each in np.geomspace(low, high, 50)]
    assert max(inside) <= limit * (1 + 1e-9)
    for beyond in (low * 0.99, high * 1.01):
        assert task(1000, scenario).expected_error(beyond) > limit


@pytest.mark.parametrize("momentum", [0.3, 0.01])
def test_after_the_warm_up_what_is_left_of_the_start_is_below_the_noise(momentum: float) -> None:
    steps = task(1000).warm_up_steps(momentum)
    assert steps is not None
    start = math.sqrt(9 / 4 + 9 / 16)
    noise = math.sqrt(momentum / (2 - momentum) * (1 / BATCH_SIZE + 2 / (BATCH_SIZE - 1)))
    assert (1 - momentum) ** steps * start <= noise < (1 - momentum) ** (steps - 1) * start


@pytest.mark.parametrize("num_seen", [1, 30])
def test_the_cumulative_average_warms_up_from_the_batches_that_it_has_seen(num_seen: int) -> None:
    found = averaging_task(source(), replace(fresh(1), num_batches_tracked=num_seen), 1000, ddof=1)
    assert found is not None
    steps = found.warm_up_steps(None)
    assert steps is not None
    start, noise = math.sqrt(9 / 4 + 9 / 16), math.sqrt(1 / BATCH_SIZE + 2 / (BATCH_SIZE - 1))

    def is_warm(step: int) -> bool:
        return num_seen / (num_seen + step) * start <= noise / math.sqrt(num_seen + step)

    assert is_warm(steps)
    assert not is_warm(steps - 1)
    near = averaging_task(source(), RunningStatistics(np.array([3.0]), np.array([4.0]), num_seen), 1000, ddof=1)
    assert near is not None
    assert near.warm_up_steps(None) == 0
    with np.errstate(over="ignore"):
        assert replace(found, start_mean=np.array([1e300])).warm_up_steps(None) is None


def test_some_warm_ups_take_no_step_and_some_never_end() -> None:
    assert task(1000).warm_up_steps(None) == 1
    assert task(1000).warm_up_steps(0.0) is None
    at_population = RunningStatistics(np.array([3.0]), np.array([4.0]), 0)
    found = averaging_task(source(), at_population, 100, ddof=1)
    assert found is not None
    assert found.warm_up_steps(0.1) == 0
    with np.errstate(over="ignore"):
        assert replace(found, start_mean=np.array([1e300])).warm_up_steps(0.1) is None


def test_longer_runs_are_given_smaller_momenta() -> None:
    choices = [choose_momentum(task(num_steps)) for num_steps in (10, 100, 1000, 10_000)]
    momenta = [choice.momentum for choice in choices if choice is not None]
    assert len(momenta) == 4
    assert momenta == sorted(momenta, reverse=True)


def test_batches_without_noise_are_best_taken_as_they_are() -> None:
    batches = BatchStatistics(np.full(3, 8), np.full((3, 1), 5.0), np.full((3, 1), 2.0))
    found = averaging_task(RecordedBatches(batches), fresh(1), 10, ddof=1)
    assert found is not None
    choice = choose_momentum(found)
    assert choice is not None
    assert choice.momentum > 0.99


def test_a_start_at_the_population_is_best_left_alone() -> None:
    at_population = RunningStatistics(np.array([3.0]), np.array([4.0]), 0)
    found = averaging_task(source(), at_population, 100, ddof=1)
    assert found is not None
    assert choose_momentum(found) is None


def test_channels_without_a_finite_spread_are_left_out() -> None:
    mixed = GaussianBatches(np.array([3.0, 3.0]), np.array([2.0, 0.0]), BATCH_SIZE)
    found = averaging_task(mixed, fresh(2), 100, ddof=1)
    assert found is not None
    assert found.expected_error(0.1) == task(100).expected_error(0.1)


def test_without_any_such_channel_there_is_no_task() -> None:
    assert averaging_task(GaussianBatches(np.zeros(2), np.zeros(2), 4), fresh(2), 10, ddof=1) is None
    nan = BatchStatistics(np.array([4]), np.array([[np.nan]]), np.array([[np.nan]]))
    assert averaging_task(RecordedBatches(nan), fresh(1), 10, ddof=1) is None
