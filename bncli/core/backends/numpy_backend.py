"""Batch normalization in NumPy: block by block, in float64, rounded once; no limit on the size of the array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.backends.ordered_work import in_order
from bncli.core.block_transform import BlockTransform
from bncli.core.moments import MomentsAccumulator
from bncli.core.unit_moments import unit_moments
from bncli.core.unit_views import unit_views
from bncli.core.value_range import RangeAccumulator, value_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bncli.core.backends.ordered_work import ReadFlat, TakeBack
    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.moments import Moments
    from bncli.core.named_arrays import Array
    from bncli.core.normalization import Normalization
    from bncli.core.unit_moments import UnitMoments
    from bncli.core.value_range import ValueRange

    Advance = Callable[[int], None]
    Use = Callable[[Block, Array], None]

READ_ELEMENTS = 1 << 19
"""Elements read at once: 2 MiB of float32, which mostly stay in the cache of a core until they have been worked on."""


def read_blocks(layout: ChannelLayout, read: ReadFlat) -> Iterator[tuple[Block, Array]]:
    """Yield the blocks of an array in C order, each with its values flat.

    Args:
        layout: shape and channel axis.
        read: gives elements start to stop of the array, flat in C order.
    """
    for block in layout.blocks(READ_ELEMENTS):
        yield block, read(block.start, block.stop)


def statistics(
    layout: ChannelLayout, read: ReadFlat, take_back: TakeBack | None = None, advance: Advance | None = None
) -> tuple[Moments, ValueRange]:
    """Return the moments and the range of each channel of an array, in one pass over it.

    Args:
        layout: shape and channel axis.
        read: gives elements start to stop of the array, flat in C order.
        take_back: gets what `read` gave when it is no longer needed.
        advance: told the number of elements of each block that is done.
    """
    moments, extremes = MomentsAccumulator(layout), RangeAccumulator(layout.num_features)

    def measured(block: Block, values: Array) -> tuple[list[UnitMoments], ValueRange]:
        units = [unit_moments(view) for view in unit_views(layout, block, values)]
        return units, value_range(values.reshape(block.shape), units)

    def gather(block: Block, measurement: tuple[list[UnitMoments], ValueRange]) -> None:
        units, part = measurement
        moments.add_units(block, units)
        extremes.add(block.channels, part)
        if advance is not None:
            advance(block.stop - block.start)

    in_order(layout.blocks(READ_ELEMENTS), read, measured, gather, take_back)
    return moments.result(), extremes.result()


def moments(layout: ChannelLayout, read: ReadFlat) -> Moments:
    """Return the moments of each channel of an array; arguments as in `statistics`."""
    return statistics(layout, read)[0]


def transform(
    layout: ChannelLayout,
    read: ReadFlat,
    normalization: Normalization,
    dtype: str,
    use: Use,
    take_back: TakeBack | None = None,
) -> None:
    """Normalize an array block by block, each value rounded once.

    Args:
        layout: shape and channel axis.
        read: gives elements start to stop of the array, flat in C order.
        normalization: the transform.
        dtype: of the result, one of `rounding.FLOAT_DTYPES`; bfloat16 is held in float32.
        use: gets each block with its result, flat and in C order; the memory of the result is used again afterwards.
        take_back: gets what `read` gave when it is no longer needed.
    """
    in_order(layout.blocks(READ_ELEMENTS), read, BlockTransform(layout, normalization, dtype).apply, use, take_back)
