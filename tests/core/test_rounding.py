"""Tests of the one rounding at the end."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bncli.core.rounding import round_to, round_to_bfloat16

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-41, 3.3895313892515355e38, 3.39e38, 3.4e38, 1e300, 1e-300]


@given(st.lists(st.floats(width=32), min_size=1, max_size=50))
def test_float32_values_round_to_bfloat16_as_in_torch(values: list[float]) -> None:
    x = np.array([*values, *SPECIAL[:9]], np.float32)
    expected = torch.from_numpy(x.copy()).bfloat16().float().numpy()
    np.testing.assert_array_equal(round_to_bfloat16(x.astype(np.float64)), expected)
    np.testing.assert_array_equal(np.signbit(round_to_bfloat16(x)[~np.isnan(x)]), np.signbit(expected[~np.isnan(x)]))


@given(st.floats(-1e38, 1e38).filter(lambda value: abs(value) > 1e-37))
def test_rounding_to_bfloat16_is_to_nearest_and_not_twice(value: float) -> None:
    rounded = float(round_to_bfloat16(np.array([value]))[0])
    bits = int(np.array([rounded], np.float32).view(np.uint32)[0])
    neighbours = [np.array([bits + step], np.uint32).view(np.float32)[0] for step in (-0x10000, 0x10000)]
    distance = abs(Fraction(rounded) - Fraction(value))
    assert all(distance <= abs(Fraction(float(other)) - Fraction(value)) for other in neighbours if np.isfinite(other))


def test_a_value_just_above_a_tie_is_not_rounded_down_by_way_of_float32() -> None:
    just_above = 1.0 + 2.0**-8 + 2.0**-40
    assert np.float32(just_above) == np.float32(1.0 + 2.0**-8)
    assert round_to_bfloat16(np.array([just_above]))[0] == 1.0 + 2.0**-7


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_other_dtypes_round_as_numpy_does_and_overflow_to_infinity(dtype: str) -> None:
    values = np.array(SPECIAL)
    with np.errstate(over="ignore"):
        expected = values.astype(dtype)
    result = round_to(values, dtype)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, expected)
