"""A few numbers that stand for the values of one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bncli.core.named_arrays import Array

    Number = np.floating[Any]


@dataclass(frozen=True, slots=True)
class ArraySummary:
    """Order statistics and mean of the finite values, and counts of the others."""

    min: Number | None
    """In the stored precision; `None` where no value is finite."""
    median: Number | None
    max: Number | None
    mean: Number | None
    """In float64."""
    num_nan: int
    num_inf: int

    @property
    def num_non_finite(self) -> int:
        """How many values are NaN or infinite."""
        return self.num_nan + self.num_inf


def summarize(values: Array) -> ArraySummary:
    """Return the summary of a floating-point array of any shape."""
    finite = values[np.isfinite(values)]
    num_nan = int(np.isnan(values).sum())
    num_inf = values.size - finite.size - num_nan
    if not finite.size:
        return ArraySummary(None, None, None, None, num_nan, num_inf)
    wide = finite.astype(np.float64)
    return ArraySummary(finite.min(), _median(wide), finite.max(), np.mean(wide), num_nan, num_inf)


def _median(values: Array) -> Number:
    """Return the median of values that hold no NaN.

    `np.median` imports NumPy's masked arrays to look for NaN, which takes as long as all else that this module does.
    """
    middle = (values.size - 1) // 2, values.size // 2
    lower, upper = np.partition(values, middle, axis=None)[list(middle)]
    median: Number = lower if middle[0] == middle[1] else np.mean((lower, upper))
    return median
