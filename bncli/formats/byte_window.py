"""A small window over a run of bytes, through which many short pieces are read with few system calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bncli.formats.regions import Region

WINDOW_BYTES = 4096
"""What it shows at once, unless the content ends before."""


class ByteWindow:
    """Reads short pieces, mostly one after the other; what lies between them is not read where it is long.

    Args:
        content: the bytes.

    Attributes:
        buffer: what is in the window, for loops over single bytes: a call for each would take longer than all else.
        start: where the window begins.
    """

    __slots__ = ("buffer", "content", "start")

    def __init__(self, content: Region) -> None:
        self.content = content
        self.buffer = b""
        self.start = 0

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` to `stop`.

        Raises:
            EOFError: the content ends before.
        """
        first = start - self.start
        if first < 0 or first + stop - start > len(self.buffer):
            if stop - start > WINDOW_BYTES:
                return bytes(self.content.read(start, stop - start))
            self.move(start, stop)
            first = 0
        return self.buffer[first : first + stop - start]

    def move(self, start: int, stop: int) -> None:
        """Let the window begin at `start`, and reach to `stop` at least.

        Raises:
            EOFError: the content ends before.
        """
        self.buffer = bytes(self.content.read(start, min(WINDOW_BYTES, max(self.content.size, stop) - start)))
        self.start = start
