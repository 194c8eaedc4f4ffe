"""Tests that the library of the format reads back what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file

from bncli.formats.detection import open_named_arrays
from bncli.formats.safetensors_file import safetensors_file

if TYPE_CHECKING:
    from pathlib import Path

ARRAYS = {
    "bn.running_var": np.array([1.0, 0.1, 3e38], np.float32),
    'odd "name" \u03b3': np.array([[1.5], [-2.0]], np.float64),
    "half": np.array([0.1, 65504.0], np.float16),
    "bn.num_batches_tracked": np.array(2**40, np.int64),
    "empty": np.zeros(0, np.float32),
}


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors_file(ARRAYS))
    tensors = load_file(path)
    assert tensors.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert torch.equal(tensors[name], torch.from_numpy(array))
    with open_named_arrays(path) as arrays:
        assert list(arrays.specs) == list(ARRAYS)


def test_an_array_is_rounded_to_bfloat16_as_torch_rounds_it(tmp_path: Path) -> None:
    values = np.linspace(0.5, 2, 1001, dtype=np.float32)
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors_file({"a": values, "b": values}, bfloat16={"b"}))
    tensors = load_file(path)
    assert (tensors["a"].dtype, tensors["b"].dtype) == (torch.float32, torch.bfloat16)
    assert torch.equal(tensors["b"], torch.from_numpy(values).bfloat16())
