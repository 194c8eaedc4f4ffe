"""Moments and extremes of the units of a block, in passes that run in the cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.one_pass import one_pass
from bncli.core.thread_memory import reused
from bncli.core.two_pass import RowMoments, two_pass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array

    FloatArray = NDArray[np.float64]

CACHE_ELEMENTS = 1 << 17
"""Values converted to float64 at once: 1 MiB, so that all passes over them run in the cache."""


@dataclass(frozen=True, slots=True, eq=False)
class UnitMoments:
    """Moments and extremes of U units of C channels; arrays of shape (U, C)."""

    count: int
    """Values of one channel in each unit."""
    moments: RowMoments
    minimum: FloatArray
    """NaN where a unit holds NaN."""
    maximum: FloatArray


def unit_moments(units: Array) -> UnitMoments:
    """Return the moments of each unit.

    Which form a unit takes depends on its values alone: float64 values always go by two passes, narrower ones by one
    pass where that is certified, and by two where it is not.

    Args:
        units: shape (units, samples, channels, positions), any floating dtype.
    """
    by_channel = units.transpose(0, 2, 1, 3)
    num_units, channels, samples, positions = by_channel.shape
    result = _empty(samples * positions, (num_units, channels))
    with np.errstate(invalid="ignore"):
        if units.dtype == np.float64:
            _measure_by_two_passes(by_channel, np.ones((num_units, channels), np.bool_), result)
        else:
            is_certified = _measure_by_one_pass(by_channel, result)
            if not is_certified.all():
                _measure_by_two_passes(by_channel, ~is_certified, result)
    return result


def _empty(count: int, shape: tuple[int, int]) -> UnitMoments:
    moments = RowMoments(np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape, np.int64))
    return UnitMoments(count, moments, np.empty(shape), np.empty(shape))


def _measure_by_one_pass(units: Array, result: UnitMoments) -> NDArray[np.bool_]:
    """Fill in moments and extremes of (units, channels, samples, positions), and return which are certified."""
    shape, count = units.shape[:2], result.count
    sums, squares = np.empty(shape), np.empty(shape)
    for piece in _pieces(shape, count):
        values = units[piece]
        wide = reused("wide", values.shape)
        np.copyto(wide, values)
        x = wide.reshape(*values.shape[:2], count)
        np.minimum.reduce(x, axis=2, out=result.minimum[piece])
        np.maximum.reduce(x, axis=2, out=result.maximum[piece])
        np.add.reduce(x, axis=2, out=sums[piece])
        np.multiply(x, x, out=x)
        np.add.reduce(x, axis=2, out=squares[piece])
    moments, is_certified = one_pass(sums, squares, count)
    for table, values in zip(result.moments, moments, strict=True):
        table[...] = values
    return is_certified


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
    width = min(channels, max(1, CACHE_ELEMENTS // count))
    height = max(1, CACHE_ELEMENTS // (count * width))
    for first in range(0, num_units, height):
        for left in range(0, channels, width):
            yield slice(first, first + height), slice(left, left + width)
