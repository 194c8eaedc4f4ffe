"""Tests that memory is used again within a thread and never shared between threads."""

from __future__ import annotations

import threading

import numpy as np

from bncli.core.thread_memory import reused


def test_the_same_purpose_gets_the_same_memory_in_any_shape_and_type() -> None:
    first = reused("test", (4, 5))
    first[...] = 7
    second = reused("test", (3,), np.float32)
    assert np.shares_memory(first, second)
    assert second.dtype == np.float32


def test_more_than_there_was_is_newly_allocated_whole() -> None:
    reused("growing", (2,))
    assert reused("growing", (1000, 3)).shape == (1000, 3)


def test_another_purpose_and_another_thread_have_memory_of_their_own() -> None:
    mine = reused("one", (10,))
    assert not np.shares_memory(mine, reused("two", (10,)))
    others: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: others.append(reused("one", (10,))))
    thread.start()
    thread.join()
    assert not np.shares_memory(mine, others[0])
