"""Bytes that a file holds as text: one character of Latin-1 for each, written in UTF-8."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from bncli.formats.byte_range import require_within

if TYPE_CHECKING:
    from bncli.formats.regions import Region

_BLOCK_BYTES = 256 * 1024
_MOST_BYTES_EACH = 2
"""What UTF-8 needs for a character of Latin-1."""


class EncodedLatin1Region:
    """The bytes that a text stands for, decoded block by block. Reads that go forward continue where the last ended.

    Args:
        encoded: the text in UTF-8.
        size: number of bytes that it stands for.

    Raises:
        ValueError: the text is too short or too long for that.
    """

    def __init__(self, encoded: Region, size: int) -> None:
        if not size <= encoded.size <= _MOST_BYTES_EACH * size:
            raise ValueError(f"{size} bytes are claimed to stand in a text of {encoded.size}")
        self.size = size
        self._encoded = encoded
        self._rewind()

    @property
    def position(self) -> int:
        """Where the text starts in the file."""
        return self._encoded.position

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on, counted in characters of the text.

        Raises:
            EOFError: the text ends before.
            ValueError: it is no UTF-8, has other characters than those of Latin-1, or goes on after the last one.
        """
        require_within(self.size, start, count)
        if start < self._block_start:
            self._rewind()
        content = bytearray()
        while len(content) < count:
            behind = start + len(content) - self._block_start
            if behind < len(self._block):
                content += self._block[behind : behind + count - len(content)]
            else:
                self._next_block()
        if start + count == self.size:
            self._require_end()
        return content

    def _rewind(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._consumed = 0
        self._block = b""
        self._block_start = 0

    def _next_block(self) -> None:
        encoded = self._encoded.read(self._consumed, min(_BLOCK_BYTES, self._encoded.size - self._consumed))
        if not encoded:
            raise EOFError(f"the text ends after {self._block_start + len(self._block)} characters of {self.size}")
        self._consumed += len(encoded)
        self._block_start += len(self._block)
        self._block = self._decoder.decode(encoded, self._consumed == self._encoded.size).encode("latin-1")

    def _require_end(self) -> None:
        if self._consumed < self._encoded.size or self._block_start + len(self._block) > self.size:
            raise ValueError(f"the text goes on after {self.size} characters")
