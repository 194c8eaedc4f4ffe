"""Mean and centred sum of squares of rows in cache, by the corrected two-pass formula, at any magnitude."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bncli.core.row_buffers import rows_apart
from bncli.core.thread_memory import reused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_SAFE_EXPONENT = 400
"""Values within 2^-400 and 2^400 have squares, and squares of their rounding errors, that are normal float64."""
_MOST_NEGATIVE_SHIFT = -1000


class RowMoments(NamedTuple):
    """Moments of each of R rows, shape (R,)."""

    mean: FloatArray
    mean_error: FloatArray
    """What rounding took from `mean`."""
    m2: FloatArray
    """Sum of squared deviations from the mean, in units of `4 ** exponent`."""
    exponent: IntArray


def two_pass(x: FloatArray, *, is_wide: bool) -> RowMoments:
    """Return the moments of each row of `x`, shape (R, n), which is overwritten.

    `s = sum(x)`, `d = x - s / n`, `m2 = sum(d^2) - sum(d)^2 / n`.

    Args:
        x: float64.
        is_wide: whether the values need all digits and the range of float64. A sum of narrower ones with close
            exponents is exact as it is; of wide ones the first is taken off, which makes a constant row exactly
            constant, and rows of extreme magnitude are scaled by a power of two.

    References:
        T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", Am. Stat. 37, 1983.
    """
    rows, count = x.shape
    with np.errstate(over="ignore", invalid="ignore"), rows_apart(count):
        exponent = _extreme_exponents(x) if is_wide else np.zeros(rows, np.int64)
        if exponent.any():
            x *= np.ldexp(1.0, -exponent)[:, None]
        base = x[:, 0].copy() if is_wide else np.zeros(rows)
        base[~np.isfinite(base)] = 0.0
        if base.any():
            x -= base[:, None]
        centre = np.add.reduce(x, axis=1) / count
        x -= centre[:, None]
        residue = np.add.reduce(x, axis=1)
        np.multiply(x, x, out=x)
        squares = _sums_of_wide_squares(x) if is_wide else np.add.reduce(x, axis=1)
        m2 = squares - residue * residue / count
        mean, mean_error = sum_of_three(base, centre, residue / count)
        mean, mean_error = np.ldexp(mean, exponent), np.ldexp(mean_error, exponent)
    return RowMoments(mean, mean_error, np.maximum(m2, 0.0, out=m2), exponent)


def _extreme_exponents(x: FloatArray) -> IntArray:
    """Return the power of two to divide each row by: 0 where its squares fit float64 anyway."""
    largest = np.maximum(np.maximum.reduce(x, axis=1), -np.minimum.reduce(x, axis=1))
    _, exponent = np.frexp(largest)
    is_extreme = np.isfinite(largest) & (largest > 0) & (np.abs(exponent) > _SAFE_EXPONENT)
    return np.where(is_extreme, np.maximum(exponent, _MOST_NEGATIVE_SHIFT), 0).astype(np.int64)


def _sums_of_wide_squares(x: FloatArray) -> FloatArray:
    """Return the sum of each row of non-negative values, which are overwritten, to about one rounding.

    The high part of each value, a multiple of one unit for the whole row, is summed without error. Without that a
    single large square among small ones takes up a rounding error at each addition, all perhaps of one sign.

    References:
        S. M. Rump, T. Ogita, S. Oishi, "Accurate floating-point summation part I", SIAM J. Sci. Comput. 31, 2008.
    """
    _, exponent = np.frexp(np.maximum.reduce(x, axis=1))
    above = np.ldexp(1.0, exponent + x.shape[1].bit_length())[:, None]
    high = np.add(x, above, out=reused("high", x.shape))
    high -= above
    x -= high
    sums: FloatArray = np.add.reduce(high, axis=1) + np.add.reduce(x, axis=1)
    return sums


def sum_of_three(a: FloatArray, b: FloatArray, c: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return `a + b + c` as a rounded value and the error of that rounding, after Knuth's two-sum."""
    first = a + b
    part = first - a
    first_error = (a - (first - part)) + (b - part)
    small = first_error + c
    total = first + small
    error = small - (total - first)
    finite = np.isfinite(total)
    # A non-finite value leaves NaN in its own residue; the plain sum still tells infinity from NaN.
    return np.where(finite, total, first), np.where(finite, error, 0.0)
