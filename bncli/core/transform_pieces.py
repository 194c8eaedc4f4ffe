"""How the transform of a block is cut into pieces that fit in the cache, each with the channels that belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bncli.core.unit_moments import CACHE_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.named_arrays import Array

    Change = Callable[[NDArray[Any]], NDArray[Any]]

_LONG_ROW = 1 << 9
"""Positions from which on one value of a channel for a whole row costs nothing."""
_TABLE_ELEMENTS = 1 << 12
"""Least length of a table of channels that stands for shorter rows."""


class Transform(Protocol):
    """What is done to the values of some channels, of shape (C,) at first."""

    def map(self, change: Change) -> Transform:
        """Return the transform for channels that are repeated or reshaped."""

    def __getitem__(self, part: slice) -> Transform:
        """Return the transform of a part of the channels."""

    def apply(self, x: Array, out: Array) -> None:
        """Write the normalized values of `x` into `out`, of the same shape; the channels broadcast against it."""


class TransformPieces:
    """Cuts the blocks of one array.

    Args:
        layout: shape and channel axis of the array.
        transform: of all its channels.
    """

    def __init__(self, layout: ChannelLayout, transform: Transform) -> None:
        self._transform = transform
        positions = 1 if layout.is_channels_last else layout.num_positions
        self._has_long_rows = positions >= _LONG_ROW
        if not self._has_long_rows:
            # Shorter rows repeat the same channels: one table stands for a row of all channels, or several rows.
            row = layout.num_features * positions
            repeats = -(-_TABLE_ELEMENTS // max(1, row))
            self._table = transform.map(lambda values: np.tile(np.repeat(values, positions), repeats))
            self._length = row * repeats

    def of(self, block: Block) -> Iterator[tuple[slice, tuple[int, ...], Transform]]:
        """Yield where in the flat block each piece lies, its shape, and the transform of its channels."""
        return self._long_rows(block) if self._has_long_rows else self._flat_pieces(block)

    def _long_rows(self, block: Block) -> Iterator[tuple[slice, tuple[int, int], Transform]]:
        """Yield channels of one row, or a run of positions of one channel."""
        rows, channels, positions = block.shape
        offered = self._transform.map(lambda values: values[block.channels, np.newaxis])
        width, length = max(1, CACHE_ELEMENTS // positions), min(positions, CACHE_ELEMENTS)
        for row in range(rows):
            for channel in range(0, channels, width):
                count = min(width, channels - channel)
                used = offered[channel : channel + count]
                for position in range(0, positions, length):
                    run = min(length, positions - position)
                    first = (row * channels + channel) * positions + position
                    yield slice(first, first + count * run), (count, run), used

    def _flat_pieces(self, block: Block) -> Iterator[tuple[slice, tuple[int, ...], Transform]]:
        """Yield runs within one table, or as many whole tables as fit in the cache."""
        length = self._length
        size = block.stop - block.start
        first = 0
        while first < size:
            phase = (block.start + first) % length
            tables = min(CACHE_ELEMENTS, size - first) // length if phase == 0 else 0
            if tables:
                count, used = tables * length, self._table
                yield slice(first, first + count), (tables, length), used
            else:
                count = min(CACHE_ELEMENTS, size - first, length - phase)
                used = self._table[phase : phase + count]
                yield slice(first, first + count), (count,), used
            first += count
