"""Tests of sums and products without rounding error."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bncli.core.exact_sum import column_sums, exact_product

MODERATE = st.floats(-(2.0**300), 2.0**300).filter(lambda value: value == 0 or abs(value) > 2.0**-300)


@given(MODERATE, MODERATE)
def test_a_product_and_its_error_are_exactly_the_product(a: float, b: float) -> None:
    product, error = exact_product(np.array([a]), np.array([b]))
    assert Fraction(product[0]) + Fraction(error[0]) == Fraction(a) * Fraction(b)


@given(st.lists(MODERATE, min_size=1, max_size=30))
def test_a_column_sum_is_the_exact_sum_rounded_once(terms: list[float]) -> None:
    total = column_sums(np.array(terms)[:, None])
    assert total[0] == float(sum(map(Fraction, terms), Fraction(0)))


def test_non_finite_terms_stay_in_their_column() -> None:
    sums = column_sums(np.array([[1.0, np.inf, np.inf, np.nan], [2.0, 1.0, -np.inf, 1.0]]))
    assert sums[0] == 3.0
    assert sums[1] == np.inf
    assert np.isnan(sums[2:]).all()
