"""A few numbers that stand for the values of one array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.core.median import median_of_ordered
from bncli.light_dataclass import dataclass

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
    # Of 100,000 arrays most have a few values, so that the number of calls is what counts.
    is_finite = np.isfinite(values)
    num_finite = int(np.count_nonzero(is_finite))
    num_nan = 0 if num_finite == values.size else int(np.isnan(values).sum())
    num_inf = values.size - num_finite - num_nan
    if not num_finite:
        return ArraySummary(None, None, None, None, num_nan, num_inf)
    finite = values.reshape(-1) if num_finite == values.size else values[is_finite]
    ordered = np.sort(finite)
    return ArraySummary(
        ordered[0], np.float64(median_of_ordered(ordered)), ordered[-1], _mean(finite), num_nan, num_inf
    )


def _mean(finite: Array) -> Number:
    """Return the mean of finite values, in float64."""
    with np.errstate(over="ignore"):
        mean: Number = np.add.reduce(finite.astype(np.float64)) / finite.size
    return mean if np.isfinite(mean) else np.add.reduce(np.true_divide(finite, finite.size))
