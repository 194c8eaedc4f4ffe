"""Tests of running statistics beside the population."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.momentum_study import MomentumStudy, study_momenta
from bncli.analysis.running_trajectory import AverageDtype, RunSettings
from bncli.core.batch_statistics import BatchStatistics
from bncli.core.gaussian_batches import GaussianBatches, Scenario
from bncli.core.recorded_batches import RecordedBatches
from bncli.core.running_statistics import fresh


def study(
    *momenta: float | None, num_steps: int = 400, dtype: AverageDtype = "float64", scenario: Scenario = "stationary"
) -> MomentumStudy:
    source = GaussianBatches(np.array([3.0, -1.0]), np.array([2.0, 0.5]), 16, scenario)
    return study_momenta(source, RunSettings(momenta, num_steps, fresh(2), dtype=dtype))


def test_the_parts_of_an_error_add_up_to_it() -> None:
    result = study(0.1, 0.003, None)
    for run in result.runs:
        np.testing.assert_allclose(
            run.mean_error.initial + run.mean_error.rest, run.final_mean - result.population.mean, atol=1e-14
        )
        np.testing.assert_allclose(
            run.var_error.initial + run.var_error.rest, run.final_var - result.population.var, atol=1e-14
        )


def test_what_is_left_of_the_initial_value_is_its_residue() -> None:
    (run,) = study(0.003).runs
    np.testing.assert_allclose(run.mean_error.initial, 0.997**400 * np.array([-3.0, 1.0]))
    np.testing.assert_allclose(run.var_error.initial, 0.997**400 * np.array([1 - 4.0, 1 - 0.25]))


def test_batches_that_never_vary_leave_nothing_but_the_initial_value() -> None:
    batches = BatchStatistics(np.full(3, 8), np.full((3, 1), 5.0), np.full((3, 1), 2.0))
    (run,) = study_momenta(RecordedBatches(batches), RunSettings((0.1,), 30, fresh(1))).runs
    population_var = 2.0 * 21 / 23  # pooled over three batches of eight: 3 * 7 degrees of freedom in 23
    np.testing.assert_allclose(run.mean_error.rest, 0, atol=1e-13)
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
    settings = RunSettings((0.01,), 4000, fresh(1), dtype="bfloat16", kept_steps="all")
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
    settings = RunSettings((0.001,), 4000, fresh(1), dtype="bfloat16")
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
        study_momenta(source, RunSettings((momentum,), 500, fresh(1), ddof=ddof)).runs[0] for ddof in (1, 0)
    )
    np.testing.assert_allclose(keras_like.final_var, torch_like.final_var * 3 / 4, rtol=1e-12)
    np.testing.assert_array_equal(keras_like.final_mean, torch_like.final_mean)
