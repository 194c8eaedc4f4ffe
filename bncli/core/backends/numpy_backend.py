"""Batch normalization in NumPy: block by block, in float64, rounded once; no limit on the size of the array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.backends.block_pass import BlockReader, pass_over
from bncli.core.moments import MomentsAccumulator
from bncli.core.unit_moments import unit_moments
from bncli.core.unit_views import unit_views
from bncli.core.value_range import RangeAccumulator, value_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from bncli.core.backends.block_pass import Advance
    from bncli.core.backends.ordered_work import ReadFlat
    from bncli.core.block_transform import BlockTransform
    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.moments import Moments
    from bncli.core.named_arrays import Array
    from bncli.core.unit_moments import UnitMoments
    from bncli.core.value_range import ValueRange

    Use = Callable[[Block, Array], None]


def statistics(
    layout: ChannelLayout, reader: BlockReader, advance: Advance | None = None
) -> tuple[Moments, ValueRange]:
    """Return the moments and the range of each channel of an array, in one pass over it.

    Args:
        layout: shape and channel axis.
        reader: how the array is read.
        advance: told numbers of elements that are done.
    """
    measurement = _Measurement(layout)
    pass_over(layout, reader, measurement, advance)
    return measurement.moments.result(), measurement.extremes.result()


def moments(layout: ChannelLayout, read: ReadFlat) -> Moments:
    """Return the moments of each channel of an array, whose elements start to stop `read` gives, flat in C order."""
    return statistics(layout, BlockReader(read))[0]


def transform(
    block_transform: BlockTransform,
    reader: BlockReader,
    use: Use,
    advance: Advance | None = None,
    *,
    is_order_free: bool = False,
) -> None:
    """Normalize an array block by block, each value rounded once.

    Args:
        block_transform: what is done with each block.
        reader: how the array is read.
        use: gets each block with its result, flat and in C order; the memory of the result is used again afterwards.
        advance: told numbers of elements that are done.
        is_order_free: whether `use` may be called in any order, and in copies of this process.
    """
    transformation = _Transformation(block_transform, use, is_order_free=is_order_free)
    pass_over(block_transform.layout, reader, transformation, advance)


class _Measurement:
    """Gathers what is measured of the blocks of an array."""

    is_order_free = True

    def __init__(self, layout: ChannelLayout) -> None:
        self._layout = layout
        self.moments = MomentsAccumulator(layout)
        self.extremes = RangeAccumulator(layout.num_features)

    def work(self, block: Block, values: Array) -> tuple[list[UnitMoments], ValueRange]:
        units = [unit_moments(view) for view in unit_views(self._layout, block, values)]
        return units, value_range(values.reshape(block.shape), units)

    def use(self, block: Block, result: tuple[list[UnitMoments], ValueRange]) -> None:
        units, part = result
        self.moments.add_units(block, units)
        self.extremes.add(block.channels, part)

    def to_bytes(self) -> bytes:
        return self.extremes.to_bytes() + self.moments.to_bytes()

    def absorb(self, content: bytes) -> None:
        stop = self.extremes.num_bytes
        self.extremes.absorb(content[:stop])
        self.moments.absorb(content[stop:])


class _Transformation:
    """Hands on the normalized blocks of an array."""

    def __init__(self, transform: BlockTransform, use: Use, *, is_order_free: bool) -> None:
        self.work = transform.apply
        self.use = use
        self.is_order_free = is_order_free

    def to_bytes(self) -> bytes:
        """Return nothing: what was used in another process has found its place."""
        return b""

    def absorb(self, content: bytes) -> None:
        pass
