"""Lists of arrays as MXNet's versions wrote them, by hand: MXNet is no longer made for today's Pythons."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TYPES = (
    "float32",
    "float64",
    "float16",
    "uint8",
    "int32",
    "int8",
    "int64",
    "bool",
    "int16",
    "uint16",
    "uint32",
    "uint64",
)
"""Element types by their number."""
MAGICS = {"0.11": None, "0.12": 0xF993FAC8, "1.0": 0xF993FAC9, "1.6": 0xF993FACA}
"""The number before an array, by the first version that wrote it; the oldest writes none."""


def shape_in_64_bits(shape: Sequence[int]) -> bytes:
    return struct.pack(f"<i{len(shape)}q", len(shape), *shape)


def array(values: Any, version: str = "1.0") -> bytes:
    """Return one dense array."""
    values = np.asarray(values)
    magic = MAGICS[version]
    front = b"" if magic is None else struct.pack("<I", magic)
    front += struct.pack("<i", 0) if version in ("1.0", "1.6") else b""
    shape = struct.pack(f"<I{values.ndim}I", values.ndim, *values.shape)
    shape = shape if magic is None else shape_in_64_bits(values.shape)
    return front + shape + struct.pack("<iii", 1, 0, TYPES.index(values.dtype.name)) + values.tobytes()


def array_list(arrays: Sequence[bytes], names: Sequence[str]) -> bytes:
    """Return a whole file."""
    encoded = b"".join(struct.pack("<Q", len(name.encode())) + name.encode() for name in names)
    front = struct.pack("<QQQ", 0x112, 0, len(arrays))
    return front + b"".join(arrays) + struct.pack("<Q", len(names)) + encoded


def params(arrays: Mapping[str, Any], version: str = "1.0") -> bytes:
    """Return a file that holds these arrays by name."""
    return array_list([array(values, version) for values in arrays.values()], list(arrays))
