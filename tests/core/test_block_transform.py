"""Tests of the transform of single blocks against the formula by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bncli.core import transform_pieces
from bncli.core.block_transform import BlockTransform
from bncli.core.channel_layout import ChannelLayout
from bncli.core.normalization import BatchNorm
from tests.helpers.batch_moments import moments_of_batch


@pytest.mark.parametrize("shape", [(40, 3), (7, 5, 6), (2, 3, 30, 20), (9000, 2), (3, 5000, 2)])
@pytest.mark.parametrize("channel_axis", [1, -1])
@pytest.mark.parametrize("max_elements", [700, 10**6])
@pytest.mark.parametrize("piece_elements", [64, 1 << 17])
def test_every_block_is_normalized_with_its_own_channels(
    shape: tuple[int, ...],
    channel_axis: int,
    max_elements: int,
    piece_elements: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transform_pieces, "CACHE_ELEMENTS", piece_elements)
    monkeypatch.setattr(transform_pieces, "_TABLE_ELEMENTS", 50)
    x = np.random.default_rng(0).normal(2, 3, shape)
    layout = ChannelLayout.of(shape, channel_axis)
    channels = layout.num_features
    layer = BatchNorm(channels, weight=1 + np.arange(channels) / 7, bias=np.arange(channels) / 3)
    transform = BlockTransform(layout, layer.normalization("train", moments_of_batch(x, channel_axis)), "float64")
    flat = x.reshape(-1)
    y = np.full(math.prod(shape), np.nan)
    for block in layout.blocks(max_elements):
        y[block.start : block.stop] = transform.apply(block, flat[block.start : block.stop])
    axes = tuple(axis for axis in range(x.ndim) if axis != layout.channel_axis)
    along = [1] * x.ndim
    along[layout.channel_axis] = channels
    assert layer.weight is not None
    assert layer.bias is not None
    by_hand = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
    by_hand = by_hand * layer.weight.reshape(along) + layer.bias.reshape(along)
    np.testing.assert_allclose(y.reshape(shape), by_hand, rtol=1e-12, atol=1e-12)
