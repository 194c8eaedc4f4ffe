"""Sums without rounding error on the way: the one thing that makes a merge independent of order and grouping."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SPLITTER = float(2**27 + 1)


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
    finite = np.isfinite(terms).all(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        sums: NDArray[np.float64] = terms.sum(axis=0)
    for channel in np.flatnonzero(finite & np.isfinite(sums)):
        sums[channel] = math.fsum(terms[:, channel])
    return sums
