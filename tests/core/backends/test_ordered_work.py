"""Tests that work on several threads comes back complete, in order, and ends with an error where one arises."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import NoReturn

import numpy as np
import pytest

from bncli.core.backends.ordered_work import in_order
from bncli.core.channel_layout import Block

BLOCKS = [Block(start * 3, (1, 1, 3), 0) for start in range(40)]


def read(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(start, stop)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
def test_every_block_is_used_once_and_in_order(count: int) -> None:
    def work(block: Block, values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
        time.sleep(0.001 * (block.start % 2))
        return values.tolist()

    found: list[tuple[Block, list[int]]] = []
    in_order(BLOCKS[:count], read, work, lambda *used: found.append(used))
    assert found == [(block, list(range(block.start, block.stop))) for block in BLOCKS[:count]]


def test_reading_goes_forward_in_one_thread_at_a_time() -> None:
    starts: list[int] = []
    is_reading = threading.Lock()

    def watched(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        assert is_reading.acquire(blocking=False)
        starts.append(start)
        is_reading.release()
        return read(start, stop)

    in_order(BLOCKS, watched, lambda _, values: values.sum(), lambda *_: None)
    assert starts == [block.start for block in BLOCKS]


def test_one_block_is_worked_on_while_another_is_read_and_used() -> None:
    together = threading.Barrier(2, timeout=5)
    in_order(BLOCKS, read, lambda *_: together.wait(), lambda *_: None)


def test_no_more_blocks_are_in_memory_than_planned() -> None:
    in_memory: list[int] = []
    most = 0

    def counted(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        nonlocal most
        in_memory.append(start)
        most = max(most, len(in_memory))
        return read(start, stop)

    def use(block: Block, _: None) -> None:
        time.sleep(0.002)
        in_memory.remove(block.start)

    in_order(BLOCKS, counted, lambda *_: None, use)
    assert most <= 2


@pytest.mark.parametrize("place", ["read", "work", "use"])
def test_an_error_in_any_step_is_raised_after_the_use_of_earlier_blocks(place: str) -> None:
    def failing(name: str, start: int) -> None:
        if name == place and start >= 30:
            raise EOFError(f"short at {start}")

    def failing_read(start: int, stop: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        failing("read", start)
        return read(start, stop)

    def failing_work(block: Block, values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
        failing("work", block.start)
        return int(values[0])

    def failing_use(block: Block, _: int) -> None:
        failing("use", block.start)
        seen.append(block.start)

    seen: list[int] = []
    with pytest.raises(EOFError, match="short at 30"):
        in_order(BLOCKS, failing_read, failing_work, failing_use)
    assert seen == list(range(0, 30, 3))
    wait_for_one_thread()


def test_an_interruption_ends_the_threads() -> None:
    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    def use(block: Block, _: None) -> None:
        used.append(block.start)
        if len(used) == 5:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

    used: list[int] = []
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            in_order(BLOCKS, read, lambda *_: None, use)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(used) < len(BLOCKS)
    wait_for_one_thread()


def wait_for_one_thread() -> None:
    deadline = time.monotonic() + 5
    while threading.active_count() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == 1
