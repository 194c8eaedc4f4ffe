"""Two threads that take one block after the other from its reading to its use, in order."""

from __future__ import annotations

from itertools import chain, islice
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bncli.core.channel_layout import Block
    from bncli.core.named_arrays import Array

    ReadFlat = Callable[[int, int], Array]

T = TypeVar("T")

_WORKERS = 2
"""NumPy and the system let go of the interpreter's lock while they work."""


def in_order(
    blocks: Iterable[Block],
    read: ReadFlat,
    work: Callable[[Block, Array], T],
    use: Callable[[Block, T], None],
) -> None:
    """Call `use(block, work(block, values))` for every block, in the order of the blocks.

    One thread takes a block all the way, so that its values stay in the cache of one core; another works on the next
    block meanwhile. No more blocks than threads are in memory. An error of any step is raised after the use of all
    earlier blocks.

    Args:
        blocks: what to read.
        read: gives elements start to stop of an array; called by one thread at a time, strictly forward.
        work: called by several threads at a time; its result holds no part of the values.
        use: called by one thread at a time.
    """
    blocks = iter(blocks)
    first = list(islice(blocks, _WORKERS))
    if len(first) == _WORKERS:
        _Line(chain(first, blocks), read, work, use).run()
        return
    for block in first:  # a single one gains nothing from threads
        use(block, work(block, read(block.start, block.stop)))


class _Line(Generic[T]):
    """Blocks that pass through several threads."""

    def __init__(
        self,
        blocks: Iterator[Block],
        read: ReadFlat,
        work: Callable[[Block, Array], T],
        use: Callable[[Block, T], None],
    ) -> None:
        self._blocks = blocks
        self._read = read
        self._work = work
        self._use = use
        self._error: BaseException | None = None
        self._reading = Lock()
        self._latest = Event()
        """Set when the latest block that was begun has been used."""
        self._latest.set()

    def run(self) -> None:
        """Take all blocks through, and return when no thread is left."""
        ends = [Event() for _ in range(_WORKERS)]
        for end in ends:
            Thread(target=self._take_blocks, args=(end,)).start()
        for end in ends:
            self._wait_for(end)
        if self._error is not None:
            raise self._error

    def _wait_for(self, end: Event) -> None:
        try:
            end.wait()
        except BaseException as error:  # noqa: BLE001 - a signal, which comes to the thread that waits here
            self._error = error
            end.wait()

    def _take_blocks(self, end: Event) -> None:
        while True:
            self._reading.acquire()
            block = None if self._error is not None else next(self._blocks, None)
            if block is None:
                self._reading.release()
                break
            before, done = self._latest, Event()
            self._latest = done
            self._take(block, before, done)
        end.set()

    def _take(self, block: Block, before: Event, done: Event) -> None:
        """Read a block, work on it, and use the result when the block before it has been used."""
        try:
            try:
                values = self._read(block.start, block.stop)
            finally:
                self._reading.release()
            result = self._work(block, values)
            before.wait()
            if self._error is None:
                self._use(block, result)
        except BaseException as error:  # noqa: BLE001 - raised again by `run`
            before.wait()
            self._error = self._error or error
        finally:
            done.set()
