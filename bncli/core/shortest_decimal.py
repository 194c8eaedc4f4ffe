"""Stored numbers as the doubles that print shortest, for formats that write numbers as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


_SMALLEST_NORMAL = {
    kind().itemsize: float(np.finfo(kind).smallest_normal) for kind in (np.float16, np.float32, np.longdouble)
}
"""By bytes: to look it up anew took as long as the rest of a number."""
_HALF = 2
"""Bytes of a float16."""


def shortest_decimal(number: np.floating[Any]) -> float:
    """Return the double that prints as the shortest decimal from which the stored float can be read back.

    Numbers of few digits would come out far off: a subnormal one is returned as it is, for 6e-45 is no float32 of
    5.605e-45, and a float16 gets the digits of a float32, 1.7529297 and not 1.753.
    """
    double = float(number)
    # A float64 is a double, and need not go through its text: half of the numbers of a report are means and medians.
    if isinstance(number, np.float64) or abs(double) < _SMALLEST_NORMAL[number.itemsize]:
        return double
    return float(str(np.float32(number) if number.itemsize == _HALF else number))


def shortest_decimals(array: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return doubles that print as the shortest decimals from which the stored floats can be read back.

    A float32 of 0.1 becomes the double 0.1, not 0.10000000149011612; numbers of few digits as in `shortest_decimal`.

    Args:
        array: floats of any precision and shape.

    Returns:
        Doubles of the same shape; those of a float64 array are its own.
    """
    if array.dtype == np.float64:
        return array.astype(np.float64, copy=False)
    digits = array.astype(np.float32) if array.dtype.itemsize == _HALF else array
    decimals = np.array([float(str(element)) for element in digits.ravel()], np.float64).reshape(array.shape)
    is_subnormal = np.abs(array) < np.finfo(array.dtype).smallest_normal
    return np.where(is_subnormal, array.astype(np.float64), decimals)
