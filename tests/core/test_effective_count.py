"""Tests of how many independent values a mean is worth."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.core.effective_count import effective_count


def count_of(batch: np.ndarray) -> np.ndarray:
    """Of a batch of shape (N, C, S)."""
    samples, _, positions = batch.shape
    with np.errstate(invalid="ignore", divide="ignore"):
        unbiased_var = batch.var((0, 2)) * batch[:, 0].size / np.float64(batch[:, 0].size - 1)
        return effective_count(unbiased_var, batch.mean(2).var(0), samples, samples * positions)


def test_the_mean_of_many_batches_scatters_as_that_of_so_many_independent_values() -> None:
    """Positions that share half of their variance with their sample."""
    rng = np.random.default_rng(0)
    batches = rng.normal(size=(4000, 20, 1, 1)) + rng.normal(size=(4000, 20, 1, 16))
    scatter = batches.mean((1, 2, 3)).var(ddof=1)
    expected = batches.var() / scatter
    found = np.median([count_of(batch)[0] for batch in batches])
    assert found == pytest.approx(expected, rel=0.1)


def test_it_is_at_most_the_number_of_values() -> None:
    assert count_of(np.tile([-1.0, 1.0], (4, 2, 3))).tolist() == [24, 24]
    assert count_of(np.ones((4, 2, 3))).tolist() == [12, 12]


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_broken_value_is_worth_nothing(broken: float) -> None:
    batch = np.random.default_rng(0).normal(size=(6, 2, 5))
    batch[0, 1, 0] = broken
    with np.errstate(invalid="ignore"):
        assert np.isnan(count_of(batch)).tolist() == [False, True]


def test_a_single_sample_tells_nothing() -> None:
    assert np.isnan(count_of(np.random.default_rng(0).normal(size=(1, 2, 5)))).all()
