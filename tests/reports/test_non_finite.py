"""Tests of the counts of what JSON writes as null."""

from __future__ import annotations

import numpy as np

from bncli.reports.non_finite import non_finite_counts


def test_arrays_with_values_that_are_not_finite_are_counted_by_their_place() -> None:
    broken = np.array([[1, np.nan], [np.inf, -np.inf]], np.float16)
    record = {"a": {"b": broken, "c": np.ones(2)}, "d": np.array([True, False]), "e": np.arange(2), "f": "nan"}
    assert non_finite_counts(record) == {"a.b": {"num_nan": 1, "num_inf": 2}}
