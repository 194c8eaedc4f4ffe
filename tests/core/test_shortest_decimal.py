from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bncli.core.shortest_decimal import shortest_decimal, shortest_decimals


def test_a_float32_prints_as_the_decimal_it_was_written_as() -> None:
    assert (
        repr(shortest_decimals(np.array([0.1, 1e-5, 16777216.0], dtype=np.float32)).tolist())
        == "[0.1, 1e-05, 16777216.0]"
    )


def test_a_float16_prints_with_the_digits_of_a_float32() -> None:
    assert shortest_decimals(np.array([0.1, 65504.0, 1.7529297], dtype=np.float16)).tolist() == [
        0.099975586,
        65504.0,
        1.7529297,
    ]
    assert shortest_decimal(np.float16(0.1)) == 0.099975586


@given(
    hnp.arrays(st.sampled_from([np.float16, np.float32]), hnp.array_shapes(max_dims=2), elements={"allow_nan": False})
)
def test_the_stored_floats_are_read_back_from_the_text(stored: np.ndarray) -> None:
    text = [repr(number) for number in shortest_decimals(stored).ravel().tolist()]
    read = np.array([float(number) for number in text]).astype(stored.dtype)
    np.testing.assert_array_equal(read.reshape(stored.shape), stored)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_not_finite_stays_so(dtype: type) -> None:
    np.testing.assert_array_equal(
        shortest_decimals(np.array([np.nan, np.inf, -np.inf], dtype)), [np.nan, np.inf, -np.inf]
    )


def test_doubles_and_shapes_stay_as_they_are() -> None:
    array = np.random.default_rng(0).normal(size=(2, 3))
    np.testing.assert_array_equal(shortest_decimals(array), array)


@given(st.floats(width=64))
def test_a_double_stays_as_it_is(number: float) -> None:
    assert repr(shortest_decimal(np.float64(number))) == repr(number)


@given(st.sampled_from([np.float16, np.float32]), st.floats(width=16))
def test_one_number_comes_out_as_those_of_an_array(dtype: type, number: float) -> None:
    stored = np.array([number], dtype)
    assert repr(shortest_decimal(stored[0])) == repr(shortest_decimals(stored).tolist()[0])


def test_a_subnormal_number_keeps_its_value() -> None:
    assert shortest_decimal(np.float32(5.605e-45)) == 4 * 2.0**-149
    assert shortest_decimal(np.float32(0)) == 0
