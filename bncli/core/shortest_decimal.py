"""Stored numbers as the doubles that print shortest, for formats that write numbers as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array


def shortest_decimal(number: np.generic[Any]) -> float:
    """Return the double that prints as the shortest decimal from which the stored float can be read back."""
    return float(str(number))


def shortest_decimals(array: Array) -> NDArray[np.float64]:
    """Return doubles that print as the shortest decimals from which the stored floats can be read back.

    A float32 of 0.1 becomes the double 0.1, not 0.10000000149011612.

    Args:
        array: floats of any precision and shape.

    Returns:
        Doubles of the same shape; those of a float64 array are its own.
    """
    if array.dtype == np.float64:
        return array.astype(np.float64, copy=False)
    decimals = [shortest_decimal(element) for element in array.ravel()]
    return np.array(decimals, dtype=np.float64).reshape(array.shape)
