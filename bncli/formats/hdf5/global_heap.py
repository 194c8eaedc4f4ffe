"""A check of the heaps that hold the texts of an HDF5 file, in which its library can loop for ever (its issue 1707)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bncli.formats.regions import Region

SIGNATURE = b"GCOL"
_HEADER_BYTES = 16
_OBJECT = struct.Struct("<HHIQ")
"""Index, number of references, reserved, size."""
_ALIGNMENT = 8
_MAX_HEAP_BYTES = 256 * 1024**2


def require_sound_heap(content: Region, start: int) -> None:
    """Check that the objects of a heap follow each other to its end.

    Args:
        content: the file.
        start: where the heap begins.

    Raises:
        ValueError: an object is shorter than its own header, or reaches past the heap.
        EOFError: the file ends inside the heap.
    """
    size = int.from_bytes(content.read(start + _ALIGNMENT, _ALIGNMENT), "little")
    if not _HEADER_BYTES <= size <= _MAX_HEAP_BYTES:
        raise ValueError(f"a heap of {size} bytes")
    heap = content.read(start, size)
    at = _HEADER_BYTES
    while at + _OBJECT.size <= size:
        index, _, _, length = _OBJECT.unpack_from(heap, at)
        # What is free counts its own header, and an object does not.
        step = length if index == 0 else _OBJECT.size + -(-length // _ALIGNMENT) * _ALIGNMENT
        if step < _OBJECT.size or at + step > size:
            raise ValueError(f"an object of {length} bytes in a heap of {size}")
        at += step
