"""One pass over the blocks of an array, by several processes where they can read it independently, else by threads."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from bncli.core.backends.ordered_work import in_order
from bncli.core.backends.shared_jobs import MOST_JOBS, num_processes, share
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bncli.core.backends.ordered_work import ReadFlat
    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.named_arrays import Array

    Advance = Callable[[int], None]
    TakeBack = Callable[[Array], None]

T = TypeVar("T")

READ_ELEMENTS = 1 << 19
"""Elements read at once: 2 MiB of float32, which mostly stay in the cache of a core until they have been worked on."""
_FEWEST_BLOCKS_TO_SHARE = 8
"""To copy the process takes about as long as the work on two blocks."""


class BlockTask(Protocol[T]):
    """What is done with every block of an array."""

    @property
    def is_order_free(self) -> bool:
        """Whether blocks may be used in any order, and in copies of this process."""

    def work(self, block: Block, values: Array) -> T:
        """Return what comes of the flat values of a block, and no part of them; called by several threads at a time."""

    def use(self, block: Block, result: T) -> None:
        """Take what came of a block; called by one thread at a time."""

    def to_bytes(self) -> bytes:
        """Return all that was used in this process."""

    def absorb(self, content: bytes) -> None:
        """Take in what `to_bytes` gave in another process."""


@dataclass(frozen=True, slots=True)
class BlockReader:
    """How an array is read."""

    read: ReadFlat
    """Gives elements start to stop of the array, flat in C order; called one at a time and strictly forward."""
    take_back: TakeBack | None = None
    """Gets the values of each block after the work on them: their memory may serve a later read."""
    is_independent: bool = False
    """Whether copies of this process may read at the same time, each some of the blocks."""


def read_blocks(layout: ChannelLayout, read: ReadFlat) -> Iterator[tuple[Block, Array]]:
    """Yield the blocks of an array in C order, each with its values flat.

    Args:
        layout: shape and channel axis of the array.
        read: gives elements start to stop of the array, flat in C order.
    """
    for block in layout.blocks(READ_ELEMENTS):
        yield block, read(block.start, block.stop)


def pass_over(layout: ChannelLayout, reader: BlockReader, task: BlockTask[T], advance: Advance | None = None) -> None:
    """Work on every block of an array and use what comes of it.

    Args:
        layout: shape and channel axis of the array.
        reader: how it is read.
        task: what is done.
        advance: told numbers of elements that are done.
    """
    processes = num_processes() if reader.is_independent and task.is_order_free else 1
    if processes > 1 and _has_more_blocks(layout, _FEWEST_BLOCKS_TO_SHARE):
        _share(_SharedPass(layout, reader, task), math.prod(layout.shape), processes, advance)
        return

    def use(block: Block, result: T) -> None:
        task.use(block, result)
        if advance is not None:
            advance(block.stop - block.start)

    def work(block: Block, values: Array) -> T:
        return _worked(reader, task, block, values)

    in_order(layout.blocks(READ_ELEMENTS), reader.read, work, use)


def _worked(reader: BlockReader, task: BlockTask[T], block: Block, values: Array) -> T:
    result = task.work(block, values)
    if reader.take_back is not None:
        reader.take_back(values)
    return result


def _has_more_blocks(layout: ChannelLayout, number: int) -> bool:
    return next(islice(layout.blocks(READ_ELEMENTS), number, None), None) is not None


def _share(passing: _SharedPass[T], num_elements: int, processes: int, advance: Advance | None) -> None:
    reached = 0

    def report(stop: int) -> None:
        nonlocal reached
        if advance is not None and stop > reached:
            advance(stop - reached)
            reached = stop

    # Jobs are taken in order: where this process has come to, the others have come or are about to.
    share(passing, processes, lambda _: report(passing.stop))
    report(num_elements)


class _SharedPass(Generic[T]):
    """A pass cut into jobs of a few blocks each; see `shared_jobs.SharedWork`."""

    def __init__(self, layout: ChannelLayout, reader: BlockReader, task: BlockTask[T]) -> None:
        self._layout = layout
        self._reader = reader
        self._task = task
        self._blocks = layout.blocks(READ_ELEMENTS)
        self._num_begun = 0
        num_blocks = sum(1 for _ in layout.blocks(READ_ELEMENTS))
        self._blocks_in_job = -(-num_blocks // MOST_JOBS)
        self.num_jobs = -(-num_blocks // self._blocks_in_job)
        self.stop = 0
        """Where the latest block ends that was done in this process."""

    def do(self, job: int) -> None:
        """Read, work on and use the blocks of one job."""
        for block in self._blocks_of(job):
            values = self._reader.read(block.start, block.stop)
            self._task.use(block, _worked(self._reader, self._task, block, values))
            self.stop = block.stop

    def _blocks_of(self, job: int) -> Iterator[Block]:
        first = job * self._blocks_in_job
        if first < self._num_begun:
            self._blocks, self._num_begun = self._layout.blocks(READ_ELEMENTS), 0
        skipped = first - self._num_begun
        self._num_begun = first + self._blocks_in_job
        return islice(self._blocks, skipped, skipped + self._blocks_in_job)

    def to_bytes(self) -> bytes:
        """Return all that was used in this process."""
        return self._task.to_bytes()

    def absorb(self, content: bytes) -> None:
        """Take in what `to_bytes` gave in another process."""
        self._task.absorb(content)
