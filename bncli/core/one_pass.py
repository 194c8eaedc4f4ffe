"""Mean and centred sum of squares from plain sums, with a certificate that says where that is accurate enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.exact_sum import exact_product
from bncli.core.two_pass import RowMoments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

_CERTIFIED_SHARE = 3 / 16
"""Least share of the sum of squares that must be left after the mean is taken off: 16/3 magnifies a sum's rounding
error to less than 2^-48, and evenly spread non-negative values, whose share is 1/4, are still within."""


def is_certified(sums: FloatArray, squares: FloatArray, count: int) -> NDArray[np.bool_]:
    """Return where `one_pass` is accurate enough: nowhere that a value is not finite.

    Args:
        sums: sum of `count` values each, any shape; of values narrower than float64, so that its square is finite.
        squares: sum of their squares; where all are 0, nothing cancels.
        count: values in each sum.
    """
    most_taken_off = (1 - _CERTIFIED_SHARE) * count
    certified: NDArray[np.bool_] = (sums * sums < most_taken_off * squares) | (squares == 0)
    return certified


def one_pass(sums: FloatArray, squares: FloatArray, count: int | IntArray) -> RowMoments:
    """Return moments from sums of `count` values each.

    `m2 = sum(x^2) - mean * sum(x)`, with the product exact, so that only the sums' own rounding is magnified.

    Args:
        sums: sum of x, any shape.
        squares: sum of x^2, of values narrower than float64, whose squares are exact.
        count: values in each sum; one number, or one for each.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        mean = sums / count
        back, back_error = exact_product(mean, np.full_like(mean, count))
        residue = (sums - back) - back_error
        product, product_error = exact_product(mean, sums)
        m2 = ((squares - product) - product_error) - mean * residue
    return RowMoments(mean, residue / count, m2, np.zeros(mean.shape, np.int64))
