"""Tests of the median against that of the standard library and of NumPy."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bncli.core.median import column_medians, median, median_of_ordered

FINITE = st.floats(-1e300, 1e300)


@settings(derandomize=True)
@given(st.lists(FINITE, min_size=1, max_size=9))
def test_it_is_that_of_the_standard_library(values: list[float]) -> None:
    assert median(np.array(values)) == statistics.median(values)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("num_values", [1, 2, 7, 8])
def test_it_is_that_of_numpy_in_double_precision(num_values: int, dtype: type[np.floating[Any]]) -> None:
    values = np.random.default_rng(0).normal(size=num_values).astype(dtype)
    assert median(values) == np.median(values.astype(np.float64))


@pytest.mark.parametrize("num_rows", [1, 2, 7, 8])
def test_columns_have_theirs_apart_as_those_of_numpy(num_rows: int) -> None:
    values = np.random.default_rng(1).normal(size=(num_rows, 5))
    values[0, 1], values[-1, 2], values[0, 3] = np.nan, np.inf, -np.inf
    np.testing.assert_array_equal(column_medians(values), np.median(values, axis=0))


def test_one_nan_makes_it_nan() -> None:
    assert np.isnan(median(np.array([1.0, np.nan, 2.0])))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1e308, 1.5e308], 1.25e308),
        ([5e-324, 5e-324], 5e-324),
        ([np.inf, 1.0, np.inf], np.inf),
        ([1.0, np.inf], np.inf),
        ([-np.inf, np.inf], np.nan),
    ],
)
def test_the_largest_the_smallest_and_infinite_values_have_one(values: list[float], expected: float) -> None:
    np.testing.assert_array_equal(median(np.array(values)), expected)
    np.testing.assert_array_equal(median_of_ordered(np.sort(values)), expected)
