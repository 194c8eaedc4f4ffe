"""The forward transform of blocks, piece by piece in the cache: in float64, rounded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.rounding import round_into, stored_dtype
from bncli.core.thread_memory import reused
from bncli.core.unit_moments import CACHE_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.coefficients import Coefficients
    from bncli.core.named_arrays import Array
    from bncli.core.normalization import Normalization

_LONG_ROW = 1 << 9
"""Positions from which on one coefficient for a whole row costs nothing."""
_TABLE_ELEMENTS = 1 << 12
"""Least length of a table of coefficients that stands for shorter rows."""


class BlockTransform:
    """Normalizes the blocks of one array; blocks may come in any order and from several threads.

    Args:
        layout: shape and channel axis of the array.
        normalization: the transform.
        dtype: element type of the result, one of `rounding.FLOAT_DTYPES`; bfloat16 is held in float32.
    """

    def __init__(self, layout: ChannelLayout, normalization: Normalization, dtype: str) -> None:
        self._dtype = dtype
        self._coefficients = normalization.coefficients()
        positions = 1 if layout.is_channels_last else layout.num_positions
        self._has_long_rows = positions >= _LONG_ROW
        if not self._has_long_rows:
            # Shorter rows repeat the same coefficients: one table stands for a row of all channels, or several rows.
            repeats = -(-_TABLE_ELEMENTS // max(1, layout.num_features * positions))
            self._table = self._coefficients.map(lambda values: np.tile(np.repeat(values, positions), repeats))

    def apply(self, block: Block, values: Array) -> Array:
        """Return the normalized values of a block, both flat in C order.

        They last until the same thread transforms the next block.
        """
        out = reused("rounded", values.shape, stored_dtype(self._dtype))
        pieces = self._long_rows if self._has_long_rows else self._flat_pieces
        for place, shape, coefficients in pieces(block):
            piece = values[place].reshape(shape)
            y = reused("wide", shape)
            np.copyto(y, piece)
            coefficients.apply_to(y)
            round_into(out[place].reshape(shape), y, self._dtype)
        return out

    def _long_rows(self, block: Block) -> Iterator[tuple[slice, tuple[int, int], Coefficients]]:
        """Yield channels of one row, or a run of positions of one channel."""
        rows, channels, positions = block.shape
        offered = self._coefficients.map(lambda values: values[block.channels, np.newaxis])
        width, length = max(1, CACHE_ELEMENTS // positions), min(positions, CACHE_ELEMENTS)
        for row in range(rows):
            for channel in range(0, channels, width):
                count = min(width, channels - channel)
                used = offered[channel : channel + count]
                for position in range(0, positions, length):
                    run = min(length, positions - position)
                    first = (row * channels + channel) * positions + position
                    yield slice(first, first + count * run), (count, run), used

    def _flat_pieces(self, block: Block) -> Iterator[tuple[slice, tuple[int, ...], Coefficients]]:
        """Yield runs within one table, or as many whole tables as fit in the cache."""
        length = len(self._table.mean)
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
