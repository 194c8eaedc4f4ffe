"""Makes a small safetensors file of several arrays, whole in memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.rounding import round_to_bfloat16

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bncli.core.named_arrays import Array

_TYPES = {"int64": "I64", "float64": "F64", "float32": "F32", "float16": "F16"}
"""The format's name of each element type that NumPy has."""
_ALIGNMENT = 8


def safetensors_file(arrays: Mapping[str, Array], bfloat16: Collection[str] = ()) -> bytes:
    """Return a safetensors file that holds some arrays in their order.

    Args:
        arrays: by name, of float16, float32, float64 or int64.
        bfloat16: names of arrays to round to bfloat16, which NumPy lacks.
    """
    entries: dict[str, object] = {}
    bodies: list[bytes] = []
    end = 0
    for name, array in arrays.items():
        dtype, body = _bfloat16(array) if name in bfloat16 else _as_it_is(array)
        start, end = end, end + len(body)
        entries[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [start, end]}
        bodies.append(body)
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % _ALIGNMENT)
    return len(header).to_bytes(8, "little") + header + b"".join(bodies)


def _as_it_is(array: Array) -> tuple[str, bytes]:
    return _TYPES[array.dtype.name], array.astype(array.dtype.newbyteorder("<")).tobytes()


def _bfloat16(array: Array) -> tuple[str, bytes]:
    halves = round_to_bfloat16(array.astype(np.float64)).view(np.uint32) >> np.uint32(16)
    return "BF16", halves.astype("<u2").tobytes()
