"""Tests that values are copied into float64 exactly, those of float16 by way of their bits."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.core.widening import widen

EVERY_FLOAT16 = np.arange(1 << 16, dtype=np.uint16).view(np.float16)


@pytest.mark.parametrize("values", [EVERY_FLOAT16, EVERY_FLOAT16[np.isfinite(EVERY_FLOAT16)]], ids=["all", "finite"])
def test_every_value_of_float16_is_copied_exactly(values: np.ndarray[tuple[int], np.dtype[np.float16]]) -> None:
    wide = np.empty(len(values))
    widen(wide, values)
    with np.errstate(invalid="ignore"):
        expected = values.astype(np.float64)
    np.testing.assert_array_equal(wide, expected)
    assert (np.signbit(wide) == np.signbit(values)).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_views_and_empty_arrays_are_copied_in_their_shape(dtype: type[np.floating]) -> None:
    values = np.random.default_rng(0).normal(0, 100, (4, 6, 5)).astype(dtype)
    for view in (values[:, ::2], values.transpose(2, 0, 1), values[:0]):
        wide = np.empty(view.shape)
        widen(wide, view)
        np.testing.assert_array_equal(wide, view.astype(np.float64))
