"""Which momentum moved the running statistics between two files: how far the variances of dead channels fell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.momentum_recovery import DECAY_ERRORS
from bncli.core.float_types import FLOAT_TYPES
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from bncli.core.batch_norm_layer import BatchNormLayer

    FloatArray = NDArray[np.float64]

_PRODUCT_ERROR = 2.0**-24
"""Relative error of a product in float32 arithmetic, as on GPUs, beside its rounding to the buffer."""
_WEIGHT_ERROR = 2.0**-24
"""How far 1 - momentum may lie off in float32 arithmetic."""
_SMALLEST_MOMENTUM = 1e-4
"""Over many updates living channels fall as if by less."""
_NARROW_ERROR = 1e-6
_TELLING_FALL = 0.1
"""Where roundings are greater than `_NARROW_ERROR`, living channels may agree by chance unless they fell below this."""
_CUMULATIVE_TOLERANCE = 1e-3
_FEWEST_AGREEING = 2


@dataclass(frozen=True, slots=True)
class DecayMomentum:
    """The momentum as the fall of variances between two files tells it."""

    low: float
    """Least weight of the new batch that the roundings allow; nothing falls faster, so that it holds in any case."""
    high: float
    """Greatest one, if the channels were dead from the first file to the second."""
    num_channels: int
    """Channels that agree: two or more, for living ones never do."""
    is_cumulative: bool
    """Whether they fell as the cumulative average makes them, by T1 / T2; the weights are then those of mid-way."""


@dataclass(frozen=True, slots=True, eq=False)
class _Falls:
    """Bounds on the momentum from single channels; arrays of equal shape."""

    channels: NDArray[np.intp]
    low: FloatArray
    high: FloatArray
    is_cumulative: NDArray[np.bool_]


def momentum_from_decay(pairs: Iterable[tuple[BatchNormLayer, BatchNormLayer]]) -> DecayMomentum | None:
    """Return the momentum that dead channels of some layers agree on; `None` where there are not two of them.

    Over dT updates a dead channel's variance falls from v1 to `(1 - m)^dT v1`, and that of a living one less: so
    `m = 1 - (v2 / v1)^(1 / dT)` of the channels that fell fastest.

    Args:
        pairs: the same layers in an earlier and a later file of one run, both with counters.
    """
    falls = [fall for before, after in pairs if (fall := _falls(before, after)) is not None]
    if not falls:
        return None
    low, high = np.concatenate([fall.low for fall in falls]), np.concatenate([fall.high for fall in falls])
    if not low.size or low.max() < _SMALLEST_MOMENTUM:
        return None
    agree = high >= low.max()
    if int(agree.sum()) < _FEWEST_AGREEING:
        return None
    is_cumulative = bool(np.concatenate([fall.is_cumulative for fall in falls])[agree].all())
    return DecayMomentum(float(low.max()), float(high[agree].min()), int(agree.sum()), is_cumulative)


def is_decaying(before: BatchNormLayer, after: BatchNormLayer, momentum: DecayMomentum) -> NDArray[np.bool_]:
    """Return which channels of a layer fell as fast between two files as this momentum makes those without input."""
    is_hit = np.zeros(after.num_features, np.bool_)
    falls = _falls(before, after)
    if falls is not None:
        is_hit[falls.channels[falls.high >= momentum.low]] = True
    return is_hit


def _falls(before: BatchNormLayer, after: BatchNormLayer) -> _Falls | None:
    """Return the bounds from each channel that fell and did not reach the floor."""
    counters = before.num_batches_tracked, after.num_batches_tracked
    if not (isinstance(counters[0], int) and isinstance(counters[1], int) and counters[1] > counters[0] >= 0):
        return None
    buffer = FLOAT_TYPES.get(after.dtype, FLOAT_TYPES["float64"])
    old, new = before.running_var.astype(np.float64), after.running_var.astype(np.float64)
    error = 2.0**-buffer.precision + _PRODUCT_ERROR
    weight_error = _WEIGHT_ERROR + DECAY_ERRORS.get(after.dtype, 0.0)
    has_fallen = (old > new) & (new >= buffer.smallest_normal) & np.isfinite(old)
    if error > _NARROW_ERROR:
        has_fallen &= new < _TELLING_FALL * old
    old, new = old[has_fallen], new[has_fallen]
    factor = np.exp((np.log(new) - np.log(old)) / (counters[1] - counters[0]))
    expected = max(counters[0], 1) / counters[1]
    return _Falls(
        np.flatnonzero(has_fallen),
        np.maximum(1 - factor * (1 + error) - weight_error, 0.0),
        1 - factor * (1 - error) + weight_error,
        np.abs(new / old / expected - 1) < _CUMULATIVE_TOLERANCE,
    )
