"""A remote file as a file of blocks: few and short transfers for many small reads."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bncli.formats.remote.ranges import Ranges

BLOCK_BYTES = 16 * 1024
_AHEAD_BLOCKS = 4
"""How far a read of unknown neighbours reaches: what it costs is less than another round trip."""
_GAP_BLOCKS = 4
"""Blocks that no one asked for are transferred too where so few of them lie between others."""
_LONGEST_RUN_BLOCKS = 256
_MOST_BLOCKS = 4096
"""How much is kept: 64 MiB."""


class RemoteFile:
    """Bytes of a remote file, kept in blocks once they were transferred.

    Args:
        ranges: the connection.
    """

    def __init__(self, ranges: Ranges) -> None:
        self.size = ranges.size
        self._ranges = ranges
        self._blocks: dict[int, bytes] = {}

    @property
    def bytes_read(self) -> int:
        """Bytes of the file that were transferred up to now."""
        return self._ranges.bytes_received

    def read_into(self, offset: int, view: memoryview) -> int:
        """Fill the beginning of `view` with the bytes from `offset` on, and return how many: not always all."""
        count = min(len(view), self.size - offset)
        first = offset // BLOCK_BYTES
        last = min((offset + count - 1) // BLOCK_BYTES, first + _LONGEST_RUN_BLOCKS - 1)
        found = {index: self._blocks[index] for index in range(first, last + 1) if index in self._blocks}
        missing = [index for index in range(first, last + 1) if index not in found]
        if missing:
            end = self._num_blocks
            ahead = range(missing[-1] + 1, min(missing[0] + _AHEAD_BLOCKS, end))
            found |= self._transfer([*missing, *(index for index in ahead if index not in self._blocks)])
        start = offset - first * BLOCK_BYTES
        content = b"".join(found[index] for index in range(first, last + 1))[start : start + count]
        view[: len(content)] = content
        return len(content)

    def announce(self, extents: Iterable[tuple[int, int]]) -> None:
        """Transfer what will be read soon, several ranges at the same time.

        Args:
            extents: start and stop of each range of bytes; what lies outside the file is left out.
        """
        wanted = {
            index
            for start, stop in extents
            for index in range(max(start, 0) // BLOCK_BYTES, -(-min(stop, self.size) // BLOCK_BYTES))
        }
        missing = sorted(wanted - self._blocks.keys())
        self._transfer(missing[: _MOST_BLOCKS // 2])

    def close(self) -> None:
        """Close idle connections; what was transferred is kept."""
        self._ranges.close()

    @property
    def _num_blocks(self) -> int:
        return -(-self.size // BLOCK_BYTES)

    def _transfer(self, indices: Sequence[int]) -> dict[int, bytes]:
        """Fetch these blocks, in ascending order, and keep them."""
        runs = list(_runs(indices))
        if len(runs) > 1 and self._ranges.num_at_once > 1:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - of use for scattered reads only

            with ThreadPoolExecutor(self._ranges.num_at_once) as threads:
                fetched = list(threads.map(self._fetch, runs))
        else:
            fetched = [self._fetch(run) for run in runs]
        blocks = dict(chain.from_iterable(blocks.items() for blocks in fetched))
        self._blocks |= blocks
        for oldest in list(self._blocks)[: max(0, len(self._blocks) - _MOST_BLOCKS)]:
            del self._blocks[oldest]
        return blocks

    def _fetch(self, run: range) -> dict[int, bytes]:
        start = run.start * BLOCK_BYTES
        content = self._ranges.fetch(start, min(run.stop * BLOCK_BYTES, self.size))
        return {index: content[(at := index * BLOCK_BYTES - start) : at + BLOCK_BYTES] for index in run}


def _runs(indices: Sequence[int]) -> Iterator[range]:
    """Join ascending blocks into runs, over small gaps, up to a length."""
    first = 0
    for place, index in enumerate(indices):
        following = indices[place + 1] if place + 1 < len(indices) else None
        is_near = following is not None and following - index <= _GAP_BLOCKS
        if not is_near or (following is not None and following - indices[first] >= _LONGEST_RUN_BLOCKS):
            yield range(indices[first], index + 1)
            first = place + 1
