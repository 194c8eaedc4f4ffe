"""Datasets that are stored in chunks, filtered or not, put together without the library's own filters."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bncli.formats.regions import Region

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
"""Numbers of the filters that are read: compression, bytes sorted by their place in an element, a checksum."""
_CHECKSUM_BYTES = 4
_MAX_BYTES = 1024**3
_MAX_DEFLATION = 1100
"""Deflate makes nothing smaller than to a 1032nd."""
MAX_SPARSE_BYTES = 256 * 1024**2
"""How large an array may be of which chunks are missing; these count as filled with one value."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk as it is stored."""

    start: tuple[int, ...]
    """Where in the array it begins."""
    position: int
    """Where in the file."""
    size: int
    """Stored bytes."""
    filter_mask: int
    """A bit for each filter, set where this chunk went without it."""


@dataclass(frozen=True, slots=True)
class Chunking:
    """How a dataset is cut into chunks."""

    shape: tuple[int, ...]
    """Of the array."""
    chunk_shape: tuple[int, ...]
    itemsize: int
    filters: tuple[int, ...]
    """In the order in which they were applied."""
    fill: bytes
    """The element that stands wherever no chunk was written."""

    @property
    def num_bytes(self) -> int:
        """Size of the array."""
        return math.prod(self.shape) * self.itemsize

    @property
    def num_chunks(self) -> int:
        """How many chunks the array needs."""
        return math.prod(
            -(-length // step) if step else 0 for length, step in zip(self.shape, self.chunk_shape, strict=True)
        )

    @property
    def chunk_bytes(self) -> int:
        """Size of one chunk without filters."""
        return math.prod(self.chunk_shape) * self.itemsize


def assemble(chunking: Chunking, chunks: Sequence[Chunk], content: Region) -> bytes:
    """Return the bytes of the array in C order.

    Raises:
        ValueError: chunks overlap or inflate like a bomb; or the array is too large.
        zlib.error: a chunk is broken.
        EOFError: the file ends inside a chunk.
    """
    num_missing = chunking.num_chunks - len({chunk.start for chunk in chunks})
    if len(chunks) + num_missing != chunking.num_chunks or num_missing < 0:
        raise ValueError(f"{len(chunks)} chunks are stored of {chunking.num_chunks}")
    if num_missing and chunking.num_bytes > MAX_SPARSE_BYTES:
        raise ValueError(f"{num_missing} chunks are missing of an array of {chunking.num_bytes} bytes")
    stored = sum(chunk.size for chunk in chunks)
    needed = len(chunks) * chunking.chunk_bytes
    if stored > content.size or needed > min(_MAX_BYTES, _MAX_DEFLATION * stored):
        raise ValueError(f"{needed} bytes are claimed to be stored in {stored}")
    array = np.full(chunking.shape, np.void(chunking.fill))
    for chunk in chunks:
        elements = _elements(chunking, chunk, content)
        target = array[tuple(slice(at, at + step) for at, step in zip(chunk.start, chunking.chunk_shape, strict=True))]
        if target.size == 0:
            raise ValueError("a chunk lies outside the array")
        target[...] = elements[tuple(slice(length) for length in target.shape)]
    return array.tobytes()


def _elements(chunking: Chunking, chunk: Chunk, content: Region) -> NDArray[np.void]:
    stored = bytes(content.read(chunk.position, chunk.size))
    for number, applied in reversed(list(enumerate(chunking.filters))):
        if chunk.filter_mask >> number & 1:
            continue
        if applied == DEFLATE:
            stored = _inflated(stored, chunking.chunk_bytes + _CHECKSUM_BYTES)
        elif applied == SHUFFLE:
            stored = _unshuffled(stored, chunking.itemsize)
        else:
            stored = stored[:-_CHECKSUM_BYTES]
    return np.frombuffer(stored, f"V{chunking.itemsize}").reshape(chunking.chunk_shape)


def _inflated(deflated: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(deflated, limit)
    if not inflater.eof:
        raise ValueError(f"a chunk is cut short, or inflates to over {limit} bytes")
    return inflated


def _unshuffled(shuffled: bytes, itemsize: int) -> bytes:
    """Return bytes in their order, of which the first of every element came first, then all the second, and so on."""
    count = len(shuffled) // itemsize * itemsize
    planes = np.frombuffer(shuffled[:count], np.uint8).reshape(itemsize, -1)
    return planes.T.tobytes() + shuffled[count:]
