"""Which momentum moved the running statistics: no file of weights stores it, but dead channels give it away.

A channel that nothing reaches any more has batches of variance 0, so each update multiplies its running variance by
`1 - momentum`, until the products round back to the value itself: the floor. What falls between two files, and where
the floor lies, both tell the momentum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.float_types import FLOAT_TYPES
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from bncli.core.batch_norm_layer import BatchNormLayer


DECAY_ERRORS = {"float16": 0.0, "bfloat16": 2.0**-9, "float32": 0.0}
"""For each element type that has a floor within reach of a training, how far the decay by which PyTorch multiplies may
lie from `1 - momentum`: bfloat16 rounds it to its own type."""

MOST_FLOOR_UNITS = 1000
"""A value above this many units is falling, not at rest: it would need a momentum below 0.0005."""


@dataclass(frozen=True, slots=True)
class FloorMomentum:
    """The momentum as the floor of running variances tells it."""

    low: float
    """Least weight of the new batch that makes them rest there."""
    high: float
    """Greatest one."""
    num_channels: int
    """Channels that rest there."""
    units: int
    """The floor as a multiple of the smallest positive number of `dtype`."""
    floor: float
    """The floor itself."""
    dtype: str
    """Stored element type of the running variances."""


def momentum_from_floor(layers: Iterable[BatchNormLayer]) -> FloorMomentum | None:
    """Return the momentum that the smallest positive running variance of some layers tells; `None` without a floor.

    A variance of k units stays where it is once `(1 - m) k` rounds to k, that is for `m k <= 1/2`, and k + 1 units do
    not: m lies in [1/2 / (k + 1), 1/2 / k]. The lower bound holds even if the channel was still falling; the upper one
    if it was at rest, which several channels of the same value make plain. Of a momentum that changed over the run
    this is the largest since the channel died.

    Args:
        layers: layers of one run; those of another element type than the first one with a floor are passed over.
    """
    lowest: FloorMomentum | None = None
    for layer in layers:
        found = _floor_of_layer(layer)
        if found is None or (lowest is not None and found.dtype != lowest.dtype):
            continue
        if lowest is None or found.units < lowest.units:
            lowest = found
        elif found.units == lowest.units:
            lowest = _floor(lowest.units, lowest.num_channels + found.num_channels, lowest.dtype)
    return lowest


def momentum_against_the_assumed(layers: Iterable[BatchNormLayer], floor: FloorMomentum | None) -> float | None:
    """Return the greatest momentum that the floor allows where one that was assumed is not among those; else `None`."""
    if floor is None:
        return None
    assumed = {layer.momentum.value for layer in layers if layer.momentum.source == "assumed"}
    is_possible = all(value is not None and floor.low <= value <= floor.high for value in assumed)
    return None if is_possible else floor.high


def floor_units(running_var: NDArray[np.generic], dtype: str) -> NDArray[np.int64]:
    """Return running variances in units of the smallest positive number of their type.

    Args:
        running_var: shape (C,), bfloat16 widened to float32.
        dtype: stored element type.

    Returns:
        Shape (C,); 0 where a value is none of the `MOST_FLOOR_UNITS` smallest positive ones, or the type has no floor
        here.
    """
    if dtype not in DECAY_ERRORS:
        return np.zeros(running_var.shape, np.int64)
    float_type = FLOAT_TYPES[dtype]
    units = running_var.astype(np.float64) / float_type.smallest
    is_at_floor = (units > 0) & (units <= min(MOST_FLOOR_UNITS, 2**float_type.precision))
    return np.where(is_at_floor, units, 0).astype(np.int64)


def _floor_of_layer(layer: BatchNormLayer) -> FloorMomentum | None:
    units = floor_units(layer.running_var, layer.dtype)
    if not units.any():
        return None
    positive = units[units > 0]
    lowest = int(positive.min())
    return _floor(lowest, int((positive == lowest).sum()), layer.dtype)


def _floor(units: int, num_channels: int, dtype: str) -> FloorMomentum:
    low, high = 0.5 / (units + 1) - DECAY_ERRORS[dtype], 0.5 / units + DECAY_ERRORS[dtype]
    floor = units * FLOAT_TYPES[dtype].smallest
    return FloorMomentum(max(low, 0.0), min(high, 1.0), num_channels, units, floor, dtype)
