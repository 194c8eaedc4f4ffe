from __future__ import annotations

import itertools
import zlib

import numpy as np
import pytest

from bncli.formats.hdf5.chunks import DEFLATE, FLETCHER32, SHUFFLE, Chunk, Chunking, assemble
from bncli.formats.regions import MemoryRegion

VALUES = np.arange(35, dtype=np.float32).reshape(5, 7)
STEPS = (2, 3)
FILL = np.float32(-7)


def cut(filters: tuple[int, ...] = (), filter_mask: int = 0) -> tuple[Chunking, list[Chunk], bytes]:
    """Return VALUES in chunks of 2 by 3, those at the edges filled up with zeros."""
    content, chunks = b"", []
    for start in itertools.product(range(0, 5, 2), range(0, 7, 3)):
        part = np.zeros(STEPS, np.float32)
        inner = VALUES[start[0] : start[0] + 2, start[1] : start[1] + 3]
        part[: inner.shape[0], : inner.shape[1]] = inner
        stored = part.tobytes()
        for number, name in enumerate(filters):
            if filter_mask >> number & 1:
                continue
            if name == SHUFFLE:
                stored = np.frombuffer(stored, np.uint8).reshape(-1, 4).T.tobytes()
            elif name == DEFLATE:
                stored = zlib.compress(stored)
            else:
                stored += b"sums"
        chunks.append(Chunk(start, len(content), len(stored), filter_mask))
        content += stored
    return Chunking((5, 7), STEPS, 4, filters, FILL.tobytes()), chunks, content


@pytest.mark.parametrize("filters", [(), (SHUFFLE,), (DEFLATE,), (SHUFFLE, DEFLATE), (SHUFFLE, DEFLATE, FLETCHER32)])
@pytest.mark.parametrize("mask", [0, 1])
def test_chunks_make_the_array_whatever_filters_they_went_through(filters: tuple[int, ...], mask: int) -> None:
    chunking, chunks, content = cut(filters, mask)
    assert assemble(chunking, chunks, MemoryRegion(content)) == VALUES.tobytes()
    assert assemble(chunking, chunks[::-1], MemoryRegion(content)) == VALUES.tobytes()


def test_what_is_in_no_chunk_is_filled() -> None:
    chunking, chunks, content = cut((SHUFFLE, DEFLATE))
    expected = VALUES.copy()
    expected[:2, :3] = FILL
    expected[4:, 6:] = FILL
    assert assemble(chunking, chunks[1:-1], MemoryRegion(content)) == expected.tobytes()


def test_a_large_array_of_missing_chunks_is_refused() -> None:
    chunking = Chunking((2**28,), (4,), 4, (), FILL.tobytes())
    with pytest.raises(ValueError, match="67108863 chunks are missing of an array of 1073741824 bytes"):
        assemble(chunking, [Chunk((0,), 0, 16, 0)], MemoryRegion(bytes(16)))


def test_repeated_and_misplaced_chunks_are_refused() -> None:
    chunking, chunks, content = cut()
    outside = Chunk((6, 0), 0, chunks[0].size, 0)
    for wrong in ([chunks[0], *chunks[:-1]], [*chunks, chunks[0]], [*chunks, outside], [outside, *chunks[1:]]):
        with pytest.raises(ValueError, match="chunk"):
            assemble(chunking, wrong, MemoryRegion(content))


def test_chunks_that_inflate_beyond_their_size_are_refused() -> None:
    bomb = zlib.compress(bytes(10**6))
    with pytest.raises(ValueError, match="inflates to over"):
        assemble(Chunking((4,), (4,), 4, (DEFLATE,), bytes(4)), [Chunk((0,), 0, len(bomb), 0)], MemoryRegion(bomb))


def test_an_array_that_claims_far_more_than_is_stored_is_refused() -> None:
    chunks = [Chunk((at,), 0, 10, 0) for at in range(0, 10**6, 10**5)]
    with pytest.raises(ValueError, match="claimed to be stored in 100"):
        assemble(Chunking((10**6,), (10**5,), 8, (DEFLATE,), bytes(8)), chunks, MemoryRegion(bytes(1000)))
    with pytest.raises(ValueError, match="claimed to be stored"):
        assemble(Chunking((4,), (4,), 4, (), bytes(4)), [Chunk((0,), 0, 16, 0)], MemoryRegion(bytes(8)))


@pytest.mark.parametrize("content", [b"", bytes(15), b"\xff" * 16])
def test_a_broken_chunk_is_refused(content: bytes) -> None:
    chunking = Chunking((4,), (4,), 4, (DEFLATE,), bytes(4))
    with pytest.raises((ValueError, EOFError, zlib.error)):
        assemble(chunking, [Chunk((0,), 0, 16, 0)], MemoryRegion(content + bytes(20)))
