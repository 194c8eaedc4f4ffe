"""Tests of the cut of a block into units."""

from __future__ import annotations

import math
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli.core import channel_layout, unit_views
from bncli.core.channel_layout import ChannelLayout

SHAPES = st.lists(st.integers(1, 9), min_size=2, max_size=5).map(tuple)


def units_of(shape: tuple[int, ...], channels_last: bool, max_elements: int) -> dict[int, list[list[int]]]:
    """Return the units of each channel as the positions in the channel that they hold, sample after sample."""
    axis = -1 if channels_last else 1
    layout = ChannelLayout.of(shape, axis)
    by_channel = np.arange(math.prod(shape)).reshape(layout.num_features, -1)
    lengths = (shape[0], *(shape[1:-1] if channels_last else shape[2:]))
    x = np.moveaxis(by_channel.reshape(layout.num_features, *lengths), 0, axis).reshape(-1)
    found: dict[int, list[list[int]]] = {channel: [] for channel in range(layout.num_features)}
    for block in layout.blocks(max_elements):
        for view in unit_views.unit_views(layout, block, x[block.start : block.stop]):
            for unit in view:
                for offset in range(unit.shape[1]):
                    found[block.first_channel + offset].append(unit[:, offset].reshape(-1).tolist())
    return found


@given(shape=SHAPES, channels_last=st.booleans(), max_elements=st.integers(1, 4000), unit=st.integers(1, 40))
def test_units_hold_every_value_of_their_channel_once_and_in_order(
    shape: tuple[int, ...], channels_last: bool, max_elements: int, unit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channel_layout, "UNIT_ELEMENTS", unit)
        found = units_of(shape, channels_last, max_elements)
    per_channel = math.prod(shape) // len(found)
    for channel, units in found.items():
        assert list(chain.from_iterable(units)) == list(range(channel * per_channel, (channel + 1) * per_channel))


@given(shape=SHAPES, unit=st.integers(1, 40))
def test_units_depend_neither_on_the_block_size_nor_on_where_the_channels_lie(
    shape: tuple[int, ...], unit: int
) -> None:
    last = (shape[0], *shape[2:], shape[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channel_layout, "UNIT_ELEMENTS", unit)
        expected = units_of(shape, False, 10**9)
        for size in (1, 17, 300):
            assert units_of(shape, False, size) == expected
            assert units_of(last, True, size) == expected


@pytest.mark.parametrize("shape", [(5, 3, 1), (1000, 3, 1), (70, 300, 1), (1, 1, 1)])
def test_turning_channels_first_moves_every_value(shape: tuple[int, int, int]) -> None:
    cube = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    np.testing.assert_array_equal(unit_views.channels_first(cube)[0], cube[:, :, 0].T)
