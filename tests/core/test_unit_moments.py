"""Tests of the moments of units: the same bits whichever units are measured together."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.core import unit_moments as module
from bncli.core.unit_moments import unit_moments


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_unit_does_not_depend_on_its_neighbours_or_on_the_size_of_pieces(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    units = rng.normal([[0.0], [100.0], [0.0], [3.0]], 1, (3, 5, 4, 40)).astype(dtype)
    units[1, 2, 2, 7] = np.nan
    together = unit_moments(units)
    monkeypatch.setattr(module, "CACHE_ELEMENTS", 300)
    for unit in range(3):
        for channel in range(4):
            alone = unit_moments(units[unit : unit + 1, :, channel : channel + 1])
            for seen, expected in zip(alone.moments, together.moments, strict=True):
                np.testing.assert_array_equal(seen[0, 0], expected[unit, channel])
            np.testing.assert_array_equal(alone.minimum[0, 0], together.minimum[unit, channel])
            np.testing.assert_array_equal(alone.maximum[0, 0], together.maximum[unit, channel])


def test_both_forms_stand_side_by_side_in_one_block() -> None:
    rng = np.random.default_rng(1)
    units = np.stack([rng.normal(0, 1, 500), rng.normal(1e4, 1, 500)]).astype(np.float32)[None, None]
    found = unit_moments(units)
    wide = units[0, 0].astype(np.float64)
    np.testing.assert_allclose(found.moments.m2[0], ((wide - wide.mean(1, keepdims=True)) ** 2).sum(1), rtol=1e-14)
    np.testing.assert_array_equal(found.minimum[0], wide.min(1))
    np.testing.assert_array_equal(found.maximum[0], wide.max(1))
