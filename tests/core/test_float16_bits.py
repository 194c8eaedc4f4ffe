"""Tests of float16 by its bits against NumPy's conversions, and against exact arithmetic around ties."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.core import rounding
from bncli.core.float16_bits import round_into_float16, widened_to_float32
from bncli.core.rounding import round_to

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array

EVERY_VALUE = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
FINITE = np.sort(EVERY_VALUE[np.isfinite(EVERY_VALUE)].astype(np.float64))
TIES = (FINITE[1:] + FINITE[:-1]) / 2
"""The middle between any two neighbours; exact in float64."""


def rounded(values: NDArray[np.float64]) -> NDArray[np.float16]:
    result = np.empty(values.shape, np.float16)
    round_into_float16(result, values)
    return result


def converted(values: NDArray[np.float64]) -> NDArray[np.float16]:
    with np.errstate(all="ignore"):
        return values.astype(np.float16)


def bits(values: Array) -> NDArray[np.uint16]:
    return values.view(np.uint16)


@pytest.mark.parametrize("values", [EVERY_VALUE, FINITE.astype(np.float16), FINITE[:0].astype(np.float16)])
def test_every_value_is_widened_exactly(values: NDArray[np.float16]) -> None:
    wide = widened_to_float32(values)
    assert wide.dtype == np.float32
    np.testing.assert_array_equal(wide, values.astype(np.float32))
    assert (np.signbit(wide) == np.signbit(values)).all()


def test_every_value_stays_what_it_is() -> None:
    with np.errstate(invalid="ignore"):
        values = EVERY_VALUE.astype(np.float64)
    np.testing.assert_array_equal(bits(rounded(values)), bits(converted(values)))


@pytest.mark.parametrize("towards", [None, -np.inf, np.inf], ids=["on", "below", "above"])
@pytest.mark.parametrize("steps", [1, 1 << 20])
def test_ties_and_what_lies_next_to_them_go_to_the_nearest(towards: float | None, steps: int) -> None:
    values = TIES
    if towards is not None:
        values = np.where(TIES == 0, TIES, TIES + np.sign(towards) * np.spacing(np.abs(TIES)) * steps)
    result = rounded(values)
    np.testing.assert_array_equal(bits(result), bits(converted(values)))
    for value, found in zip(values[::97], result[::97].astype(float), strict=True):
        distances = [
            abs(Fraction(value) - Fraction(other)) for other in FINITE[np.searchsorted(FINITE, value) - 1 :][:2]
        ]
        assert abs(Fraction(value) - Fraction(found)) == min(distances)


@pytest.mark.parametrize("scale", [1e-9, 1e-5, 1.0, 1e4, 1e6, 1e300])
def test_arbitrary_values_are_rounded_as_by_numpy(scale: float) -> None:
    values = np.random.default_rng(0).normal(0, scale, (50, 7, 300))
    np.testing.assert_array_equal(bits(rounded(values)), bits(converted(values)))


@pytest.mark.parametrize("value", [65519.999999999, 65520.0, 65536.0, 1e38, 1e39, np.inf])
@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_too_large_becomes_infinity(value: float, sign: int) -> None:
    values = np.array([sign * value])
    np.testing.assert_array_equal(rounded(values), converted(values))


@pytest.mark.parametrize("pattern", [0x7FF8000000000000, 0xFFFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x7FF0000000000001])
def test_nan_stays_nan_whatever_its_bits(pattern: int) -> None:
    assert np.isnan(rounded(np.array([pattern], np.uint64).view(np.float64))).all()


def test_zeros_keep_their_sign() -> None:
    assert np.signbit(rounded(np.array([0.0, -0.0, 1e-300, -1e-300]))).tolist() == [False, True, False, True]


def test_views_are_rounded_in_their_shape() -> None:
    values = np.random.default_rng(0).normal(size=(4, 6, 5))
    result = np.zeros((6, 4, 5), np.float16)
    round_into_float16(result.transpose(1, 0, 2)[:, ::2], values[:, ::2])
    np.testing.assert_array_equal(result[::2], converted(values[:, ::2]).transpose(1, 0, 2))


def test_few_and_many_values_are_rounded_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.concatenate([TIES, np.random.default_rng(0).normal(size=1000)])
    many = round_to(values, "float16")
    monkeypatch.setattr(rounding, "_MANY", len(values) + 1)
    np.testing.assert_array_equal(bits(round_to(values, "float16")), bits(many))
