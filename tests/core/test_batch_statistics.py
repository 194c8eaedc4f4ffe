"""Tests of the batch statistics of a run."""

from __future__ import annotations

import numpy as np

from bncli.core.batch_statistics import BatchStatistics

VALUES = np.random.default_rng(0).normal(2, 3, (5, 12, 4))

BATCHES = BatchStatistics(np.full(5, 12), VALUES.mean(axis=1), VALUES.var(axis=1, ddof=1))


def test_variances_are_given_with_either_divisor() -> None:
    np.testing.assert_allclose(BATCHES.var_with(0), VALUES.var(axis=1, ddof=0))
    np.testing.assert_array_equal(BATCHES.var_with(1), BATCHES.var)


def test_m2_is_the_sum_of_squared_deviations() -> None:
    deviations = VALUES - VALUES.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(BATCHES.m2, (deviations**2).sum(axis=1))


def test_rows_are_taken_in_the_order_asked_for() -> None:
    taken = BATCHES.rows(np.array([3, 0, 3]))
    assert len(taken) == 3
    assert taken.num_features == 4
    np.testing.assert_array_equal(taken.mean, BATCHES.mean[[3, 0, 3]])
    np.testing.assert_array_equal(taken.var, BATCHES.var[[3, 0, 3]])
