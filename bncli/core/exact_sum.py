"""Sums without rounding error on the way: the one thing that makes a merge independent of order and grouping."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPLITTER = float(2**27 + 1)
_MOST_LEVELS = 64
"""More than there can be when terms are added in pairs."""


def exact_product(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return `p, e` with `p = fl(a * b)` and `p + e = a * b` exactly, elementwise.

    Exact while no part overflows or underflows.

    References:
        T. J. Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18, 1971.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        product = a * b
        a_high, a_low = _split(a)
        b_high, b_low = _split(b)
        error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, np.where(np.isfinite(error), error, 0.0)


def _split(a: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    spread = a * _SPLITTER
    high = spread - (spread - a)
    return high, a - high


def column_sums(terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of each column of `terms` (K, C), rounded once; with non-finite terms, the plain sum."""
    with np.errstate(over="ignore", invalid="ignore"):
        total, rest, doubt = _sums_in_two_parts(terms)
        sums = total + rest
        is_certain = (total + (rest - doubt) == sums) & (total + (rest + doubt) == sums)
        for column in np.flatnonzero(~(is_certain & np.isfinite(sums))):
            sums[column] = _sum_rounded_once(terms[:, column])
    return sums


def _sums_in_two_parts(
    terms: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return each column's sum as a rounded value and what rounding took from it, and how far off the latter may be.

    Terms are added in pairs, and the sums in pairs again; the error of each addition is exact.

    References:
        T. Ogita, S. M. Rump, S. Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26, 2005.
    """
    rest, size = np.zeros(terms.shape[1]), np.zeros(terms.shape[1])
    num_terms = len(terms)
    while len(terms) > 1:
        half = len(terms) // 2
        a, b = terms[:half], terms[half : 2 * half]
        pairs = a + b
        part = pairs - a
        errors = (a - (pairs - part)) + (b - part)
        rest += errors.sum(axis=0)
        size += np.abs(errors, out=errors).sum(axis=0)
        terms = pairs if len(terms) == 2 * half else np.concatenate([pairs, terms[2 * half :]])
    # Each of the additions that make `rest` and `size` is off by half an ulp at most; twice that also covers the test.
    return terms.sum(axis=0), rest, (num_terms + _MOST_LEVELS) * np.finfo(np.float64).eps * size


def _sum_rounded_once(terms: NDArray[np.float64]) -> float:
    plain = float(terms.sum())
    return math.fsum(terms) if math.isfinite(plain) and np.isfinite(terms).all() else plain
