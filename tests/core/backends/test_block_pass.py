"""Tests that a pass does the same for an array whoever does it: threads, or several processes."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.core.backends import block_pass
from bncli.core.backends.block_pass import BlockReader, pass_over
from bncli.core.channel_layout import Block, ChannelLayout

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import Array

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

UNIT = 1 << 14
X = np.arange(20 * UNIT, dtype=np.float64)
LAYOUT = ChannelLayout.of((20, 1, UNIT))


class Summing:
    """Notes the sum of each block, and which process used it."""

    def __init__(self, *, is_order_free: bool = True, copies_leave: Path | None = None) -> None:
        self.is_order_free = is_order_free
        self.own = os.getpid()
        self.copies_leave = copies_leave
        self.found: list[tuple[int, float, int]] = []

    def work(self, _: Block, values: Array) -> float:
        if self.copies_leave is not None:
            self._wait_for_a_copy(self.copies_leave)
        return float(values.sum())

    def use(self, block: Block, result: float) -> None:
        self.found.append((block.start, result, os.getpid()))

    def _wait_for_a_copy(self, file: Path) -> None:
        if os.getpid() != self.own:
            file.touch()
        deadline = time.monotonic() + 30
        while not file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def to_bytes(self) -> bytes:
        return json.dumps(self.found).encode()

    def absorb(self, content: bytes) -> None:
        self.found += [(start, result, process) for start, result, process in json.loads(content)]


def read(start: int, stop: int) -> Array:
    return X[start:stop]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_pass, "READ_ELEMENTS", UNIT)
    monkeypatch.setattr(block_pass, "num_processes", lambda: 3)


@pytest.mark.parametrize("is_independent", [False, True])
@pytest.mark.parametrize("is_order_free", [False, True])
@pytest.mark.parametrize("most_jobs", [1024, 7])
def test_every_block_is_used_once(
    is_independent: bool, is_order_free: bool, most_jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_pass, "MOST_JOBS", most_jobs)
    is_expected_to_share = is_independent and is_order_free
    task = Summing(is_order_free=is_order_free, copies_leave=tmp_path / "copy" if is_expected_to_share else None)
    counted, given = list[int](), list[int]()
    reader = BlockReader(read, lambda values: given.append(values.size), is_independent)
    pass_over(LAYOUT, reader, task, counted.append)
    starts = [block.start for block in LAYOUT.blocks(UNIT)]
    in_order = sorted(task.found) if is_expected_to_share else task.found
    assert [(start, total) for start, total, _ in in_order] == [(s, X[s : s + UNIT].sum()) for s in starts]
    assert sum(counted) == X.size
    assert all(count > 0 for count in counted)
    is_shared = any(process != os.getpid() for *_, process in task.found)
    assert is_shared == is_expected_to_share


def test_a_short_array_is_not_worth_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_pass, "READ_ELEMENTS", X.size // 5)
    task = Summing()
    pass_over(LAYOUT, BlockReader(read, is_independent=True), task)
    assert {process for *_, process in task.found} == {os.getpid()}


def test_blocks_of_another_process_that_failed_are_done_here() -> None:
    own = os.getpid()

    def failing(start: int, stop: int) -> Array:
        if os.getpid() != own:
            raise OSError
        return read(start, stop)

    task = Summing()
    pass_over(LAYOUT, BlockReader(failing, is_independent=True), task)
    assert sorted(start for start, *_ in task.found) == [block.start for block in LAYOUT.blocks(UNIT)]


def test_an_empty_array_has_no_blocks() -> None:
    task = Summing()
    pass_over(ChannelLayout.of((0, 3, UNIT)), BlockReader(read, is_independent=True), task)
    assert task.found == []
