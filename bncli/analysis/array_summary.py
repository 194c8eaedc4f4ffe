"""A few numbers that stand for the values of one array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.core.median import column_medians_of_ordered, median_of_ordered
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bncli.core.named_arrays import Array

    Number = np.floating[Any]

_MOST_TOGETHER = 2**14
"""Values. For more of them the system is asked for memory each time, which takes longer than to sort them."""


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

    def is_everywhere(self, value: float) -> bool:
        """Whether the array has values, and all of them are this one."""
        return bool(self.num_non_finite == 0 and self.min == value == self.max)


def summaries(arrays: Sequence[Array]) -> list[ArraySummary]:
    """Return the summary of each array, as `summarize` does; those of one type and length are taken together.

    Of 100,000 arrays most have a few values, so that the number of calls is what counts.
    """
    alike: dict[tuple[np.dtype[Any], int], list[int]] = {}
    for index, values in enumerate(arrays):
        alike.setdefault((values.dtype, values.size), []).append(index)
    found: dict[int, ArraySummary] = {}
    for (_, size), indices in alike.items():
        step = max(1, _MOST_TOGETHER // max(1, size))
        for start in range(0, len(indices), step):
            chosen = indices[start : start + step]
            found.update(zip(chosen, _together([arrays[index] for index in chosen]), strict=True))
    return [found[index] for index in range(len(arrays))]


def _together(arrays: Sequence[Array]) -> Iterator[ArraySummary]:
    """Yield the summaries of arrays of one type and length."""
    if len(arrays) == 1 or not arrays[0].size:
        yield from map(summarize, arrays)
        return
    rows = np.concatenate([values.reshape(1, -1) for values in arrays])
    ordered = np.sort(rows, axis=1)
    least, most = ordered[:, 0], ordered[:, -1]
    with np.errstate(over="ignore", invalid="ignore"):
        medians = column_medians_of_ordered(ordered.T)
        means = np.add.reduce(rows.astype(np.float64), axis=1) / rows.shape[1]
    # Sorting puts what is not finite first or last.
    are_plain = np.isfinite(least) & np.isfinite(most) & np.isfinite(medians) & np.isfinite(means)
    for values, is_plain, low, median, high, mean in zip(arrays, are_plain, least, medians, most, means, strict=True):
        yield ArraySummary(low, median, high, mean, 0, 0) if is_plain else summarize(values)


def summarize(values: Array) -> ArraySummary:
    """Return the summary of a floating-point array of any shape."""
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
