"""Tests of stored numbers as they are written."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bncli.reports.stored_decimal import stored_decimal


def test_a_float32_of_a_tenth_is_a_tenth() -> None:
    assert stored_decimal(np.float32(0.1)) == 0.1
    assert stored_decimal(np.float16(0.1)) == 0.1
    assert stored_decimal(np.float64(0.1)) == 0.1


@given(st.floats(width=32, allow_nan=False))
def test_the_decimal_leads_back_to_the_stored_number(value: float) -> None:
    stored = np.float32(value)
    assert np.float32(stored_decimal(stored)) == stored
