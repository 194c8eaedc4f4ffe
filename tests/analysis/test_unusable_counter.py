"""Tests of counters that are no single number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from tests.helpers.builders import ArraysInMemory, torch_arrays


@pytest.mark.parametrize(
    ("counter", "words"),
    [
        (np.array([3, 4]), "has shape [2], not a single number"),
        (np.empty((0, 2), np.int64), "has shape [0, 2], not a single number"),
        (np.array(1 + 2j), "is complex128, which counts nothing"),
        (np.array(True), "is bool, which counts nothing"),
    ],
)
def test_a_layer_is_read_without_a_counter_that_is_none_and_tells_of_it(
    counter: np.ndarray[Any, Any], words: str
) -> None:
    found = discover(ArraysInMemory(torch_arrays(num_batches_tracked=counter)))
    (layer,) = found.layers
    assert layer.num_batches_tracked is None
    assert "num_batches_tracked" not in layer.tensors
    assert [(skipped.name, skipped.reason, skipped.fault) for skipped in found.skipped] == [
        ("bn.num_batches_tracked", words, None)
    ]  # fmt: skip


@pytest.mark.parametrize("counter", [np.array(7), np.array([7]), np.array([[7]], np.uint8), np.array(7.0, np.float16)])
def test_a_single_number_of_any_shape_counts(counter: np.ndarray[Any, Any]) -> None:
    found = discover(ArraysInMemory(torch_arrays(num_batches_tracked=counter)))
    assert (found.layers[0].num_batches_tracked, found.skipped) == (7, ())
