"""Tests of the operations of a transform at the limits of float64."""

from __future__ import annotations

import numpy as np

from bncli.core.coefficients import Coefficients


def coefficients(shrink: float, mean: float, scale: float, shift: float) -> Coefficients:
    return Coefficients(*(np.array([value]) for value in (shrink, mean, scale, shift)))


def test_values_are_shrunk_moved_scaled_and_shifted() -> None:
    y = np.array([[1.0, 5.0]])
    coefficients(1.0, 3.0, 2.0, 0.5).apply_to(y)
    np.testing.assert_array_equal(y, [[-3.5, 4.5]])


def test_shrinking_keeps_a_difference_within_float64() -> None:
    y = np.array([1.7e308, -1.7e308])
    coefficients(0.25, -1.6e308 / 4, 4e-308, 0.0).apply_to(y)
    np.testing.assert_allclose(y, [3.3, -0.1])


def test_a_part_and_a_repetition_keep_the_four_together() -> None:
    whole = Coefficients(*(np.arange(3.0) + offset for offset in (1, 10, 20, 30)))
    part = whole[1:2].map(lambda values: np.repeat(values, 2))
    assert part.shrink.tolist() == [2, 2]
    assert part.mean.tolist() == [11, 11]
    assert part.scale.tolist() == [21, 21]
    assert part.shift.tolist() == [31, 31]


def test_one_coefficient_that_is_not_finite_spoils_a_channel() -> None:
    broken = Coefficients(np.ones(4), *np.where(np.eye(3, 4), np.nan, 1.0))
    assert broken.is_finite.tolist() == [False, False, False, True]
