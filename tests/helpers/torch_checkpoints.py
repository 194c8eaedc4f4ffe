"""State dicts with every kind of tensor that torch saves, and their values as NumPy reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.core.named_arrays import NamedArrays

DTYPES = (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
    torch.complex64,
    torch.complex128,
)
"""Types that have a storage class of their own."""

UNTYPED_DTYPES = (
    torch.uint16,
    torch.uint32,
    torch.uint64,
    torch.float8_e4m3fn,
    torch.float8_e4m3fnuz,
    torch.float8_e5m2,
    torch.float8_e5m2fnuz,
)
"""Types that only the tensor names, not its storage."""


def tensors_of_every_dtype(dtypes: tuple[torch.dtype, ...] = DTYPES) -> dict[str, torch.Tensor]:
    """Return one small tensor of each dtype."""
    values = torch.linspace(0, 3, 7)
    return {str(dtype).removeprefix("torch."): values.to(dtype) for dtype in dtypes}


def tensors_of_every_layout() -> dict[str, torch.Tensor]:
    """Return tensors that lie in their storage in every way that torch allows."""
    base = torch.arange(120, dtype=torch.float32)
    grid = base.reshape(2, 3, 4, 5)
    return {
        "whole": base,
        "view": base[7:31],
        "stepped": base[3:90:7],
        "transposed": grid.permute(3, 1, 0, 2),
        "channels_last": grid.contiguous(memory_format=torch.channels_last),
        "expanded": base[5:6].expand(4),
        "windows": base.unfold(0, 4, 2),
        "diagonal": grid[0, :, :, 0].diagonal(),
        "scalar": torch.tensor(2.5),
        "element": base[17],
        "empty": torch.empty(0, 3),
        "tail": base[115:],
        "empty_tail": base[120:],
        "parameter": torch.nn.Parameter(base[10:14]),
    }


def as_numpy(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return the values as a reader gives them: widened to float32 where NumPy lacks the type."""
    tensor = tensor.detach()
    if tensor.dtype is torch.bfloat16 or "float8" in str(tensor.dtype):
        tensor = tensor.to(torch.float32)
    return np.ascontiguousarray(tensor.numpy()).reshape(tensor.shape)


def assert_same_bits(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> None:
    """Check that two arrays have equal shape, dtype and bytes."""
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    assert ours.tobytes() == theirs.tobytes()


def assert_holds(arrays: NamedArrays, tensors: Mapping[str, torch.Tensor]) -> None:
    """Check that an opened file holds these tensors and nothing else, bit for bit."""
    assert set(arrays.specs) == set(tensors)
    assert arrays.skipped == ()
    for name, values in tensors.items():
        assert arrays.specs[name].shape == tuple(values.shape)
        assert arrays.specs[name].dtype == str(values.dtype).removeprefix("torch.")
        assert_same_bits(arrays.read(name), as_numpy(values))
