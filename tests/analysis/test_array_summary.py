"""Tests of the few numbers that stand for an array."""

from __future__ import annotations

import statistics
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.analysis import array_summary
from bncli.analysis.array_summary import ArraySummary, summaries, summarize

if TYPE_CHECKING:
    from numpy.typing import NDArray

ODD = (np.nan, np.inf, -np.inf, 0.0, -0.0, 6e-45, 3e38, -3e38)


def odd_arrays() -> list[NDArray[Any]]:
    """Return arrays of all types and many lengths, in which values stand that are rare or none."""
    rng = np.random.default_rng(0)
    arrays = []
    for length in [0, 1, 2, 3, 7, 8, 9, 64, 129, 1000, 5000]:
        for dtype in (np.float16, np.float32, np.float64):
            for num_odd in (0, 0, 0, 1, 5):
                values = rng.normal(size=length) * 10.0 ** rng.integers(-9, 9)
                for index in rng.integers(0, max(1, length), num_odd if length else 0):
                    values[index] = rng.choice(ODD)
                with np.errstate(over="ignore"):
                    arrays.append(values.astype(dtype))
    arrays += [np.full(4, 1.5e308), np.full(4, 1.2e308), np.array([1.5e308, -1.5e308, 1e308, 1e308])]
    order = rng.permutation(len(arrays))
    return [arrays[index] for index in order]


def bits(summary: ArraySummary) -> list[Any]:
    numbers = (summary.min, summary.median, summary.max, summary.mean)
    told = [None if number is None else (number.dtype, number.tobytes()) for number in numbers]
    return [*told, summary.num_nan, summary.num_inf]


@pytest.mark.parametrize("most_together", [1, 100, 1300, 2**14, 2**20])
def test_arrays_have_the_same_summaries_bit_by_bit_together_as_alone(
    most_together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_summary, "_MOST_TOGETHER", most_together)
    arrays = odd_arrays()
    assert list(map(bits, summaries(arrays))) == [bits(summarize(values)) for values in arrays]


def test_an_array_is_one_value_everywhere_if_all_its_values_are_finite_and_equal_to_it() -> None:
    assert summarize(np.ones(3)).is_everywhere(1)
    assert summarize(np.array([0.0, -0.0])).is_everywhere(0)
    for values in ([1, 1, 1.5], [0.5, 1, 1], [1, np.nan], [np.inf, 1], [], [2, 2]):
        assert not summarize(np.array(values, np.float64)).is_everywhere(1)


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
