from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.formats.inflated_region import InflatedRegion, PassedBytes
from bncli.formats.regions import MemoryRegion

if TYPE_CHECKING:
    from bncli.formats.regions import Region

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


def inflated(stored: Region, size: int, most_passed: int = 10**9) -> InflatedRegion:
    return InflatedRegion(stored, size, PassedBytes(most_passed))


def test_the_whole_of_the_content_comes_back() -> None:
    assert inflated(MemoryRegion(deflated(CONTENT)), len(CONTENT)).read(0, len(CONTENT)) == CONTENT


def test_parts_come_back_in_any_order() -> None:
    region = inflated(MemoryRegion(deflated(CONTENT)), len(CONTENT))
    for start in RNG.integers(0, len(CONTENT), 20).tolist():
        count = min(50_000, len(CONTENT) - start)
        assert region.read(start, count) == CONTENT[start : start + count]


def test_reads_that_go_forward_inflate_each_byte_once() -> None:
    stored = CountingRegion(deflated(CONTENT))
    region = inflated(stored, len(CONTENT))
    for start in range(0, len(CONTENT), 100_000):
        region.read(start, 100_000)
    assert stored.bytes_read == stored.size


def test_a_short_look_at_the_beginning_reads_little() -> None:
    stored = CountingRegion(deflated(CONTENT))
    assert inflated(stored, len(CONTENT)).read(0, 100) == CONTENT[:100]
    assert stored.bytes_read < 5000


@pytest.mark.parametrize("declared", [len(CONTENT) + 1, 2**50])
def test_a_stream_that_ends_before_the_declared_size_is_refused(declared: int) -> None:
    region = inflated(MemoryRegion(deflated(CONTENT)), declared)
    with pytest.raises(EOFError, match="end after"):
        region.read(0, declared)


def test_a_stream_that_goes_on_after_the_declared_size_is_refused() -> None:
    with pytest.raises(ValueError, match="go on after"):
        inflated(MemoryRegion(deflated(CONTENT)), 1000).read(0, 1000)


def test_stored_bytes_that_are_cut_off_are_refused() -> None:
    whole = deflated(CONTENT)
    with pytest.raises(EOFError):
        inflated(MemoryRegion(whole[: len(whole) // 2]), len(CONTENT)).read(0, len(CONTENT))


def test_bytes_that_are_no_stream_are_a_fault() -> None:
    with pytest.raises(zlib.error):
        inflated(MemoryRegion(b"\xff" * 100), 100).read(0, 100)


def test_nothing_beyond_the_declared_size_can_be_asked_for() -> None:
    with pytest.raises(EOFError):
        inflated(MemoryRegion(deflated(CONTENT)), len(CONTENT)).read(1, len(CONTENT))


def test_what_is_passed_over_counts_and_what_is_asked_for_does_not() -> None:
    region = inflated(MemoryRegion(deflated(CONTENT)), len(CONTENT), most_passed=340)
    for start in (0, 100, 400, 0, 200):
        assert region.read(start, 100) == CONTENT[start : start + 100]
    with pytest.raises(ValueError, match="over 340 deflated bytes lie before those asked for"):
        region.read(341, 1)


def test_runs_that_share_a_limit_reach_it_together() -> None:
    passed = PassedBytes(1000)
    for _ in range(2):
        InflatedRegion(MemoryRegion(deflated(CONTENT)), len(CONTENT), passed).read(500, 1)
    with pytest.raises(ValueError, match="over 1000"):
        InflatedRegion(MemoryRegion(deflated(CONTENT)), len(CONTENT), passed).read(1, 1)
