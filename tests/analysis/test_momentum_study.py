"""Tests of running statistics beside the population."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from bncli.analysis.momentum_study import MomentumStudy, study_momenta
from bncli.analysis.running_trajectory import AverageDtype, TrajectorySettings
from bncli.core.batch_statistics import BatchStatistics
from bncli.core.gaussian_batches import SCENARIOS, GaussianBatches, Scenario
from bncli.core.recorded_batches import RecordedBatches
from bncli.core.running_statistics import fresh, update


def study(
    *momenta: float | None, num_steps: int = 400, dtype: AverageDtype = "float64", scenario: Scenario = "stationary"
) -> MomentumStudy:
    source = GaussianBatches(np.array([3.0, -1.0]), np.array([2.0, 0.5]), 16, scenario)
    return study_momenta(source, TrajectorySettings(momenta, num_steps, fresh(2), dtype=dtype))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_parts_of_an_error_add_up_to_it(scenario: Scenario) -> None:
    result = study(0.1, 0.003, None, scenario=scenario)
    for run in result.runs:
        for parts, error in (
            (run.mean_error, run.final_mean - result.population.mean),
            (run.var_error, run.final_var - result.population.var),
        ):
            np.testing.assert_allclose(parts.initial + parts.lag + parts.noise, error, atol=1e-14)
            np.testing.assert_allclose(parts.total, error, atol=1e-14)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("momentum", [0.3, 0.02, None])
def test_the_noise_has_mean_0_and_the_expected_spread(scenario: Scenario, momentum: float | None) -> None:
    """Over 20,000 channels, which are as many runs; at five standard errors of a mean and of a standard deviation."""
    num_runs = 20_000
    source = GaussianBatches(np.full(num_runs, 3.0), np.full(num_runs, 2.0), 16, scenario, seed=5)
    (run,) = study_momenta(source, TrajectorySettings((momentum,), 60, fresh(num_runs), kept_steps="last")).runs
    for parts in (run.mean_error, run.var_error):
        z = parts.noise / parts.expected_noise
        # The course is exact for so short a run: every step is a piece of its own.
        assert abs(z.mean()) < 5 / num_runs**0.5
        excess = np.mean(z**4) - 1
        assert abs(z.var() - 1) < 5 * (excess / num_runs) ** 0.5


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("momentum", [0.1, None])
def test_running_statistics_are_distributed_as_those_of_materialized_batches(
    scenario: Scenario, momentum: float | None
) -> None:
    """Two-sample Kolmogorov-Smirnov over 4,000 channels: a distance beyond 1.95 sqrt(2 / N) has probability 0.001."""
    num_runs, num_steps, batch_size = 4000, 40, 6
    source = GaussianBatches(np.full(num_runs, 3.0), np.full(num_runs, 2.0), batch_size, scenario, seed=6)
    (run,) = study_momenta(source, TrajectorySettings((momentum,), num_steps, fresh(num_runs), kept_steps="last")).runs
    running = fresh(num_runs)
    rng = np.random.default_rng(7)
    course = source.course(np.arange(num_steps), num_steps)
    for offset, scale in zip(course.offset, course.scale, strict=True):
        values = rng.normal(3 + 2 * offset, 2 * scale**0.5, (batch_size, num_runs))
        running = update(running, values.mean(axis=0), values.var(axis=0, ddof=1), momentum)
    for ours, theirs in ((run.final_mean, running.mean), (run.final_var, running.var)):
        assert ks_2samp(ours, theirs).statistic < 1.95 * (2 / num_runs) ** 0.5


def test_a_population_that_stays_makes_no_lag() -> None:
    for run in study(0.1, None).runs:
        assert (run.mean_error.lag == 0).all()
        assert (run.var_error.lag == 0).all()


def test_a_drift_leaves_its_speed_times_the_mean_age_as_lag() -> None:
    num_steps, momentum = 20_000, 0.01
    (run,) = study(momentum, num_steps=num_steps, scenario="drift").runs
    speed = 2 / (num_steps - 1)  # in standard deviations a step
    np.testing.assert_allclose(run.mean_error.lag, -speed * 99 * np.array([2.0, 0.5]), rtol=0.01)


def test_what_is_left_of_the_initial_value_is_its_residue() -> None:
    (run,) = study(0.003).runs
    np.testing.assert_allclose(run.mean_error.initial, 0.997**400 * np.array([-3.0, 1.0]))
    np.testing.assert_allclose(run.var_error.initial, 0.997**400 * np.array([1 - 4.0, 1 - 0.25]))


def test_batches_that_never_vary_leave_nothing_but_the_initial_value() -> None:
    batches = BatchStatistics(np.full(3, 8), np.full((3, 1), 5.0), np.full((3, 1), 2.0))
    (run,) = study_momenta(RecordedBatches(batches), TrajectorySettings((0.1,), 30, fresh(1))).runs
    population_var = 2.0 * 21 / 23  # pooled over three batches of eight: 3 * 7 degrees of freedom in 23
    np.testing.assert_allclose(run.mean_error.noise, 0, atol=1e-13)
    np.testing.assert_allclose(run.final_var, 2 + 0.9**30 * (1 - 2.0))
    np.testing.assert_allclose(run.var_error.initial, 0.9**30 * (1 - population_var))


def test_the_final_values_are_the_last_of_the_trajectory() -> None:
    result = study(0.1, None)
    for index, run in enumerate(result.runs):
        np.testing.assert_array_equal(run.final_mean, result.trajectory.mean[-1, index])
        np.testing.assert_array_equal(run.final_var, result.trajectory.var[-1, index])


def test_runs_come_in_the_order_of_the_momenta() -> None:
    assert [run.forms.momentum for run in study(0.5, None, 0.01).runs] == [0.5, None, 0.01]


def test_the_choice_is_better_than_every_momentum_that_was_given() -> None:
    result = study(0.5, 0.1, 0.01, 0.001)
    assert result.choice is not None
    assert result.choice.expected_error < min(run.expected_error or 0 for run in result.runs)


def test_sorted_classes_keep_the_running_variance_from_the_population() -> None:
    result = study(0.1, None, scenario="class-sorted")
    np.testing.assert_allclose(result.between_fraction, 8.25 / 9.25)
    for run in result.runs:
        np.testing.assert_allclose(run.final_var / result.population.var, 1 / 9.25, rtol=0.3)


def test_a_frozen_buffer_is_told_with_the_last_step_that_moved_it() -> None:
    constant = BatchStatistics(np.array([16]), np.array([[3.5]]), np.array([[0.5]]))
    settings = TrajectorySettings((0.01,), 4000, fresh(1), dtype="bfloat16", kept_steps="all")
    result = study_momenta(RecordedBatches(constant), settings)
    lost = result.runs[0].lost_mean_updates
    assert lost is not None
    (since,) = lost.frozen_since
    assert since is not None
    values = result.trajectory.mean[:, 0, 0]
    assert values[since - 2] != values[since - 1] == values[-1] == 2.03125
    assert lost.fraction[0] == 1 - np.count_nonzero(np.diff(values, prepend=0)) / 4000


def test_a_variance_that_never_moved_is_frozen_since_the_start() -> None:
    constant = BatchStatistics(np.array([16]), np.array([[3.5]]), np.array([[0.5]]))
    settings = TrajectorySettings((0.001,), 4000, fresh(1), dtype="bfloat16")
    lost = study_momenta(RecordedBatches(constant), settings).runs[0].lost_var_updates
    assert lost is not None
    assert lost.frozen_since == (0,)
    assert lost.fraction.tolist() == [1.0]


def test_a_buffer_that_still_moves_is_not_frozen() -> None:
    lost = study(0.1, dtype="float32").runs[0].lost_mean_updates
    assert lost is not None
    assert lost.frozen_since == (None, None)
    assert (lost.fraction < 0.01).all()


def test_nothing_is_lost_in_double_precision() -> None:
    (run,) = study(0.1).runs
    assert run.lost_mean_updates is run.lost_var_updates is None


@pytest.mark.parametrize("momentum", [0.1, None])
def test_the_variance_of_keras_is_smaller_by_what_its_divisor_makes(momentum: float | None) -> None:
    source = GaussianBatches(np.array([3.0]), np.array([2.0]), 4)
    torch_like, keras_like = (
        study_momenta(source, TrajectorySettings((momentum,), 500, fresh(1), ddof=ddof)).runs[0] for ddof in (1, 0)
    )
    np.testing.assert_allclose(keras_like.final_var, torch_like.final_var * 3 / 4, rtol=1e-12)
    np.testing.assert_array_equal(keras_like.final_mean, torch_like.final_mean)
