"""Tests of sums and products without rounding error."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
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


HALF_ULP = 2.0**-53
TIES = {
    "to even, down": [1.0, HALF_ULP],
    "to even, up": [1.0 + 2 * HALF_ULP, HALF_ULP],
    "just above": [1.0, HALF_ULP, HALF_ULP * 2.0**-60],
    "just below": [1.0, HALF_ULP, -HALF_ULP * 2.0**-60],
    "of many small terms": [1.0] + [HALF_ULP / 1024] * 1024,
    "of terms that cancel": [1e300, 1.0, -1e300, HALF_ULP, 1e-300, -1.0, 1.0],
}


@pytest.mark.parametrize("terms", TIES.values(), ids=TIES)
def test_sums_half_way_between_two_numbers_are_rounded_as_they_should_be(terms: list[float]) -> None:
    exact = float(sum(map(Fraction, terms), Fraction(0)))
    for order in (terms, terms[::-1], sorted(terms)):
        assert column_sums(np.array(order)[:, None])[0] == exact


@pytest.mark.parametrize("num_terms", [1, 2, 3, 1000, 1025])
def test_many_columns_are_summed_as_each_alone_in_any_order(num_terms: int) -> None:
    rng = np.random.default_rng(num_terms)
    terms = rng.standard_normal((num_terms, 40)) * 2.0 ** rng.integers(-80, 80, (num_terms, 40))
    sums = column_sums(terms)
    assert sums.tolist() == [math.fsum(column) for column in terms.T]
    assert np.array_equal(sums, column_sums(rng.permutation(terms)))


def test_sums_beyond_the_largest_number_are_infinite() -> None:
    assert column_sums(np.array([[1e308], [1e308], [-1e308]]))[0] in (np.inf, 1e308)
    assert column_sums(np.full((3, 1), 1e308))[0] == np.inf


def test_non_finite_terms_stay_in_their_column() -> None:
    sums = column_sums(np.array([[1.0, np.inf, np.inf, np.nan], [2.0, 1.0, -np.inf, 1.0]]))
    assert sums[0] == 3.0
    assert sums[1] == np.inf
    assert np.isnan(sums[2:]).all()
