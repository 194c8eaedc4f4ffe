from __future__ import annotations

import numpy as np
import pytest

from bncli.core.gaussian_batches import SCENARIOS, GaussianBatches, Scenario

NUM_STEPS = 1000

FIVE_SIGMA = 5.0
"""Level of the tests on random numbers: one false alarm in about two million; and the seeds are fixed."""


def drawn(source: GaussianBatches, num_steps: int = NUM_STEPS) -> tuple[np.ndarray, np.ndarray]:
    (block,) = source.stream([num_steps], num_steps)
    return block.mean, block.var


def source(scenario: Scenario = "stationary", batch_size: int = 8, seed: int = 1) -> GaussianBatches:
    return GaussianBatches(np.array([3.0, -1.0]), np.array([2.0, 0.5]), batch_size, scenario, seed)


@pytest.mark.parametrize("batch_size", [2, 3, 8, 256])
def test_moments_of_the_drawn_statistics_are_those_of_the_exact_law(batch_size: int) -> None:
    num_draws = 100_000
    mean, var = drawn(GaussianBatches(np.array([3.0]), np.array([2.0]), batch_size, seed=2), num_draws)
    level = FIVE_SIGMA / num_draws**0.5
    z = (mean[:, 0] - 3) / (2 / batch_size**0.5)
    assert abs(z.mean()) < level
    assert abs(z.var() - 1) < level * 2**0.5
    degrees = batch_size - 1
    ratio = var[:, 0] / 4
    assert abs(ratio.mean() - 1) < level * (2 / degrees) ** 0.5
    # Fourth central moment of chi2 / degrees, for the standard error of its variance.
    fourth = (12 * degrees**2 + 48 * degrees) / degrees**4
    assert abs(ratio.var() - 2 / degrees) < level * (fourth - (2 / degrees) ** 2) ** 0.5
    assert abs(np.corrcoef(z, ratio)[0, 1]) < level


@pytest.mark.parametrize("batch_size", [2, 8])
def test_drawn_statistics_are_distributed_as_those_of_drawn_values(batch_size: int) -> None:
    num_draws = 20_000
    mean, var = drawn(GaussianBatches(np.array([3.0]), np.array([2.0]), batch_size, seed=3), num_draws)
    values = np.random.default_rng(4).normal(3, 2, (num_draws, batch_size))
    for ours, theirs in ((mean[:, 0], values.mean(axis=1)), (var[:, 0], values.var(axis=1, ddof=1))):
        # Two-sample Kolmogorov-Smirnov: a distance beyond 1.95 sqrt(2 / N) has probability 0.001.
        assert largest_distance(ours, theirs) < 1.95 * (2 / num_draws) ** 0.5


def largest_distance(a: np.ndarray, b: np.ndarray) -> float:
    at = np.sort(np.concatenate([a, b]))
    below_a = np.searchsorted(np.sort(a), at, side="right") / len(a)
    below_b = np.searchsorted(np.sort(b), at, side="right") / len(b)
    return float(np.abs(below_a - below_b).max())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_batches_do_not_depend_on_the_blocks(scenario: Scenario) -> None:
    whole = drawn(source(scenario), 100)
    blocks = list(source(scenario).stream([1, 60, 39], 100))
    np.testing.assert_array_equal(np.concatenate([block.mean for block in blocks]), whole[0])
    np.testing.assert_array_equal(np.concatenate([block.var for block in blocks]), whole[1])


def test_the_same_seed_gives_the_same_batches_and_another_seed_others() -> None:
    np.testing.assert_array_equal(drawn(source(seed=1))[0], drawn(source(seed=1))[0])
    assert (drawn(source(seed=1))[0] != drawn(source(seed=2))[0]).all()


def test_channels_are_independent() -> None:
    mean, var = drawn(source(), 10_000)
    assert abs(np.corrcoef(mean.T)[0, 1]) < FIVE_SIGMA / 100
    assert abs(np.corrcoef(var.T)[0, 1]) < FIVE_SIGMA / 100


def test_a_population_of_one_value_gives_batches_of_it() -> None:
    mean, var = drawn(GaussianBatches(np.array([3.0]), np.array([0.0]), 4))
    assert (mean == 3).all()
    assert (var == 0).all()


def course(scenario: Scenario, num_steps: int) -> tuple[np.ndarray, np.ndarray]:
    course = source(scenario).course(np.arange(num_steps), num_steps)
    return course.offset, course.scale


def test_a_drift_moves_in_even_steps_to_the_population() -> None:
    offset, scale = course("drift", 101)
    np.testing.assert_allclose(offset, np.linspace(-2, 0, 101), atol=1e-15)
    np.testing.assert_allclose(np.sqrt(scale), np.linspace(2, 1, 101))


def test_a_shift_comes_at_half_of_the_steps() -> None:
    offset, scale = course("shift", 7)
    assert offset.tolist() == [-2, -2, -2, 0, 0, 0, 0]
    assert scale.tolist() == [4, 4, 4, 1, 1, 1, 1]


def test_sorted_classes_pool_to_the_population() -> None:
    offset, scale = course("class-sorted", 200)
    assert offset.mean() == pytest.approx(0, abs=1e-15)
    assert (offset**2).mean() + scale.mean() == pytest.approx(1)
    steps_between_classes = np.diff(np.unique(offset))
    np.testing.assert_allclose(steps_between_classes, np.sqrt(scale[0]))
    assert (np.diff(offset) >= 0).all()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_run_of_a_single_step_has_a_course(scenario: Scenario) -> None:
    offset, scale = course(scenario, 1)
    assert np.isfinite([*offset, *scale]).all()


@pytest.mark.parametrize("scenario", ["drift", "shift", "class-sorted"])
def test_batches_follow_the_course(scenario: Scenario) -> None:
    mean, var = drawn(source(scenario, batch_size=100))
    offset, scale = course(scenario, NUM_STEPS)
    level = FIVE_SIGMA / NUM_STEPS**0.5
    residue = (mean - source().mean) / source().std - offset[:, None]
    assert (np.abs((residue / np.sqrt(scale / 100)[:, None]).mean(axis=0)) < level).all()
    ratio = var / source().std ** 2 / scale[:, None]
    assert (np.abs(ratio.mean(axis=0) - 1) < level * (2 / 99) ** 0.5).all()


@pytest.mark.parametrize("ddof", [0, 1])
def test_noise_is_the_scatter_of_the_drawn_statistics(ddof: int) -> None:
    (block,) = source().stream([50_000], 50_000)
    noise = source().noise(ddof)
    np.testing.assert_allclose(noise.mean_var, block.mean.var(axis=0), rtol=0.05)
    np.testing.assert_allclose(noise.var_var, block.var_with(ddof).var(axis=0), rtol=0.05)
