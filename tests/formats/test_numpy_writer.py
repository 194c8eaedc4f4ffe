"""Tests that NumPy reads back what is written piece by piece."""

from __future__ import annotations

import io

import numpy as np
import pytest

from bncli.core.named_arrays import ArraySpec
from bncli.formats.numpy_writer import NumpyWriter


@pytest.mark.parametrize(("dtype", "stored"), [("float64", "<f8"), ("float16", "<f2"), ("bfloat16", "<f4")])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2, 1, 2), (0, 5)])
def test_pieces_come_back_as_one_array(dtype: str, stored: str, shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape), dtype=stored)
    file = io.BytesIO()
    writer = NumpyWriter(file, ArraySpec("x", shape, dtype))
    for start, piece in ((0, values[:5]), (5, values[5:])):
        writer.write(start, piece)
    file.seek(0)
    found = np.load(file)
    assert found.dtype == stored
    np.testing.assert_array_equal(found, values.reshape(shape))


def test_values_of_another_byte_order_are_turned() -> None:
    file = io.BytesIO()
    NumpyWriter(file, ArraySpec("x", (3,), "float32")).write(0, np.arange(3, dtype=">f4"))
    file.seek(0)
    np.testing.assert_array_equal(np.load(file), np.arange(3))
