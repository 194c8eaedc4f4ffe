"""What is left of a weight to 1, in decimals: turns a decay into a momentum, and back."""

from __future__ import annotations

from decimal import Decimal


def complement(weight: float) -> float:
    """Return `1 - weight` as decimals have it: turns a decay into a momentum and back, 0.99 into 0.01 exactly.

    >>> complement(0.99)
    0.01
    """
    return float(1 - Decimal(repr(weight)))
