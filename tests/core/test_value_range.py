"""Tests of channel extremes and counts of values that are not finite."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.core.channel_layout import ChannelLayout
from bncli.core.unit_moments import unit_moments
from bncli.core.unit_views import unit_views
from bncli.core.value_range import RangeAccumulator, ValueRange, value_range


def range_of(x: np.ndarray[tuple[int, ...], np.dtype[np.float32]], block_size: int) -> ValueRange:
    layout = ChannelLayout.of(x.shape)
    gathered = RangeAccumulator(layout.num_features)
    for block in layout.blocks(block_size):
        values = x.reshape(-1)[block.start : block.stop]
        units = [unit_moments(view) for view in unit_views(layout, block, values)]
        gathered.add(block.channels, value_range(values.reshape(block.shape), units))
    return gathered.result()


@pytest.mark.parametrize("block_size", [1, 10, 10**6])
def test_extremes_are_of_the_finite_values_and_the_others_are_counted(block_size: int) -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    x[0, 1, 0], x[1, 1, 3], x[1, 2, 3] = np.nan, np.inf, -np.inf
    found = range_of(x, block_size)
    np.testing.assert_array_equal(found.minimum, [0, 5, 8])
    np.testing.assert_array_equal(found.maximum, [15, 18, 22])
    np.testing.assert_array_equal(found.num_nan, [0, 1, 0])
    np.testing.assert_array_equal(found.num_inf, [0, 1, 1])


def test_a_channel_without_finite_values_has_no_extremes() -> None:
    found = range_of(np.full((2, 1, 2), np.nan, np.float32), 100)
    assert np.isnan(found.minimum[0])
    assert np.isnan(found.maximum[0])
    assert found.num_nan[0] == 4


def test_an_empty_array_has_no_extremes() -> None:
    assert np.isnan(range_of(np.empty((0, 2, 2), np.float32), 100).minimum).all()


def test_zeros_of_both_signs_give_the_same_extremes_in_any_order() -> None:
    zeros = np.array([0.0, -0.0])
    for order in (slice(None), slice(None, None, -1)):
        gathered = RangeAccumulator(1)
        for zero in zeros[order]:
            value, none = np.array([zero]), np.zeros(1, np.int64)
            gathered.add(slice(0, 1), ValueRange(value, value, none, none))
        found = gathered.result()
        assert not np.signbit([found.minimum, found.maximum]).any()


def test_what_is_sent_to_another_process_is_taken_in_there() -> None:
    x = np.random.default_rng(0).normal(0, 1, (6, 3, 5))
    x[0, 1, 2], x[3, 1, 0] = np.nan, np.inf
    here, there = RangeAccumulator(3), RangeAccumulator(3)
    units = [unit_moments(x[None])]
    there.add(slice(0, 3), value_range(x, units))
    assert len(there.to_bytes()) == here.num_bytes
    here.absorb(there.to_bytes())
    for table, sent in zip(vars_of(here.result()), vars_of(there.result()), strict=True):
        np.testing.assert_array_equal(table, sent)


def vars_of(found: ValueRange) -> tuple[object, ...]:
    return found.minimum, found.maximum, found.num_nan, found.num_inf
