"""Batch normalization in NumPy: block by block, in float64, rounded once; no limit on the size of the array."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.moments import BLOCK_ELEMENTS, MomentsAccumulator
from bncli.core.rounding import round_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.moments import Moments
    from bncli.core.named_arrays import Array
    from bncli.core.normalization import Normalization

    ReadFlat = Callable[[int, int], Array]

READ_ELEMENTS = 1 << 21
"""Elements read at once: 8 MiB of float32."""


def read_blocks(layout: ChannelLayout, read: ReadFlat) -> Iterator[tuple[Block, Array]]:
    """Yield the blocks of an array in C order, each with its values flat.

    Args:
        layout: shape and channel axis.
        read: gives elements start to stop of the array, flat in C order.
    """
    for block in layout.blocks(READ_ELEMENTS):
        yield block, read(block.start, block.stop)


def moments(layout: ChannelLayout, read: ReadFlat) -> Moments:
    """Return the moments of each channel of an array; arguments as in `read_blocks`."""
    gathered = MomentsAccumulator(layout)
    for block, values in read_blocks(layout, read):
        gathered.add(block, values)
    return gathered.result()


def transform(
    layout: ChannelLayout, read: ReadFlat, normalization: Normalization, dtype: str
) -> Iterator[tuple[Block, Array]]:
    """Yield the normalized array block by block, rounded to `dtype`; a bfloat16 result is held in float32."""
    stored = np.dtype("float32" if dtype == "bfloat16" else dtype)
    for block, values in read_blocks(layout, read):
        cube = values.reshape(block.shape)
        out = np.empty(block.shape, stored)
        for rows, channels in _pieces(block.shape):
            offset = block.first_channel
            y = normalization.apply(cube[rows, channels], slice(offset + channels.start, offset + channels.stop))
            out[rows, channels] = round_to(y, dtype)
        yield block, out.reshape(-1)


def _pieces(shape: tuple[int, int, int]) -> Iterator[tuple[slice, slice]]:
    """Cut a block into rows, or channels of one row, that fit in the cache while they are float64."""
    rows, channels, positions = shape
    if channels * positions <= BLOCK_ELEMENTS:
        step = BLOCK_ELEMENTS // (channels * positions)
        yield from ((slice(first, first + step), slice(0, channels)) for first in range(0, rows, step))
        return
    step = max(1, BLOCK_ELEMENTS // positions)
    for row in range(rows):
        for first in range(0, channels, step):
            yield slice(row, row + 1), slice(first, min(first + step, channels))
