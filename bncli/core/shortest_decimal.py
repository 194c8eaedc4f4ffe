"""Stored numbers as the doubles that print shortest, for formats that write numbers as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_SMALLEST_NORMAL = {
    kind().itemsize: np.finfo(kind).smallest_normal for kind in (np.float16, np.float32, np.float64, np.longdouble)
}
"""By bytes: to look it up anew took as long as the rest of a number."""


def shortest_decimal(number: np.floating[Any]) -> float:
    """Return the double that prints as the shortest decimal from which the stored float can be read back.

    A subnormal number is returned as it is: it has so few digits of its own that its shortest decimal may be far off,
    6e-45 for a float32 of 5.605e-45.
    """
    is_subnormal = abs(number) < _SMALLEST_NORMAL[number.itemsize]
    return float(number) if is_subnormal else float(str(number))


def shortest_decimals(array: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return doubles that print as the shortest decimals from which the stored floats can be read back.

    A float32 of 0.1 becomes the double 0.1, not 0.10000000149011612; subnormal numbers stay as they are.

    Args:
        array: floats of any precision and shape.

    Returns:
        Doubles of the same shape; those of a float64 array are its own.
    """
    if array.dtype == np.float64:
        return array.astype(np.float64, copy=False)
    decimals = np.array([float(str(element)) for element in array.ravel()], np.float64).reshape(array.shape)
    is_subnormal = np.abs(array) < np.finfo(array.dtype).smallest_normal
    return np.where(is_subnormal, array.astype(np.float64), decimals)
