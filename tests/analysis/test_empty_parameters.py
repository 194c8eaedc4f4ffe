"""Tests of layers whose scale and shift are empty, as sharded training saves them."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover, survey
from tests.helpers.builders import ArraysInMemory, torch_arrays

EMPTY = np.empty(0, np.float32)


@pytest.mark.parametrize("empty", [("weight", "bias"), ("weight",), ("bias",)])
def test_a_layer_keeps_its_statistics_and_tells_of_what_is_empty(empty: tuple[str, ...]) -> None:
    whole = torch_arrays()
    found = discover(ArraysInMemory(torch_arrays(**dict.fromkeys(empty, EMPTY))))
    (layer,) = found.layers
    np.testing.assert_array_equal(layer.running_var, whole["bn.running_var"])
    assert [role for role in ("weight", "bias") if getattr(layer, role) is None] == list(empty)
    assert [skipped.name for skipped in found.skipped] == [f"bn.{role}" for role in empty]
    assert all("sharded" in skipped.reason and skipped.fault is None for skipped in found.skipped)


def test_statistics_that_are_empty_stay_a_contradiction() -> None:
    found = survey(ArraysInMemory(torch_arrays(running_var=EMPTY)))
    assert [skipped.fault for skipped in found.skipped] == ["shape-mismatch"]


def test_a_layer_of_no_channels_lacks_nothing() -> None:
    (layer,) = survey(ArraysInMemory(torch_arrays(num_features=0))).layers
    assert layer.num_features == 0
    assert layer.weight is not None
