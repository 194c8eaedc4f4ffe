"""Tests of the few numbers that stand for an array."""

from __future__ import annotations

import statistics
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from bncli.analysis.array_summary import summarize


def test_statistics_are_of_the_finite_values_and_the_others_are_counted() -> None:
    summary = summarize(np.array([3, np.nan, 1, np.inf, 8, -np.inf, np.nan], np.float32))
    assert (summary.min, summary.median, summary.max, summary.mean) == (1, 3, 8, 4)
    assert (summary.num_nan, summary.num_inf, summary.num_non_finite) == (2, 2, 4)


def test_extremes_keep_the_stored_precision() -> None:
    summary = summarize(np.array([0.1, 0.2], np.float32))
    assert summary.min == np.float32(0.1)
    assert summary.min is not None
    assert summary.min.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1,), (2,), (7,), (5, 4), (20_001,)])
def test_mean_and_median_are_numpys_in_double_precision(dtype: type[np.floating[Any]], shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(0, 1, shape).astype(dtype)
    summary = summarize(values)
    wide = values.astype(np.float64)
    assert (summary.mean, summary.median) == (np.mean(wide), np.median(wide))
    assert (summary.min, summary.max) == (values.min(), values.max())


@pytest.mark.parametrize("values", [(1e308, 1.5e308), (1.5e308,), (1e308, 1.5e308, 1.25e308), (-1.5e308, 1.5e308)])
def test_mean_and_median_of_the_largest_numbers_are_numbers(values: tuple[float, ...]) -> None:
    summary = summarize(np.array(values))
    assert summary.median == statistics.median(map(Fraction, values))
    assert summary.mean == pytest.approx(float(statistics.mean(map(Fraction, values))))


def test_an_array_without_finite_values_has_only_counts() -> None:
    for values in (np.array([np.nan, np.inf]), np.empty(0)):
        summary = summarize(values)
        assert (summary.min, summary.median, summary.max, summary.mean) == (None, None, None, None)
        assert summary.num_non_finite == values.size
