"""Tests of the weights of a run's steps, summed over pieces of the run."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.run_segments import RunSegments
from bncli.core.gaussian_batches import SCENARIOS, GaussianBatches, Scenario

MOMENTA = [1.0, 0.5, 0.1, 0.003, 1e-5, 0.0, None]


def segments(scenario: Scenario, num_steps: int) -> RunSegments:
    return RunSegments.of(source(scenario), num_steps)


def source(scenario: Scenario) -> GaussianBatches:
    return GaussianBatches(np.zeros(1), np.ones(1), 8, scenario)


def step_weights(momentum: float | None, num_steps: int) -> np.ndarray:
    if momentum is None:
        return np.full(num_steps, 1 / num_steps)
    return momentum * (1 - momentum) ** np.arange(num_steps - 1, -1, -1.0)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("momentum", MOMENTA)
@pytest.mark.parametrize(("num_steps", "tolerance"), [(1, 1e-12), (7, 1e-12), (500, 1e-12), (30_000, 0.02)])
def test_sums_are_those_over_single_steps(
    scenario: Scenario, momentum: float | None, num_steps: int, tolerance: float
) -> None:
    """Exact while every step is a piece of its own."""
    averaged = segments(scenario, num_steps).averaged(momentum)
    weights = step_weights(momentum, num_steps)
    course = source(scenario).course(np.arange(num_steps), num_steps)
    near = {"rel": tolerance, "abs": 1e-12 if tolerance < 1e-3 else 1e-3}
    assert averaged.mean_lag == pytest.approx(weights @ course.offset, **near)
    assert averaged.var_lag == pytest.approx(weights @ (course.scale - 1), **near)
    assert averaged.mean_noise == pytest.approx(weights**2 @ course.scale, **near)
    assert averaged.var_noise == pytest.approx(weights**2 @ course.scale**2, **near)


@pytest.mark.parametrize("num_seen", [1, 40, 10**6])
def test_a_cumulative_average_weighs_what_it_has_seen_like_each_step_of_the_run(num_seen: int) -> None:
    averaged = RunSegments.of(source("drift"), 500, num_seen).averaged(None)
    course = source("drift").course(np.arange(500), 500)
    weights = np.full(500, 1 / (num_seen + 500))
    assert averaged.residue == pytest.approx(1 - weights.sum())
    assert averaged.mean_lag == pytest.approx(weights @ course.offset)
    assert averaged.var_noise == pytest.approx(weights**2 @ course.scale**2)


@pytest.mark.parametrize("momentum", MOMENTA)
def test_the_weights_of_the_start_and_of_all_steps_sum_to_1(momentum: float | None) -> None:
    whole = segments("stationary", 100_000)
    residue, weights, _ = whole._weights(momentum)
    assert residue + weights.sum() == pytest.approx(1, abs=1e-12)


def test_pieces_are_shortest_at_the_end_where_a_large_momentum_weighs() -> None:
    lengths = np.diff(segments("drift", 1_000_000).ends)
    assert lengths.sum() == 1_000_000
    assert (lengths[-10:] == 1).all()
    assert lengths.max() <= 1954
