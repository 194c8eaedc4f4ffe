"""Smallest and largest value of each channel, and how many values are not finite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.channel_layout import Block
    from bncli.core.named_arrays import Array


@dataclass(frozen=True, slots=True, eq=False)
class ValueRange:
    """Extremes of the finite values and counts of the others; arrays of shape (C,)."""

    minimum: NDArray[np.float64]
    """NaN where a channel has no finite value."""
    maximum: NDArray[np.float64]
    num_nan: NDArray[np.int64]
    num_inf: NDArray[np.int64]


class RangeAccumulator:
    """Gathers the range of an array that arrives block by block."""

    def __init__(self, num_features: int) -> None:
        self._minimum = np.full(num_features, np.inf)
        self._maximum = np.full(num_features, -np.inf)
        self._num_nan = np.zeros(num_features, np.int64)
        self._num_inf = np.zeros(num_features, np.int64)

    def add(self, block: Block, values: Array) -> None:
        """Take in the values of one block, given flat in C order."""
        cube = values.reshape(block.shape)
        minimum = np.minimum.reduce(cube, axis=(0, 2)).astype(np.float64)
        maximum = np.maximum.reduce(cube, axis=(0, 2)).astype(np.float64)
        if not (np.isfinite(minimum).all() and np.isfinite(maximum).all()):
            minimum, maximum = self._count_non_finite(block.channels, cube)
        self._minimum[block.channels] = np.minimum(self._minimum[block.channels], minimum)
        self._maximum[block.channels] = np.maximum(self._maximum[block.channels], maximum)

    def _count_non_finite(self, channels: slice, cube: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        x = cube.astype(np.float64)
        self._num_nan[channels] += np.isnan(x).sum(axis=(0, 2))
        self._num_inf[channels] += np.isinf(x).sum(axis=(0, 2))
        finite = np.isfinite(x)
        return np.where(finite, x, np.inf).min(axis=(0, 2)), np.where(finite, x, -np.inf).max(axis=(0, 2))

    def result(self) -> ValueRange:
        """Return the range of everything taken in."""
        is_empty = self._minimum > self._maximum
        return ValueRange(
            np.where(is_empty, np.nan, self._minimum),
            np.where(is_empty, np.nan, self._maximum),
            self._num_nan,
            self._num_inf,
        )
