"""Tests of looked-up results against computed ones, bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.core import float16_transform
from bncli.core.backends import numpy_backend
from bncli.core.backends.block_pass import BlockReader
from bncli.core.block_transform import BlockTransform
from bncli.core.channel_layout import ChannelLayout
from bncli.core.float16_transform import Float16Transform, pays_to_look_up
from bncli.core.normalization import BatchNorm, Normalization
from bncli.core.value_range import ValueRange
from tests.helpers.batch_moments import moments_of_batch

if TYPE_CHECKING:
    from bncli.core.named_arrays import Array

EVERY_VALUE = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
WITHIN_7 = EVERY_VALUE[np.abs(EVERY_VALUE) <= 7]
HARD_LAYER = BatchNorm(3, weight=np.array([1.5, -1e-6, 3e4]), bias=np.array([0.1, 6e-8, -7.0]))


def normalization_of(layer: BatchNorm) -> Normalization:
    rng = np.random.default_rng(0)
    return layer.normalization("train", moments_of_batch(rng.normal([5, 0, -100], [0.1, 1, 30], (50, 3))))


def normalized(x: Array, layout: ChannelLayout, max_elements: int) -> Array:
    flat = x.reshape(-1)
    _, extremes = numpy_backend.statistics(layout, BlockReader(lambda start, stop: flat[start:stop]))
    transform = BlockTransform(layout, normalization_of(HARD_LAYER), "float16", extremes)
    blocks = layout.blocks(max_elements)
    return np.concatenate([transform.apply(block, flat[block.start : block.stop]).copy() for block in blocks])


@pytest.mark.parametrize(
    ("shape", "channel_axis"), [((2, 3, 1 << 15), 1), ((300, 3, 5, 7), 1), ((20, 3, 30, 30), 1), ((9000, 3), -1)]
)
@pytest.mark.parametrize("max_elements", [700, 10**6])
@pytest.mark.parametrize("values", [EVERY_VALUE, WITHIN_7], ids=["every value", "within 7"])
def test_results_are_the_computed_ones(
    shape: tuple[int, ...], channel_axis: int, max_elements: int, values: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(0).permutation(np.resize(values.view(np.uint16), shape).reshape(-1))
    x = x.view(np.float16).reshape(shape)
    layout = ChannelLayout.of(shape, channel_axis)
    computed = normalized(x, layout, max_elements)
    monkeypatch.setattr(float16_transform, "_FEWEST_PER_CHANNEL", 1)
    assert pays_to_look_up(layout)
    looked_up = normalized(x, layout, max_elements)
    np.testing.assert_array_equal(looked_up.view(np.uint16), computed.view(np.uint16))


def test_every_value_has_its_result_in_every_channel() -> None:
    coefficients = normalization_of(HARD_LAYER).coefficients()
    everything = ValueRange(*np.zeros((2, 3)), *np.ones((2, 3), np.int64))
    table = Float16Transform.of(coefficients, everything)
    out = np.empty((3, 1 << 16), np.float16)
    table.map(lambda first: first[:, None]).apply(np.broadcast_to(EVERY_VALUE, out.shape), out)
    with np.errstate(all="ignore"):
        y = EVERY_VALUE.astype(np.float64) * coefficients.shrink[:, None] - coefficients.mean[:, None]
        expected = (y * coefficients.scale[:, None] + coefficients.shift[:, None]).astype(np.float16)
    np.testing.assert_array_equal(out, expected)
    assert len({row.tobytes() for row in out}) == 3


@pytest.mark.parametrize(
    ("shape", "pays"), [((8, 256, 256, 256), True), ((8, 257, 256, 256), False), ((7, 64, 256, 256), False)]
)
def test_tables_are_made_where_they_pay(shape: tuple[int, ...], pays: bool) -> None:
    assert pays_to_look_up(ChannelLayout.of(shape)) == pays


def test_other_types_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(float16_transform, "_FEWEST_PER_CHANNEL", 1)
    x = np.random.default_rng(0).normal(size=(40, 3, 600)).astype(np.float32)
    layout = ChannelLayout.of(x.shape)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(normalized(x, layout, 10**6), normalized(x.astype(np.float64), layout, 10**6))
