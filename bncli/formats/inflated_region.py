"""Deflated bytes, read forward in parts without holding the whole of them."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from bncli.formats.byte_range import require_within

if TYPE_CHECKING:
    from bncli.formats.regions import Region

_CHUNK_BYTES = 256 * 1024
_LEAST_INPUT_BYTES = 1024


class PassedBytes:
    """Counts what is inflated only to get to the bytes behind it. A file can ask for two ends of its runs by turns.

    Args:
        limit: how many bytes there may be, of all runs together.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0

    def add(self, count: int) -> None:
        """Count more.

        Raises:
            ValueError: there are too many.
        """
        self._count += count
        if self._count > self._limit:
            raise ValueError(f"over {self._limit} deflated bytes lie before those asked for; save it uncompressed")


class InflatedRegion:
    """What a deflated run of bytes inflates to. Reads that go forward continue; one that goes back starts again.

    Memory grows with what truly comes out of the stream and is asked for, never with what a header claims.

    Args:
        deflated: the stored bytes, a raw deflate stream.
        size: number of bytes after inflation, as declared.
        passed: counts what is inflated and not asked for.
    """

    def __init__(self, deflated: Region, size: int, passed: PassedBytes) -> None:
        self.size = size
        self._deflated = deflated
        self._passed = passed
        self._rewind()

    @property
    def position(self) -> int:
        """Where the deflated bytes start in the file."""
        return self._deflated.position

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on, counted after inflation.

        Raises:
            EOFError: the stream ends before.
            zlib.error: the stream is broken.
        """
        require_within(self.size, start, count)
        if start < self._produced:
            self._rewind()
        while self._produced < start:
            self._passed.add(len(self._inflate(min(_CHUNK_BYTES, start - self._produced))))
        content = bytearray()
        while len(content) < count:
            content += self._inflate(min(_CHUNK_BYTES, count - len(content)))
        if self._produced == self.size:
            self._require_end()
        return content

    def _rewind(self) -> None:
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._consumed = 0
        self._produced = 0

    def _inflate(self, limit: int) -> bytes:
        """Return the next bytes of the stream, at least one and at most `limit`."""
        produced = self._next(limit)
        if not produced:
            raise EOFError(f"the deflated bytes end after {self._produced} of {self.size}")
        self._produced += len(produced)
        return produced

    def _require_end(self) -> None:
        if self._next(1):
            raise ValueError(f"the deflated bytes go on after the {self.size} that were declared")

    def _next(self, limit: int) -> bytes:
        """Return up to `limit` more bytes, none at the end of the stream or of the stored bytes."""
        while not self._inflater.eof:
            stored = self._inflater.unconsumed_tail or self._next_stored(limit)
            produced = self._inflater.decompress(stored, limit)
            if produced or not stored:
                return produced
        return b""

    def _next_stored(self, limit: int) -> bytes:
        count = min(max(limit, _LEAST_INPUT_BYTES), self._deflated.size - self._consumed)
        chunk = bytes(self._deflated.read(self._consumed, count))
        self._consumed += count
        return chunk
