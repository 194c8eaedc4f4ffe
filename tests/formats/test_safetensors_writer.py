"""Tests that the library of the format reads back what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bncli.core.named_arrays import ArraySpec
from bncli.core.rounding import round_to_bfloat16
from bncli.formats.detection import open_named_arrays
from bncli.formats.safetensors_writer import SafetensorsWriter

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("shape", [(2, 3, 4), (5, 1), (0, 3)])
def test_pieces_come_back_as_one_array(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).standard_normal(shape)
    values = round_to_bfloat16(x) if dtype == "bfloat16" else x.astype(dtype)
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        writer = SafetensorsWriter(file, ArraySpec('a "name" \u03b3', shape, dtype))
        for start, stop in ((7, values.size), (0, 7)):
            writer.write(start, values.reshape(-1)[start:stop])
    (tensor,) = load_file(path).values()
    assert tensor.dtype == getattr(torch, dtype)
    np.testing.assert_array_equal(tensor.double().numpy(), values.astype(np.float64))
    with open_named_arrays(path) as arrays:
        ((name, spec),) = arrays.specs.items()
        assert (name, spec.shape, spec.dtype) == ('a "name" \u03b3', shape, dtype)
