"""Tests of the computed transform on numbers of which float64 loses nothing, so that only the last rounding is left."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from bncli.core.coefficients import Coefficients
from bncli.core.computed_transform import ComputedTransform
from bncli.core.rounding import FLOAT_DTYPES, round_to, stored_dtype

X = np.array([[1.0, -3.0, 1001.0], [0.5, 2050.0, -0.125]])
BY_CHANNEL = {"shrink": [1.0, 0.25], "mean": [2.5, -1.0], "scale": [0.75, 3.0], "shift": [0.125, -7.0]}


def transform(dtype: str) -> ComputedTransform:
    return ComputedTransform(Coefficients(**{role: np.array(each) for role, each in BY_CHANNEL.items()}), dtype)


def exact() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rows = []
    for x, *settings in zip(X, *BY_CHANNEL.values(), strict=True):
        shrink, mean, scale, shift = map(Fraction, settings)
        rows.append([float((Fraction(value) * shrink - mean) * scale + shift) for value in x.tolist()])
    return np.array(rows)


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize("stored", [np.float16, np.float32, np.float64])
def test_values_of_any_type_are_rounded_once_and_left_as_they_are(dtype: str, stored: type[np.floating]) -> None:
    x = X.astype(stored)
    out = np.empty(x.shape, stored_dtype(dtype))
    transform(dtype).map(lambda values: values[:, None]).apply(x, out)
    np.testing.assert_array_equal(out, round_to(exact(), dtype))
    np.testing.assert_array_equal(x, X.astype(stored))


def test_a_part_has_the_coefficients_of_its_channels() -> None:
    out = np.empty((1, 3))
    transform("float64").map(lambda values: values[:, None])[1:].apply(X[1:], out)
    np.testing.assert_array_equal(out, exact()[1:])
