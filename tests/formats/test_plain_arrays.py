"""Tests of which arrays lie in their file as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from bncli.formats.detection import open_named_arrays
from bncli.formats.opened_file import OpenedFile
from bncli.formats.plain_arrays import is_plain

if TYPE_CHECKING:
    from pathlib import Path

X = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x.npy", True),
        ("x.npz", True),
        ("x.safetensors", True),
        ("x.pt", True),
        ("deflated.npz", False),
        ("f.npy", False),
    ],
)
def test_compressed_and_scattered_arrays_are_not(tmp_path: Path, name: str, expected: bool) -> None:
    path = tmp_path / name
    if name == "deflated.npz":
        np.savez_compressed(path, x=X)
    elif name == "x.npz":
        np.savez(path, x=X)
    elif name == "x.safetensors":
        save_file({"x": X}, path)
    elif name == "x.pt":
        torch.save({"x": torch.from_numpy(X)}, path)
    else:
        np.save(path, X if name == "x.npy" else np.asfortranarray(X))
    with open_named_arrays(path) as arrays:
        assert isinstance(arrays, OpenedFile)
        (array,) = arrays.specs
        assert is_plain(arrays.stored(array)) == expected
        assert arrays.is_shareable(array) == expected
