"""Whether the gaps of all channels have one cause: an input in another scale, or channels in another order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.gap_size import LARGE_RATIO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_LARGEST_SCATTER = 0.05
"""Factors of a layer that sees its input in another scale scatter less, by the noise of its running average: 0.02 in
trained networks, where gaps of other causes scattered by 0.04 to 0.4."""
_FEWEST_CHANNELS = 3
_CLEARLY = 3.0
"""A channel is another one where that lies so many times nearer than the next. With statistics at random one in nine
is; with permuted ones three in four were."""
_FEWEST_EXCHANGED = 2


def common_factor(log_ratio: FloatArray) -> float | None:
    """Return the factor by which the standard deviations of all channels differ, where it is large and one.

    Args:
        log_ratio: logarithm of the data's standard deviation over the layer's, shape (C,).
    """
    if len(log_ratio) < _FEWEST_CHANNELS or not np.isfinite(log_ratio).all():
        return None
    middle = float(log_ratio.mean())
    is_one = float(log_ratio.std()) <= _LARGEST_SCATTER and abs(middle) > math.log(LARGE_RATIO)
    return math.exp(middle) if is_one else None


def exchanged_channels(
    seen: tuple[FloatArray, FloatArray], stored: tuple[FloatArray, FloatArray], is_off: Mask
) -> dict[int, int]:
    """Return which channels of the data have the statistics that the layer stores for another; empty where none have.

    It takes at least half of all channels to be found again beyond doubt, no two of them in one place, and at least
    half of those that are off in the place of another.

    Args:
        seen: mean and standard deviation of the data, each of shape (C,) and finite.
        stored: those of the layer, which are positive.
        is_off: channels whose statistics are not those of the data, shape (C,).
    """
    (mean, std), (stored_mean, stored_std) = seen, stored
    found: dict[int, int] = {}
    for channel in range(len(mean)):  # one row at a time: a square matrix of thousands of channels is large
        distance = np.hypot((mean[channel] - stored_mean) / stored_std, np.log(std[channel] / stored_std))
        nearest, next_nearest = np.partition(distance, 1)[:2]
        if _CLEARLY * nearest < next_nearest:
            found[channel] = int(distance.argmin())
    is_bijective = len(set(found.values())) == len(found)
    exchanged = {channel: place for channel, place in found.items() if is_off[channel] and place != channel}
    num_needed = max(_FEWEST_EXCHANGED, math.ceil(int(is_off.sum()) / 2))
    return exchanged if is_bijective and 2 * len(found) >= len(mean) and len(exchanged) >= num_needed else {}
