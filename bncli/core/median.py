"""The median, without NumPy's: its first call imports masked arrays, which takes a tenth of a short run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def median(values: NDArray[Any]) -> float:
    """Return the middle one of the values in order, or the mean of the two in the middle.

    Args:
        values: shape (N,), whole or floating-point numbers, N at least 1.

    Returns:
        In float64; NaN where a value is NaN.

    >>> median(np.array([3.0, 1.0, 2.0, 8.0]))
    2.5
    """
    ordered = np.sort(values)
    return math.nan if np.isnan(ordered[-1]) else median_of_ordered(ordered)  # sorting puts NaN last


def column_medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each column.

    Args:
        values: shape (N, C), N at least 1.

    Returns:
        Shape (C,); NaN where a value of the column is NaN.
    """
    ordered = np.sort(values, axis=0)
    return np.where(np.isnan(ordered[-1]), np.nan, column_medians_of_ordered(ordered))


def column_medians_of_ordered(ordered: NDArray[Any]) -> NDArray[np.float64]:
    """Return the median of columns that ascend and hold no NaN; infinite where the sum of two values is.

    Args:
        ordered: shape (N, C), N at least 1.

    Returns:
        Shape (C,).
    """
    lower, upper = (ordered[at].astype(np.float64) for at in ((len(ordered) - 1) // 2, len(ordered) // 2))
    middle: NDArray[np.float64] = (lower + upper) / 2
    return middle


def median_of_ordered(ordered: NDArray[Any]) -> float:
    """Return the median of values that ascend and are not NaN; arguments as of `median`."""
    lower, upper = float(ordered[(len(ordered) - 1) // 2]), float(ordered[len(ordered) // 2])
    middle = (lower + upper) / 2
    # Halves of the largest doubles have a sum, and the smallest one has no half: the one only where the other fails.
    return middle if math.isfinite(middle) else lower / 2 + upper / 2
