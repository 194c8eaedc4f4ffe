"""Tests of where channels lie and how arrays are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli.core import channel_layout
from bncli.core.channel_layout import ChannelLayout
from bncli.errors import ShapeMismatch

SHAPES = st.lists(st.integers(1, 7), min_size=2, max_size=5).map(tuple)


@pytest.mark.parametrize("shape", [(), (3,), (1, 2, 3, 4, 5, 6)])
def test_a_shape_with_too_few_or_too_many_axes_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeMismatch, match="2 to 5 axes"):
        ChannelLayout.of(shape)


@pytest.mark.parametrize("axis", [0, 2, 4, -5, -2])
def test_a_channel_axis_in_the_middle_is_refused(axis: int) -> None:
    with pytest.raises(ShapeMismatch, match="channel axis"):
        ChannelLayout.of((2, 3, 4, 5), axis)


def test_the_last_axis_counts_from_either_end() -> None:
    assert ChannelLayout.of((2, 3, 4, 5), -1) == ChannelLayout.of((2, 3, 4, 5), 3)


@pytest.mark.parametrize(
    ("shape", "axis", "expected"),
    [
        ((6, 3), 1, (6, 3, 1)),
        ((6, 3, 5), 1, (6, 3, 5)),
        ((6, 4, 5, 3), -1, (6, 3, 20)),
        ((6, 3, 2, 4, 5), 1, (6, 3, 40)),
    ],
)
def test_samples_channels_and_positions_are_told_apart(
    shape: tuple[int, ...], axis: int, expected: tuple[int, int, int]
) -> None:
    layout = ChannelLayout.of(shape, axis)
    assert (layout.num_samples, layout.num_features, layout.num_positions) == expected
    assert layout.values_per_channel == expected[0] * expected[2]


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0)])
def test_an_empty_array_has_no_blocks(shape: tuple[int, ...]) -> None:
    assert list(ChannelLayout.of(shape).blocks(100)) == []


@given(shape=SHAPES, channels_last=st.booleans(), max_elements=st.integers(1, 4000), unit=st.integers(1, 40))
def test_blocks_cover_every_element_once_in_order(
    shape: tuple[int, ...], channels_last: bool, max_elements: int, unit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channel_layout, "UNIT_ELEMENTS", unit)
        layout = ChannelLayout.of(shape, -1 if channels_last else 1)
        position = 0
        for block in layout.blocks(max_elements):
            assert block.start == position
            position = block.stop
        assert position == np.prod(shape)


@pytest.mark.parametrize("shape", [(4096, 64), (4096, 2048), (64, 2048, 7, 7), (2, 3, 300, 300), (1, 1, 10**7)])
def test_a_unit_is_never_longer_than_its_limits(shape: tuple[int, ...]) -> None:
    layout = ChannelLayout.of(shape)
    assert layout.unit_elements <= channel_layout.UNIT_ELEMENTS
    assert layout.unit_elements * shape[1] <= channel_layout.UNIT_BLOCK_ELEMENTS
    assert layout.unit_elements == ChannelLayout.of((shape[0], *shape[2:], shape[1]), -1).unit_elements


@pytest.mark.parametrize("shape", [(100, 2048, 7, 7), (2, 64, 224, 224), (10**6, 16), (1, 1, 10**7), (7, 3000, 1)])
def test_blocks_are_of_the_size_asked_for(shape: tuple[int, ...]) -> None:
    for axis in (1, -1):
        lengths = shape if axis == 1 else (shape[0], *shape[2:], shape[1])
        sizes = [block.stop - block.start for block in ChannelLayout.of(lengths, axis).blocks(1 << 20)]
        assert max(sizes) <= 1 << 20
