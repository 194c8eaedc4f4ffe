"""Tests of what named arrays do whatever the format."""

from __future__ import annotations

import numpy as np

from tests.helpers.builders import ArraysInMemory


def test_many_arrays_are_read_in_the_order_in_which_they_lie() -> None:
    arrays = ArraysInMemory({"c": np.ones(1), "a": np.ones(2), "b": np.ones(3)})
    read = arrays.read_many(["b", "a", "c"])
    assert arrays.names_read == ["c", "a", "b"]
    assert {name: values.size for name, values in read.items()} == {"c": 1, "a": 2, "b": 3}


def test_leaving_the_block_closes_the_file() -> None:
    with ArraysInMemory({"a": np.ones(2)}) as arrays:
        arrays.read("a")
        assert arrays.bytes_read == 16
    assert arrays.bytes_read == 0
