"""Moments and extremes of the units of a block, in passes that run in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bncli.core.one_pass import is_certified, one_pass
from bncli.core.thread_memory import reused
from bncli.core.two_pass import RowMoments, two_pass
from bncli.core.widening import without_float16
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array

    FloatArray = NDArray[np.float64]

CACHE_ELEMENTS = 1 << 18
"""Values converted to float64 at once: 2 MiB, so that all passes over them run in the cache. With fewer, two threads
wait longer for each other, at the interpreter between the passes, than a nearer cache saves."""


class PlainSums(NamedTuple):
    """Sums over units, of which every one is certified for `one_pass`; arrays of shape (U, C)."""

    sums: FloatArray
    squares: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class UnitMoments:
    """Moments and extremes of U units of C channels; arrays of shape (U, C)."""

    count: int
    """Values of one channel in each unit."""
    measured: PlainSums | RowMoments
    """Plain sums where they are enough: what follows from them is cheaper to compute for many units together."""
    minimum: FloatArray
    """NaN where a unit holds NaN."""
    maximum: FloatArray

    @property
    def moments(self) -> RowMoments:
        """The moments, whichever way they were measured."""
        return one_pass(*self.measured, self.count) if isinstance(self.measured, PlainSums) else self.measured


def unit_moments(units: Array) -> UnitMoments:
    """Return the moments of each unit.

    Which form a unit takes depends on its values alone: float64 values always go by two passes, narrower ones by one
    pass where that is certified, and by two where it is not.

    Args:
        units: shape (units, samples, channels, positions), any floating dtype.
    """
    by_channel = units.transpose(0, 2, 1, 3)
    num_units, channels, samples, positions = by_channel.shape
    shape, count = (num_units, channels), samples * positions
    minimum, maximum = np.empty(shape), np.empty(shape)
    with np.errstate(invalid="ignore"):
        if units.dtype == np.float64:
            chosen = np.ones(shape, np.bool_)
            moments = RowMoments(np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape, np.int64))
        else:
            plain = _plain_sums(by_channel, minimum, maximum)
            chosen = ~is_certified(*plain, count)
            if not chosen.any():
                return UnitMoments(count, plain, minimum, maximum)
            moments = one_pass(*plain, count)
        _measure_by_two_passes(by_channel, chosen, UnitMoments(count, moments, minimum, maximum))
    return UnitMoments(count, moments, minimum, maximum)


def _plain_sums(units: Array, minimum: FloatArray, maximum: FloatArray) -> PlainSums:
    """Return sums over (units, channels, samples, positions), and fill in the extremes."""
    shape, count = units.shape[:2], units.shape[2] * units.shape[3]
    sums, squares = np.empty(shape), np.empty(shape)
    for piece in _pieces(shape, count):
        values = without_float16(units[piece])
        rows = values.reshape(*values.shape[:2], count)
        minimum[piece] = np.minimum.reduce(rows, axis=2)
        maximum[piece] = np.maximum.reduce(rows, axis=2)
        x = reused("wide", rows.shape)
        np.copyto(x, rows)
        np.add.reduce(x, axis=2, out=sums[piece])
        np.multiply(x, x, out=x)
        np.add.reduce(x, axis=2, out=squares[piece])
    return PlainSums(sums, squares)


def _measure_by_two_passes(units: Array, chosen: NDArray[np.bool_], result: UnitMoments) -> None:
    """Fill in moments and extremes of the chosen (unit, channel) pairs of (units, channels, samples, positions)."""
    unit, channel = np.nonzero(chosen)
    step = max(1, CACHE_ELEMENTS // result.count)
    for first in range(0, len(unit), step):
        pairs = unit[first : first + step], channel[first : first + step]
        x = units[pairs].reshape(-1, result.count).astype(np.float64, copy=False)
        result.minimum[pairs] = np.minimum.reduce(x, axis=1)
        result.maximum[pairs] = np.maximum.reduce(x, axis=1)
        for table, values in zip(result.moments, two_pass(x, is_wide=units.dtype == np.float64), strict=True):
            table[pairs] = values


def _pieces(shape: tuple[int, ...], count: int) -> Iterator[tuple[slice, slice]]:
    """Cut (units, channels) of `count` values each into pieces that fit in the cache."""
    num_units, channels = shape
    most = max(1, CACHE_ELEMENTS // count)
    width = max(1, -(-channels // max(1, -(-channels // most))))
    height = max(1, CACHE_ELEMENTS // (count * width))
    for first in range(0, num_units, height):
        for left in range(0, channels, width):
            yield slice(first, first + height), slice(left, left + width)
