from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bncli.formats.regions import MemoryRegion
from bncli.formats.scaled_region import ScaledRegion


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("multiplier", [0.1, 0.0, 1e300, float("nan")])
def test_elements_are_multiplied_in_their_own_precision(dtype: Any, multiplier: float) -> None:
    stored = np.array([1, -2.5, 1e30, np.inf, np.nan], dtype)
    region = ScaledRegion(MemoryRegion(stored.tobytes()), np.dtype(dtype), multiplier)
    with np.errstate(all="ignore"):
        expected = stored * dtype(multiplier)
    assert region.size == stored.nbytes
    np.testing.assert_array_equal(np.frombuffer(region.read(0, region.size), dtype), expected)
    part = region.read(stored.itemsize, 2 * stored.itemsize)
    np.testing.assert_array_equal(np.frombuffer(part, dtype), expected[1:3])


@pytest.mark.parametrize(("start", "count"), [(2, 4), (0, 6)])
def test_an_element_is_never_cut_in_two(start: int, count: int) -> None:
    region = ScaledRegion(MemoryRegion(bytes(8)), np.dtype(np.float32), 2.0)
    with pytest.raises(ValueError, match=r"element"):
        region.read(start, count)
