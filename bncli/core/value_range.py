"""Smallest and largest value of each channel, and how many values are not finite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array
    from bncli.core.unit_moments import UnitMoments


@dataclass(frozen=True, slots=True, eq=False)
class ValueRange:
    """Extremes of the finite values and counts of the others; arrays of shape (C,)."""

    minimum: NDArray[np.float64]
    """NaN where a channel has no finite value."""
    maximum: NDArray[np.float64]
    num_nan: NDArray[np.int64]
    num_inf: NDArray[np.int64]


def value_range(cube: Array, units: Sequence[UnitMoments]) -> ValueRange:
    """Return the range of a block, of which the extremes of its units are known already.

    Args:
        cube: the block, shape (samples, channels, positions); looked at only in channels that are not finite.
        units: the units of the block.
    """
    with np.errstate(invalid="ignore"):
        minimum = np.minimum.reduce([part.minimum.min(axis=0) for part in units])
        maximum = np.maximum.reduce([part.maximum.max(axis=0) for part in units])
    num_nan, num_inf = np.zeros(len(minimum), np.int64), np.zeros(len(minimum), np.int64)
    is_finite = np.isfinite(minimum) & np.isfinite(maximum)
    if is_finite.all():
        return ValueRange(minimum, maximum, num_nan, num_inf)
    for channel in np.flatnonzero(~is_finite):
        values = cube[:, channel].astype(np.float64)
        finite = values[np.isfinite(values)]
        num_nan[channel] = np.isnan(values).sum()
        num_inf[channel] = values.size - finite.size - num_nan[channel]
        minimum[channel], maximum[channel] = finite.min(initial=np.inf), finite.max(initial=-np.inf)
    return _without_empty(minimum, maximum, num_nan, num_inf)


class RangeAccumulator:
    """Gathers the range of an array that arrives block by block."""

    def __init__(self, num_features: int) -> None:
        self._minimum = np.full(num_features, np.inf)
        self._maximum = np.full(num_features, -np.inf)
        self._num_nan = np.zeros(num_features, np.int64)
        self._num_inf = np.zeros(num_features, np.int64)

    def add(self, channels: slice, part: ValueRange) -> None:
        """Take in the range of a block of these channels."""
        self._minimum[channels] = np.fmin(self._minimum[channels], part.minimum)
        self._maximum[channels] = np.fmax(self._maximum[channels], part.maximum)
        self._num_nan[channels] += part.num_nan
        self._num_inf[channels] += part.num_inf

    @property
    def num_bytes(self) -> int:
        """Length of what `to_bytes` gives."""
        return sum(table.nbytes for table in self._tables())

    def to_bytes(self) -> bytes:
        """Return everything taken in, for an accumulator in another process."""
        return b"".join(table.tobytes() for table in self._tables())

    def absorb(self, content: bytes) -> None:
        """Take in what `to_bytes` gave."""
        minimum, maximum, num_nan, num_inf = np.frombuffer(content).reshape(4, -1)
        everything = slice(None)
        self.add(everything, ValueRange(minimum, maximum, num_nan.view(np.int64), num_inf.view(np.int64)))

    def _tables(self) -> tuple[NDArray[np.float64] | NDArray[np.int64], ...]:
        return self._minimum, self._maximum, self._num_nan, self._num_inf

    def result(self) -> ValueRange:
        """Return the range of everything taken in."""
        # Of a zero and a negative zero the one that came first was kept: adding 0 makes both 0.
        return _without_empty(self._minimum + 0.0, self._maximum + 0.0, self._num_nan, self._num_inf)


def _without_empty(
    minimum: NDArray[np.float64],
    maximum: NDArray[np.float64],
    num_nan: NDArray[np.int64],
    num_inf: NDArray[np.int64],
) -> ValueRange:
    is_empty = minimum > maximum
    return ValueRange(np.where(is_empty, np.nan, minimum), np.where(is_empty, np.nan, maximum), num_nan, num_inf)
