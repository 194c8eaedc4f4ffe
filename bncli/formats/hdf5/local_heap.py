"""A check of the heaps that hold the names in an HDF5 group, on whose free blocks its library can loop for ever."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bncli.formats.regions import Region

SIGNATURE = b"HEAP"
_HEADER = struct.Struct("<8x3Q")
"""Size of the data, where its first free block is in them, and where they are in the file."""
_BLOCK = struct.Struct("<2Q")
"""Where the next free block is in the data, and the size of this one."""
_NO_BLOCK = 1


def require_sound_names(content: Region, start: int) -> None:
    """Check that the free blocks of a heap follow each other to an end.

    Args:
        content: the file.
        start: where the heap begins.

    Raises:
        ValueError: a block lies outside of the heap, or leads back to one before it.
        EOFError: the file ends inside the heap.
    """
    size, at, data = _HEADER.unpack(content.read(start, _HEADER.size))
    seen: set[int] = set()
    while at != _NO_BLOCK:
        if at in seen or at + _BLOCK.size > size:
            raise ValueError(f"a free block at byte {at} of a heap of {size}, where none can be")
        seen.add(at)
        at, _ = _BLOCK.unpack(content.read(data + at, _BLOCK.size))
