"""Tests of the blocks in which a remote file is read, against plain slices."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bncli.formats.remote.remote_file import BLOCK_BYTES, RemoteFile

CONTENT = bytes(range(251)) * 4_000  # just below a million, and no multiple of a block


class SlicesOf:
    """Ranges of bytes in memory."""

    def __init__(self, content: bytes, num_at_once: int = 1) -> None:
        self.content = content
        self.size = len(content)
        self.num_at_once = num_at_once
        self.fetched: list[tuple[int, int]] = []
        self.is_closed = False
        self._lock = threading.Lock()

    @property
    def bytes_received(self) -> int:
        return sum(stop - start for start, stop in self.fetched)

    def fetch(self, start: int, stop: int) -> bytes:
        assert 0 <= start < stop <= self.size
        with self._lock:
            self.fetched.append((start, stop))
        return self.content[start:stop]

    def close(self) -> None:
        self.is_closed = True


def read(file: RemoteFile, offset: int, count: int) -> bytes:
    buffer = bytearray(count)
    done = 0
    while done < count:
        received = file.read_into(offset + done, memoryview(buffer)[done:])
        assert received
        done += received
    return bytes(buffer)


extents = st.tuples(st.integers(0, len(CONTENT) - 1), st.integers(1, 200_000)).map(
    lambda pair: (pair[0], min(pair[0] + pair[1], len(CONTENT)))
)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(extents, max_size=6), st.lists(extents, min_size=1, max_size=6), st.sampled_from([1, 3]))
def test_reads_are_slices_whatever_was_announced(
    announced: list[tuple[int, int]], wanted: list[tuple[int, int]], num_at_once: int
) -> None:
    ranges = SlicesOf(CONTENT, num_at_once)
    file = RemoteFile(ranges)
    file.announce(announced)
    for start, stop in wanted:
        assert read(file, start, stop - start) == CONTENT[start:stop]
    assert file.bytes_read == ranges.bytes_received


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(extents, min_size=1, max_size=8))
def test_what_was_announced_is_not_transferred_again(announced: list[tuple[int, int]]) -> None:
    ranges = SlicesOf(CONTENT)
    file = RemoteFile(ranges)
    file.announce(announced)
    num_fetched = len(ranges.fetched)
    for start, stop in announced:
        read(file, start, stop - start)
    assert len(ranges.fetched) == num_fetched


def test_neighbours_are_joined_over_small_gaps_and_not_over_large_ones() -> None:
    ranges = SlicesOf(bytes(100 * BLOCK_BYTES))
    RemoteFile(ranges).announce([(block * BLOCK_BYTES, block * BLOCK_BYTES + 10) for block in (0, 2, 5, 50, 51)])
    assert ranges.fetched == [(0, 6 * BLOCK_BYTES), (50 * BLOCK_BYTES, 52 * BLOCK_BYTES)]


def test_long_runs_are_parted_so_that_several_can_come_at_once() -> None:
    ranges = SlicesOf(bytes(600 * BLOCK_BYTES), num_at_once=4)
    RemoteFile(ranges).announce([(0, 600 * BLOCK_BYTES)])
    assert sorted(ranges.fetched) == [
        (0, 256 * BLOCK_BYTES), (256 * BLOCK_BYTES, 512 * BLOCK_BYTES), (512 * BLOCK_BYTES, 600 * BLOCK_BYTES)
    ]  # fmt: skip


def test_a_small_read_takes_a_little_more_and_serves_the_next_ones() -> None:
    ranges = SlicesOf(bytes(100 * BLOCK_BYTES))
    file = RemoteFile(ranges)
    for offset in range(0, 4 * BLOCK_BYTES, 1000):
        read(file, offset, 30)
    assert ranges.fetched == [(0, 4 * BLOCK_BYTES)]


def test_only_part_of_a_large_file_is_kept() -> None:
    ranges = SlicesOf(bytes(80 * 1024**2))
    file = RemoteFile(ranges)
    read(file, 0, ranges.size)
    assert ranges.bytes_received == ranges.size
    read(file, ranges.size - 10, 10)
    assert ranges.bytes_received == ranges.size
    read(file, 0, 10)
    assert ranges.bytes_received > ranges.size


@pytest.mark.parametrize("extent", [(-100, -1), (10**9, 10**9 + 5), (5, 5)])
def test_what_is_announced_outside_the_file_is_left_out(extent: tuple[int, int]) -> None:
    ranges = SlicesOf(CONTENT)
    RemoteFile(ranges).announce([extent])
    assert ranges.bytes_received <= BLOCK_BYTES


def test_closing_closes_the_connections_and_keeps_the_bytes() -> None:
    ranges = SlicesOf(CONTENT)
    file = RemoteFile(ranges)
    read(file, 0, 10)
    file.close()
    assert ranges.is_closed
    num_fetched = len(ranges.fetched)
    assert read(file, 0, 10) == CONTENT[:10]
    assert len(ranges.fetched) == num_fetched
