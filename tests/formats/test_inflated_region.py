from __future__ import annotations

import zlib

import numpy as np
import pytest

from bncli.formats.inflated_region import InflatedRegion
from bncli.formats.regions import MemoryRegion

RNG = np.random.default_rng(0)
CONTENT = RNG.bytes(700_000) + bytes(900_000)


class CountingRegion:
    position = 0

    def __init__(self, content: bytes) -> None:
        self._content = MemoryRegion(content)
        self.size = len(content)
        self.bytes_read = 0

    def read(self, start: int, count: int) -> bytearray:
        self.bytes_read += count
        return self._content.read(start, count)


def deflated(content: bytes) -> bytes:
    return zlib.compress(content, wbits=-15)


def test_the_whole_of_the_content_comes_back() -> None:
    assert InflatedRegion(MemoryRegion(deflated(CONTENT)), len(CONTENT)).read(0, len(CONTENT)) == CONTENT


def test_parts_come_back_in_any_order() -> None:
    region = InflatedRegion(MemoryRegion(deflated(CONTENT)), len(CONTENT))
    for start in RNG.integers(0, len(CONTENT), 20).tolist():
        count = min(50_000, len(CONTENT) - start)
        assert region.read(start, count) == CONTENT[start : start + count]


def test_reads_that_go_forward_inflate_each_byte_once() -> None:
    stored = CountingRegion(deflated(CONTENT))
    region = InflatedRegion(stored, len(CONTENT))
    for start in range(0, len(CONTENT), 100_000):
        region.read(start, 100_000)
    assert stored.bytes_read == stored.size


def test_a_short_look_at_the_beginning_reads_little() -> None:
    stored = CountingRegion(deflated(CONTENT))
    assert InflatedRegion(stored, len(CONTENT)).read(0, 100) == CONTENT[:100]
    assert stored.bytes_read < 5000


@pytest.mark.parametrize("declared", [len(CONTENT) + 1, 2**50])
def test_a_stream_that_ends_before_the_declared_size_is_refused(declared: int) -> None:
    region = InflatedRegion(MemoryRegion(deflated(CONTENT)), declared)
    with pytest.raises(EOFError, match="end after"):
        region.read(0, declared)


def test_a_stream_that_goes_on_after_the_declared_size_is_refused() -> None:
    with pytest.raises(ValueError, match="go on after"):
        InflatedRegion(MemoryRegion(deflated(CONTENT)), 1000).read(0, 1000)


def test_stored_bytes_that_are_cut_off_are_refused() -> None:
    whole = deflated(CONTENT)
    with pytest.raises(EOFError):
        InflatedRegion(MemoryRegion(whole[: len(whole) // 2]), len(CONTENT)).read(0, len(CONTENT))


def test_bytes_that_are_no_stream_are_a_fault() -> None:
    with pytest.raises(zlib.error):
        InflatedRegion(MemoryRegion(b"\xff" * 100), 100).read(0, 100)


def test_nothing_beyond_the_declared_size_can_be_asked_for() -> None:
    with pytest.raises(EOFError):
        InflatedRegion(MemoryRegion(deflated(CONTENT)), len(CONTENT)).read(1, len(CONTENT))
