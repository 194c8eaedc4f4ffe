"""Where the channels of an array lie, and how the array is cut into blocks and summation units.

Both cuts depend on the shape alone. A unit is the stretch of one channel that is summed in one go: fixing units by the
position in the channel, never by how the array happens to be read, makes the moments the same bits for any block size
and for channels first or last.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.errors import ShapeMismatch
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT_ELEMENTS = 1 << 14
"""Most values of one channel in a unit: long enough to amortize a call, short enough to stay in the cache."""
UNIT_BLOCK_ELEMENTS = 1 << 20
"""Most values of all channels in a unit: with channels last they lie together, and are in memory at once."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of an array that is contiguous in C order and holds whole units of its channels."""

    start: int
    """First element, in the array flattened in C order."""
    shape: tuple[int, int, int]
    """(samples, channels, positions); with channels last (rows, channels, 1)."""
    first_channel: int

    @property
    def stop(self) -> int:
        """One past the last element."""
        return self.start + math.prod(self.shape)

    @property
    def channels(self) -> slice:
        """The channels that the block covers."""
        return slice(self.first_channel, self.first_channel + self.shape[1])


@dataclass(frozen=True, slots=True)
class ChannelLayout:
    """An array of 2 to 5 axes seen as (N samples, C channels, S positions) of batch normalization."""

    shape: tuple[int, ...]
    channel_axis: int
    """From 0; axis 1, or the last one."""

    @classmethod
    def of(cls, shape: tuple[int, ...], channel_axis: int = 1, source: str = "the input") -> ChannelLayout:
        """Return the layout of an array with the given channel axis, which may count from the end.

        Args:
            shape: lengths of the axes.
            channel_axis: 1, or the last axis.
            source: the array in words, for messages.

        Raises:
            ShapeMismatch: fewer than 2 or more than 5 axes, or a channel axis that is neither 1 nor the last.
        """
        if not 2 <= len(shape) <= 5:  # noqa: PLR2004 - BatchNorm1d takes 2 axes, BatchNorm3d 5
            raise ShapeMismatch(
                f"{source} has shape {list(shape)}, and batch normalization takes 2 to 5 axes",
                hint="(N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W): N the batch, C the channels",
            )
        axis = channel_axis + len(shape) if channel_axis < 0 else channel_axis
        if axis not in (1, len(shape) - 1):
            raise ShapeMismatch(
                f"{source} has shape {list(shape)}: channel axis {channel_axis} must be 1, or -1 for channels last"
            )
        return cls(tuple(shape), axis)

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return self.shape[self.channel_axis]

    @property
    def num_samples(self) -> int:
        """Number of samples N."""
        return self.shape[0]

    @property
    def num_positions(self) -> int:
        """Positions S of one sample: the product of the spatial lengths, 1 for (N, C)."""
        return math.prod(self.shape[1:]) // self.num_features if self.num_features else math.prod(self._spatial)

    @property
    def values_per_channel(self) -> int:
        """How many values one channel has: N times S."""
        return self.num_samples * self.num_positions

    @property
    def is_channels_last(self) -> bool:
        """Whether the channels lie innermost, with positions before them."""
        return self.channel_axis != 1

    @property
    def _spatial(self) -> tuple[int, ...]:
        return tuple(length for axis, length in enumerate(self.shape) if axis not in (0, self.channel_axis))

    @property
    def unit_elements(self) -> int:
        """Values of one channel in a full unit: whole samples, or an even part of one that is longer than a unit."""
        if self.cuts_samples:
            return _ceil_div(self.num_positions, _ceil_div(self.num_positions, self._most_in_unit))
        return self.unit_samples * max(1, self.num_positions)

    @property
    def unit_samples(self) -> int:
        """Samples in a full unit; 1 where samples are cut."""
        return max(1, self._most_in_unit // max(1, self.num_positions))

    @property
    def cuts_samples(self) -> bool:
        """Whether one sample has more positions than go into a unit."""
        return self.num_positions > self._most_in_unit

    @property
    def _most_in_unit(self) -> int:
        return max(1, min(UNIT_ELEMENTS, UNIT_BLOCK_ELEMENTS // max(1, self.num_features)))

    def blocks(self, max_elements: int) -> Iterator[Block]:
        """Cut the array into blocks of about `max_elements`, in C order; a unit is never cut."""
        if 0 in self.shape:
            return
        sample = self.num_features * self.num_positions
        if self.unit_samples > 1 or sample <= max_elements:
            yield from self._blocks_of_samples(sample, max_elements)
        elif self.is_channels_last:
            yield from self._blocks_of_rows(max_elements)
        else:
            yield from self._blocks_of_channels(max_elements)

    def _blocks_of_samples(self, sample: int, max_elements: int) -> Iterator[Block]:
        step = max(1, max_elements // (sample * self.unit_samples)) * self.unit_samples
        for samples in _cut(0, self.num_samples, step):
            count = samples.stop - samples.start
            shape = (count, self.num_features, self.num_positions)
            if self.is_channels_last:
                shape = (count * self.num_positions, self.num_features, 1)
            yield Block(samples.start * sample, shape, 0)

    def _blocks_of_rows(self, max_elements: int) -> Iterator[Block]:
        """Cut samples of many positions, channels last, into runs of positions."""
        step = max(1, max_elements // (self.num_features * self.unit_elements)) * self.unit_elements
        for sample in range(self.num_samples):
            for rows in _cut(0, self.num_positions, step):
                first = (sample * self.num_positions + rows.start) * self.num_features
                yield Block(first, (rows.stop - rows.start, self.num_features, 1), 0)

    def _blocks_of_channels(self, max_elements: int) -> Iterator[Block]:
        """Cut samples of many positions, channels first, into channels, and those into runs of positions."""
        most_channels = max(1, max_elements // self.num_positions)
        channels_at_once = _ceil_div(self.num_features, _ceil_div(self.num_features, most_channels))
        step = max(1, max_elements // self.unit_elements) * self.unit_elements
        for sample in range(self.num_samples):
            for channels in _cut(0, self.num_features, channels_at_once):
                count = channels.stop - channels.start
                for run in _cut(0, self.num_positions, self.num_positions if count > 1 else step):
                    row = sample * self.num_features + channels.start
                    first = row * self.num_positions + run.start
                    yield Block(first, (1, count, run.stop - run.start), channels.start)


def _cut(start: int, stop: int, step: int) -> Iterator[slice]:
    """Yield slices of `step` that cover `start` to `stop`; the last may be shorter."""
    for first in range(start, stop, step):
        yield slice(first, min(first + step, stop))


def _ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
