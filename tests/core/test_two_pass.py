"""Tests of the corrected two-pass form against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from bncli.core.two_pass import two_pass
from tests.helpers.oracles import exact_moments, relative_error


@pytest.mark.parametrize("magnitude", [1.0, 1e200, 1.7e308, 1e-200, 5e-324 * 2**40])
def test_rows_of_any_magnitude_are_within_their_bounds(magnitude: float) -> None:
    rows = magnitude * np.random.default_rng(0).uniform(-1, 1, (3, 700))
    found = two_pass(rows.copy(), is_wide=True)
    for row, values in enumerate(rows):
        mean, m2 = exact_moments(values)
        seen = Fraction(float(found.m2[row])) * Fraction(4) ** int(found.exponent[row])
        assert relative_error(seen, m2) <= 2.0**-48
        seen_mean = Fraction(float(found.mean[row])) + Fraction(float(found.mean_error[row]))
        assert abs(seen_mean - mean) <= Fraction(magnitude) * Fraction(2) ** -48 + Fraction(5e-324)


def test_a_row_with_a_huge_value_does_not_change_the_exponent_of_another() -> None:
    rows = np.array([[1.0, 2.0, 4.0], [1e300, 2.0, 3.0]])
    found = two_pass(rows, is_wide=True)
    assert found.exponent[0] == 0
    assert found.exponent[1] > 900


def test_a_constant_row_has_a_sum_of_squares_of_exactly_zero() -> None:
    for value in (0.1, 1e200, 1e-310, 1.7976931348623157e308, -3.0):
        found = two_pass(np.full((1, 1001), value), is_wide=True)
        assert found.m2[0] == 0
        assert found.mean[0] == value
        assert found.mean_error[0] == 0
