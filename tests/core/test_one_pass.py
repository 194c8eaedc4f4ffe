"""Tests of the one-pass form and of its certificate."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.core.one_pass import is_certified, one_pass
from tests.helpers.oracles import exact_moments, relative_error


def sums_of(values: np.ndarray[tuple[int], np.dtype[np.float32]]) -> tuple[np.ndarray, np.ndarray, int]:
    wide = values.astype(np.float64)[None]
    return np.add.reduce(wide, axis=1), np.add.reduce(wide * wide, axis=1), values.size


@pytest.mark.parametrize("mean", [0.0, 0.5, 1.0, 1.7, 2.0])
def test_whatever_is_certified_is_within_its_bound(mean: float) -> None:
    values = np.random.default_rng(0).normal(mean, 1, 5000).astype(np.float32)
    assert is_certified(*sums_of(values)).all()
    moments = one_pass(*sums_of(values))
    exact_mean, m2 = exact_moments(values)
    assert relative_error(moments.m2[0], m2) <= 2.0**-48
    assert abs(moments.mean[0] - float(exact_mean)) <= 2.0**-48 * np.abs(values).mean()


@pytest.mark.parametrize("values", [[1000.0, 1001.0, 999.0], [3.0, 3.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_cancellation_and_non_finite_values_are_not_certified(values: list[float]) -> None:
    assert not is_certified(*sums_of(np.array(values, np.float32))).any()


def test_rectified_and_evenly_spread_values_are_certified() -> None:
    rng = np.random.default_rng(1)
    for values in (np.maximum(rng.standard_normal(16384), 0), rng.uniform(0, 255, 16384), np.zeros(10)):
        assert is_certified(*sums_of(values.astype(np.float32))).all()


def test_counts_may_differ_from_sum_to_sum() -> None:
    values = np.random.default_rng(2).normal(0.3, 1, 900).astype(np.float32)
    parts = [sums_of(values[:400]), sums_of(values[400:])]
    sums, squares, counts = (np.concatenate([np.atleast_1d(part[field]) for part in parts]) for field in range(3))
    together = one_pass(sums, squares, counts.astype(np.int64))
    for number, part in enumerate(parts):
        alone = one_pass(*part)
        assert (together.mean[number], together.m2[number]) == (alone.mean[0], alone.m2[0])


def test_the_share_that_the_mean_takes_decides() -> None:
    # Of two values 1 and 1 + d, the share of the squares that is left without the mean is d^2 / (2 + 2 (1 + d)^2).
    values = np.array([[1.0, 2.9], [-1.0, -2.9], [1.0, 2.8], [2.0, 2.0], [0.0, 0.0]], np.float32).astype(np.float64)
    found = is_certified(values.sum(1), (values * values).sum(1), 2)
    left = 1 - values.sum(1)[:4] ** 2 / (2 * (values * values).sum(1)[:4])
    assert found.tolist() == [*(left > 3 / 16), True]
    assert found.tolist() == [True, True, False, False, True]
