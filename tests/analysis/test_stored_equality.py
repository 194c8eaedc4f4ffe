from __future__ import annotations

import numpy as np
import pytest
import torch

from bncli.analysis.stored_equality import are_equal, stored_dtype
from tests.helpers.builders import layer

VALUES = np.random.default_rng(0).normal(0, 3, 64).astype(np.float32)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_copy_that_torch_made_in_another_element_type_is_equal(dtype: torch.dtype) -> None:
    copy = torch.from_numpy(VALUES).to(dtype)
    stored = copy.float().numpy() if dtype == torch.bfloat16 else copy.numpy()
    name = str(dtype).removeprefix("torch.")
    assert are_equal(VALUES, stored, ("float32", name))
    assert are_equal(stored, VALUES, (name, "float32"))
    changed = VALUES * np.float32(1.01)
    assert not are_equal(changed, stored, ("float32", name))


def test_in_one_element_type_the_last_bit_counts() -> None:
    assert are_equal(VALUES, VALUES.copy(), ("float32", "float32"))
    assert not are_equal(VALUES, np.nextafter(VALUES, np.float32(9)), ("float32", "float32"))


def test_two_narrow_types_are_compared_in_what_both_hold() -> None:
    half = VALUES.astype(np.float16)
    brain = torch.from_numpy(VALUES).bfloat16().float().numpy()
    assert not are_equal(half, brain * np.float32(1.1), ("float16", "bfloat16"))
    assert are_equal(np.ones(3, np.float16), np.ones(3, np.float32), ("float16", "bfloat16"))


def test_nan_equals_nan_and_nothing_else() -> None:
    broken = np.array([np.nan, 1], np.float32)
    assert are_equal(broken, broken.copy(), ("float32", "float32"))
    assert not are_equal(broken, np.ones(2, np.float32), ("float32", "float32"))


def test_only_a_layer_in_bfloat16_holds_widened_arrays() -> None:
    ones = np.ones(4, np.float32)
    assert stored_dtype(layer(dtype="bfloat16"), ones) == "bfloat16"
    assert stored_dtype(layer(dtype="bfloat16"), ones + np.float32(1e-6)) == "float32"
    assert stored_dtype(layer(dtype="float32"), ones) == "float32"
