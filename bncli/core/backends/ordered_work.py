"""Reads the next blocks and computes on two threads while the results of earlier blocks are used, in order."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from bncli.core.channel_layout import Block
    from bncli.core.named_arrays import Array

    ReadFlat = Callable[[int, int], Array]
    TakeBack = Callable[[Array], None]

T = TypeVar("T")

_WORKERS = 2
"""Threads that compute: NumPy lets go of the interpreter's lock during each pass over a piece."""
_BLOCKS_AHEAD = 4
"""Blocks read or computed and not yet used: what bounds memory."""


def in_order(
    blocks: Iterable[Block],
    read: ReadFlat,
    work: Callable[[Block, Array], T],
    take_back: TakeBack | None = None,
) -> Iterator[tuple[Block, T]]:
    """Yield each block with `work(block, values)`, in the order of the blocks.

    One thread reads, strictly forward, two threads work, and whoever iterates is the fourth: it may write.

    Args:
        blocks: what to read.
        read: gives elements start to stop of an array; called by one thread at a time.
        work: called by several threads at a time; its result holds no part of the values.
        take_back: gets the values of each block after the work on them; their memory may serve a later read.
    """

    def worked(block: Block, values: Array) -> T:
        result = work(block, values)
        if take_back is not None:
            take_back(values)
        return result

    blocks = iter(blocks)
    first = list(islice(blocks, 2))
    if len(first) < 2:  # noqa: PLR2004 - a single block gains nothing from threads, which cost 5 ms to import
        yield from ((block, worked(block, read(block.start, block.stop))) for block in first)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(_WORKERS) as workers:

        def begin(block: Block) -> tuple[Block, Future[T]]:
            values = reader.submit(read, block.start, block.stop)
            return block, workers.submit(lambda: worked(block, values.result()))

        pending = deque(begin(block) for block in first)
        try:
            for block in blocks:
                pending.append(begin(block))
                if len(pending) >= _BLOCKS_AHEAD:
                    done, result = pending.popleft()
                    yield done, result.result()
            while pending:
                done, result = pending.popleft()
                yield done, result.result()
        finally:
            reader.shutdown(wait=False, cancel_futures=True)
            workers.shutdown(wait=False, cancel_futures=True)
