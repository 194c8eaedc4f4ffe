"""MessagePack files as Flax writes them, put together by hand."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

ARRAY, SCALAR = 1, 3


def pack(value: Any) -> bytes:
    """Return a value with the longest form of its lengths."""
    match value:
        case None | False | True:
            return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
        case int():
            return struct.pack(">Bq", 0xD3, value)
        case float():
            return struct.pack(">Bd", 0xCB, value)
        case str():
            return struct.pack(">BI", 0xDB, len(value.encode())) + value.encode()
        case bytes():
            return struct.pack(">BI", 0xC6, len(value)) + value
        case dict():
            return struct.pack(">BI", 0xDF, len(value)) + b"".join(
                pack(key) + pack(item) for key, item in value.items()
            )
        case np.ndarray():
            return array(value)
        case _:
            return struct.pack(">BI", 0xDD, len(value)) + b"".join(map(pack, value))


def extension(code: int, content: bytes) -> bytes:
    """Return a value of an application's own type."""
    return struct.pack(">BIb", 0xC9, len(content), code) + content


def array(values: np.ndarray[Any, Any], dtype: str | None = None, code: int = ARRAY) -> bytes:
    """Return an array as Flax writes it; `dtype` is what it claims to be of."""
    return extension(code, pack([list(values.shape), dtype or values.dtype.name, values.tobytes()]))


def raw_map(items: Mapping[str, bytes]) -> bytes:
    """Return a map of values that are packed already."""
    return struct.pack(">BI", 0xDF, len(items)) + b"".join(pack(key) + item for key, item in items.items())


def nested(arrays: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """Return arrays under names with dots as maps in maps."""
    root: dict[str, Any] = {}
    for name, values in arrays.items():
        *path, leaf = name.split(".")
        group = root
        for part in path:
            group = group.setdefault(part, {})
        group[leaf] = values
    return root
