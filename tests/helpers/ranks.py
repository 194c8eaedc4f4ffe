"""Runs the ranks of a group as threads of one process: gloo takes them for processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from torch.distributed import HashStore

from bncli.recording.rank_group import GlooGroup

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def on_ranks(size: int, action: Callable[[GlooGroup], T], timeout_seconds: float = 60) -> list[T | BaseException]:
    """Return what an action gives on each rank, or the error that it raises there."""
    store = HashStore()

    def run(rank: int) -> T | BaseException:
        try:
            return action(GlooGroup(store, rank, size, timeout_seconds))
        except Exception as error:  # noqa: BLE001 - it is what the test looks at
            return error

    with ThreadPoolExecutor(size) as threads:
        return list(threads.map(run, range(size)))
