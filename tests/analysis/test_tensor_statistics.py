"""Tests that one pass gives moments and range of every channel."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.tensor_statistics import tensor_statistics
from bncli.core.backends import block_pass
from bncli.errors import ShapeMismatch
from tests.helpers.builders import ArraysInMemory


@pytest.mark.parametrize("channel_axis", [1, -1])
@pytest.mark.parametrize("block_elements", [1 << 20, 30])
def test_every_channel_is_measured_and_every_element_counted_once(
    channel_axis: int, block_elements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_pass, "READ_ELEMENTS", block_elements)
    x = np.random.default_rng(0).normal(2, 3, (6, 5, 7)).astype(np.float32)
    counted: list[int] = []
    found = tensor_statistics(input_tensor(ArraysInMemory({"x": x})), channel_axis, counted.append)
    axes = (0, 2) if channel_axis == 1 else (0, 1)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(found.moments.mean, wide.mean(axes), rtol=1e-12)
    np.testing.assert_allclose(found.moments.unbiased_var, wide.var(axes, ddof=1), rtol=1e-12)
    np.testing.assert_array_equal(found.value_range.minimum, x.min(axes))
    np.testing.assert_array_equal(found.value_range.maximum, x.max(axes))
    assert sum(counted) == x.size


def test_a_shape_that_has_no_channels_names_the_array() -> None:
    with pytest.raises(ShapeMismatch, match=r"model\.pt has shape \[3\]"):
        tensor_statistics(input_tensor(ArraysInMemory({"x": np.zeros(3)})), 1)
