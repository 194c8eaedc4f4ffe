"""Tests of the pieces of blocks against the channel that each element is of, by its place in the array."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.core import transform_pieces
from bncli.core.channel_layout import ChannelLayout
from bncli.core.transform_pieces import TransformPieces
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array


@dataclass(frozen=True, slots=True, eq=False)
class ChannelNumbers:
    """A transform that knows which channels it is of, and writes their numbers."""

    channels: NDArray[Any]

    def map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> ChannelNumbers:
        return ChannelNumbers(change(self.channels))

    def __getitem__(self, part: slice) -> ChannelNumbers:
        return ChannelNumbers(self.channels[part])

    def apply(self, x: Array, out: Array) -> None:  # noqa: ARG002 - as transforms are called
        out[...] = self.channels


def channel_of_each_element(layout: ChannelLayout) -> NDArray[np.intp]:
    along = [1] * len(layout.shape)
    along[layout.channel_axis] = layout.num_features
    return np.broadcast_to(np.arange(layout.num_features).reshape(along), layout.shape).reshape(-1)


@pytest.mark.parametrize("shape", [(40, 3), (7, 5, 6), (2, 3, 30, 20), (900, 2), (3, 50, 2), (2, 4, 1500)])
@pytest.mark.parametrize("channel_axis", [1, -1])
@pytest.mark.parametrize("max_elements", [700, 10**6])
@pytest.mark.parametrize("piece_elements", [64, 1 << 17])
def test_pieces_follow_each_other_through_a_block_each_with_its_own_channels(
    shape: tuple[int, ...],
    channel_axis: int,
    max_elements: int,
    piece_elements: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transform_pieces, "CACHE_ELEMENTS", piece_elements)
    monkeypatch.setattr(transform_pieces, "_TABLE_ELEMENTS", 50)
    layout = ChannelLayout.of(shape, channel_axis)
    pieces = TransformPieces(layout, ChannelNumbers(np.arange(layout.num_features)))
    found = np.full(math.prod(shape), -1)
    for block in layout.blocks(max_elements):
        end = 0
        for place, piece_shape, transform in pieces.of(block):
            assert (place.start, place.stop) == (end, end + math.prod(piece_shape))
            piece = found[block.start : block.stop][place].reshape(piece_shape)
            transform.apply(piece, piece)
            end = place.stop
        assert end == block.stop - block.start
    assert (found == channel_of_each_element(layout)).all()
