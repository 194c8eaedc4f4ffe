"""Numbers of variable length, decoded many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.formats.byte_range import require_within
from bncli.formats.protobuf.heads import CONTINUES, MAX_VARINT_BYTES
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.formats.regions import Region

_MAX_ENCODED_BYTES = 64 * 1024**2
_BLOCK_BYTES = 2**18
"""Decoding takes some 40 bytes of memory for each encoded one, so it goes by blocks."""


@dataclass(frozen=True, slots=True)
class VarintRegion:
    """Elements that are written with variable length, as the bytes that they would have in an array."""

    encoded: Region
    itemsize: int
    """Bytes of one element: 1, 2, 4 or 8; of longer numbers the low bytes count."""
    count: int
    """Number of elements."""

    @property
    def position(self) -> int:
        """Where the elements start in the file."""
        return self.encoded.position

    @property
    def size(self) -> int:
        """Number of bytes of all elements in an array."""
        return self.count * self.itemsize

    def read(self, start: int, count: int) -> bytearray:
        """Return bytes of the elements as an array holds them, little-endian; all of them are decoded for that.

        Raises:
            ValueError: there are more or fewer elements, or too many to be decoded.
        """
        require_within(self.size, start, count)
        if self.encoded.size > _MAX_ENCODED_BYTES:
            raise ValueError(f"{self.encoded.size} bytes of numbers of variable length")
        encoded = self.encoded.read(0, self.encoded.size)
        elements = bytearray()
        for block in _blocks(encoded):
            elements += decode_varints(block).astype(f"<u{self.itemsize}").tobytes()
        if len(elements) != self.size:
            raise ValueError(f"{len(elements) // self.itemsize} values are stored for {self.count} elements")
        return elements[start : start + count]


def _blocks(encoded: bytearray) -> Iterator[bytearray]:
    """Return the encoded numbers in blocks that end where a number ends, as far as any does."""
    start = 0
    while start < len(encoded):
        stop = min(start + _BLOCK_BYTES, len(encoded))
        while stop < len(encoded) and encoded[stop - 1] >= CONTINUES and stop - start > _BLOCK_BYTES // 2:
            stop -= 1
        yield encoded[start:stop]
        start = stop


def decode_varints(encoded: bytes | bytearray) -> NDArray[np.uint64]:
    """Return the numbers that are written one after the other, shape (count,).

    Raises:
        ValueError: the last number is cut off, or one of them is longer than 10 bytes.
    """
    pieces = np.frombuffer(encoded, np.uint8)
    if not len(pieces):
        return np.empty(0, np.uint64)
    last = np.flatnonzero(pieces < CONTINUES)
    if not len(last) or last[-1] != len(pieces) - 1:
        raise ValueError("the last number is cut off")
    first = np.concatenate(([0], last[:-1] + 1))
    lengths = last - first + 1
    if lengths.max() > MAX_VARINT_BYTES:
        raise ValueError(f"a number of {lengths.max()} bytes")
    shifts = 7 * (np.arange(len(pieces)) - np.repeat(first, lengths))
    parts = (pieces & np.uint8(CONTINUES - 1)).astype(np.uint64) << shifts.astype(np.uint64)
    return np.add.reduceat(parts, first)
