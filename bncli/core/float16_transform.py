"""The forward transform of many float16 values: of the 65,536 there are, each has one result in each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.core.computed_transform import ComputedTransform
from bncli.core.row_buffers import rows_apart
from bncli.core.thread_memory import reused
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bncli.core.channel_layout import ChannelLayout
    from bncli.core.coefficients import Coefficients
    from bncli.core.named_arrays import Array
    from bncli.core.value_range import ValueRange

    IntArray = NDArray[np.intp]

_NUM_MAGNITUDES = 1 << 15
"""Values of one sign. Their bits count magnitudes from 0 on, those that are not finite last."""
_NUM_VALUES = 2 * _NUM_MAGNITUDES
"""The negative ones come last."""
_FEWEST_PER_CHANNEL = 1 << 19
"""Values of a channel from which on looking them up saves more than it takes to compute its table."""
_MOST_CHANNELS = 1 << 8
"""Their tables take 32 MiB."""
_LONG_ROW = 1 << 12
"""Values of one channel from which on a call for them alone takes less time than adding where its results begin."""


def pays_to_look_up(layout: ChannelLayout) -> bool:
    """Return whether an array of float16 is normalized faster by tables of all results."""
    return layout.num_features <= _MOST_CHANNELS and layout.values_per_channel >= _FEWEST_PER_CHANNEL


@dataclass(frozen=True, slots=True, eq=False)
class Float16Transform:
    """The results of a transform, looked up by the bits of the values: NumPy's conversions take longer than that."""

    results: NDArray[np.float16]
    """The result of every value that occurs, in every channel, one channel after the other."""
    first: IntArray
    """Where each channel's results begin."""

    @classmethod
    def of(cls, coefficients: Coefficients, extremes: ValueRange) -> Float16Transform:
        """Return the transform of values within these extremes.

        Args:
            coefficients: shape (C,).
            extremes: of the values that will be looked up; the results of others are arbitrary.
        """
        channels = len(coefficients.mean)
        with np.errstate(invalid="ignore"):  # signalling NaN
            every_value = np.arange(_NUM_VALUES, dtype=np.uint16).view(np.float16).astype(np.float64)[None]
        results = np.empty((channels, _NUM_VALUES), np.float16)
        computed = ComputedTransform(coefficients, "float16").map(lambda values: values[:, None])
        count = _num_magnitudes(extremes)
        for channel in range(channels):
            part = slice(channel, channel + 1)
            for first in (0, _NUM_MAGNITUDES):
                occurring = slice(first, first + count)
                computed[part].apply(every_value[:, occurring], results[part, occurring])
        return cls(results.reshape(-1), np.arange(channels, dtype=np.intp) * _NUM_VALUES)

    def map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Float16Transform:
        """Return the transform for channels that are repeated or reshaped."""
        return Float16Transform(self.results, change(self.first))

    def __getitem__(self, part: slice) -> Float16Transform:
        """Return the transform of a part of the channels."""
        return Float16Transform(self.results, self.first[part])

    def apply(self, x: Array, out: Array) -> None:
        """Write the normalized values of `x` into `out`, of the same shape; the channels broadcast against it."""
        place = reused("wide", x.shape, np.intp)
        np.copyto(place, x.view(np.uint16))
        if self.first.shape[-1] == 1 and x.shape[-1] >= _LONG_ROW:
            for first, row, row_out in zip(self.first[:, 0], place, out, strict=True):
                _look_up(self.results[first : first + _NUM_VALUES], row, row_out)
            return
        with rows_apart(x.shape[-1]):
            place += self.first
        _look_up(self.results, place, out)


def _num_magnitudes(extremes: ValueRange) -> int:
    """Return how many magnitudes there are up to the largest that occurs."""
    if extremes.num_nan.any() or extremes.num_inf.any():
        return _NUM_MAGNITUDES
    largest = max(np.abs(extremes.minimum).max(), np.abs(extremes.maximum).max())
    return int(np.float16(largest).view(np.uint16)) + 1


def _look_up(results: NDArray[np.float16], place: IntArray, out: Array) -> None:
    # None is out of bounds; "wrap" alone writes into `out` without a copy in between.
    np.take(results, place, out=out, mode="wrap")
