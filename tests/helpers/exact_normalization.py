"""Batch normalization of one channel in exact rational arithmetic, fast enough for many thousand cases."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.helpers.adversarial import PRECISION_BITS

if TYPE_CHECKING:
    from tests.helpers.adversarial import Values

    Extended = np.ndarray[tuple[int], np.dtype[np.longdouble]]

_HALF = 27
_ROOT_BITS = 200
_SMALLEST_NORMAL_EXPONENT = {"float16": -14, "bfloat16": -126, "float32": -126, "float64": -1022}


def exact_mean_and_var(values: Values) -> tuple[Fraction, Fraction]:
    """Return mean and variance (ddof 0) of finite values."""
    total, squares = _exact_sums(values)
    mean = total / len(values)
    return mean, squares / len(values) - mean * mean


def _exact_sums(values: Values) -> tuple[Fraction, Fraction]:
    """Return the sums of the values and of their squares: integers of 53 bits, summed by exponent in two halves."""
    mantissa, exponent = np.frexp(values.astype(np.float64))
    integers = np.ldexp(mantissa, 53).astype(np.int64)
    total = squares = Fraction(0)
    for power in np.unique(exponent):
        chosen = integers[exponent == power]
        high, low = chosen >> _HALF, chosen & ((1 << _HALF) - 1)
        unit = Fraction(2) ** (int(power) - 53)
        total += unit * ((int(high.sum()) << _HALF) + int(low.sum()))
        products = (_wide_sum(high * high) << 2 * _HALF) + (_wide_sum(high * low) << _HALF + 1) + _wide_sum(low * low)
        squares += unit * unit * products
    return total, squares


def _wide_sum(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    return (int((values >> _HALF).sum()) << _HALF) + int((values & ((1 << _HALF) - 1)).sum())


def exact_output(
    values: Values, mean: Fraction, var: Fraction, eps: float, weight: float = 1.0, bias: float = 0.0
) -> Extended:
    """Return `(x - mean) / sqrt(var + eps) * weight + bias`, off by a few 2^-64 of its parts.

    Values of extreme magnitude are divided by a power of two that the scale then gives back.
    """
    largest = max(abs(Fraction(float(value))) for value in (values.max(), values.min()))
    power = math.frexp(float(largest))[1] if largest else 0
    unit = Fraction(2) ** power
    scale = Fraction(weight) * unit / _root(var + Fraction(eps))
    d = np.ldexp(values.astype(np.longdouble), -power)
    for part in _parts(mean / unit):
        d = d - part
    y = np.zeros_like(d)
    for part in _parts(scale):
        y = y + d * part
    return y + np.longdouble(bias)


def _root(value: Fraction) -> Fraction:
    """Return the square root to some 200 bits."""
    shift = 2 * (_ROOT_BITS + max(0, value.denominator.bit_length() - value.numerator.bit_length()))
    return Fraction(math.isqrt((value.numerator << shift) // value.denominator), 1 << (shift // 2))


def _parts(value: Fraction) -> list[np.longdouble]:
    """Return a value as a sum of two extended ones, the larger first."""
    parts = []
    for _ in range(2):
        high = float(value)
        middle = float(value - Fraction(high))
        parts.append(np.longdouble(high) + np.longdouble(middle))
        value -= _fraction(parts[-1])
    return parts


def _fraction(value: np.longdouble) -> Fraction:
    high = float(value)
    return Fraction(high) + Fraction(float(value - np.longdouble(high)))


def units_in_the_last_place(exact: Extended, dtype: str, smallest: float = 0.0) -> Any:
    """Return the distance between neighbours of `max(|exact|, smallest)` in an element type."""
    _, exponent = np.frexp(np.maximum(np.abs(exact), np.longdouble(smallest)))
    exponent = np.maximum(exponent, _SMALLEST_NORMAL_EXPONENT[dtype] + 1)
    return np.ldexp(np.longdouble(1), exponent - PRECISION_BITS[dtype])
