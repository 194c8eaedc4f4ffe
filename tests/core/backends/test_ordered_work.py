"""Tests that work on several threads comes back complete, in order, and ends with an error where one arises."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from bncli.core.backends.ordered_work import in_order
from bncli.core.channel_layout import Block

BLOCKS = [Block(start * 3, (1, 1, 3), 0) for start in range(40)]


def read(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(start, stop)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
def test_every_block_comes_back_once_and_in_order(count: int) -> None:
    def work(block: Block, values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
        time.sleep(0.001 * (block.start % 2))
        return values.tolist()

    found = list(in_order(BLOCKS[:count], read, work))
    assert [block for block, _ in found] == BLOCKS[:count]
    assert [values for _, values in found] == [list(range(block.start, block.stop)) for block in BLOCKS[:count]]


def test_reading_goes_forward_in_one_thread_at_a_time() -> None:
    starts: list[int] = []
    is_reading = threading.Lock()

    def watched(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        assert is_reading.acquire(blocking=False)
        starts.append(start)
        is_reading.release()
        return read(start, stop)

    list(in_order(BLOCKS, watched, lambda _, values: values.sum()))
    assert starts == [block.start for block in BLOCKS]


def test_no_more_blocks_are_in_memory_than_planned() -> None:
    taken = 0

    def counted(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        nonlocal taken
        taken += 1
        return read(start, stop)

    for used, _ in enumerate(in_order(BLOCKS, counted, lambda *_: None)):
        time.sleep(0.002)
        assert taken <= used + 5


@pytest.mark.parametrize("place", ["read", "work"])
def test_an_error_in_any_thread_reaches_whoever_iterates(place: str) -> None:
    def failing_read(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        if place == "read" and start == 30:
            raise EOFError("short")
        return read(start, stop)

    def failing_work(block: Block, values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
        if place == "work" and block.start == 30:
            raise EOFError("short")
        return int(values[0])

    seen: list[int] = []
    with pytest.raises(EOFError, match="short"):
        seen.extend(block.start for block, _ in in_order(BLOCKS, failing_read, failing_work))
    assert seen == list(range(0, 30, 3))
    assert threading.active_count() < 4


def test_leaving_early_ends_the_threads() -> None:
    for _ in in_order(BLOCKS, read, lambda _, values: values.copy()):
        break
    deadline = time.monotonic() + 5
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == 1
