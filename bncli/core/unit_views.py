"""A block seen unit by unit: views in which every unit is one run of samples and positions, whatever the layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.thread_memory import reused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.named_arrays import Array

_TILE_ELEMENTS = 1 << 13
_TILE_CHANNELS = 1 << 8
_CACHE_LINE_BYTES = 64


def unit_views(layout: ChannelLayout, block: Block, values: Array) -> Iterator[Array]:
    """Yield the units of a block, those of equal length together.

    Args:
        layout: the array that the block is part of.
        block: which part.
        values: its elements, flat in C order.

    Yields:
        Shape (units, samples, channels, positions): unit u of channel c is `view[u, :, c, :]`.
    """
    cube = values.reshape(block.shape)
    if cube.shape[2] == 1:  # channels last, or samples of one position
        cube = channels_first(cube)
        # A sample that is shorter than a unit is not told apart from the next: both lie in one run of rows.
        stretch = layout.num_positions if layout.cuts_samples else cube.shape[2]
        for first in range(0, cube.shape[2], stretch):
            yield from _cut_positions(cube[:, :, first : first + stretch], layout.unit_elements)
    elif layout.cuts_samples:
        for sample in range(block.shape[0]):
            yield from _cut_positions(cube[sample : sample + 1], layout.unit_elements)
    else:
        yield from _cut_samples(cube, layout.unit_samples)


def channels_first(cube: Array) -> Array:
    """Return rows of channels, (rows, C, 1), as a copy in which the values of a channel adjoin: (1, C, rows).

    The copy lasts until the same thread turns the next block.
    """
    rows, channels, _ = cube.shape
    source = cube[:, :, 0]
    # A gap after each channel: at distances of a power of two they would all compete for the same lines of the cache.
    gap = _CACHE_LINE_BYTES // cube.itemsize
    turned = reused("turned", (channels, rows + gap), cube.dtype)[:, :rows]
    # Tile by tile: a transposed copy of everything at once leaves the cache between two values of a channel.
    width = min(channels, _TILE_CHANNELS)
    height = max(1, _TILE_ELEMENTS // width)
    for left in range(0, channels, width):
        for top in range(0, rows, height):
            turned[left : left + width, top : top + height] = source[top : top + height, left : left + width].T
    first: Array = turned[None]
    return first


def _cut_positions(cube: Array, length: int) -> Iterator[Array]:
    """Cut (1, channels, positions) into units of `length` positions; the last may be shorter."""
    _, channels, positions = cube.shape
    whole = positions // length
    if whole:
        yield cube[0, :, : whole * length].reshape(channels, whole, length).transpose(1, 0, 2)[:, None]
    if positions > whole * length:
        yield cube[None, :, :, whole * length :]


def _cut_samples(cube: Array, count: int) -> Iterator[Array]:
    """Cut (samples, channels, positions) into units of `count` samples; the last may have fewer."""
    samples, channels, positions = cube.shape
    whole = samples // count
    if whole:
        yield cube[: whole * count].reshape(whole, count, channels, positions)
    if samples > whole * count:
        yield cube[None, whole * count :]
