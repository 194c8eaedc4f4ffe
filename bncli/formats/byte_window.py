"""A small window over a run of bytes, through which many short pieces are read with few system calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bncli.formats.regions import Region

_WINDOW_BYTES = 4096


class ByteWindow:
    """Reads short pieces, mostly one after the other; what lies between them is not read where it is long."""

    def __init__(self, content: Region) -> None:
        self.content = content
        self._window = bytearray()
        self._start = 0

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` to `stop`.

        Raises:
            EOFError: the content ends before.
        """
        first = start - self._start
        if first < 0 or first + stop - start > len(self._window):
            if stop - start > _WINDOW_BYTES:
                return bytes(self.content.read(start, stop - start))
            self._window = self.content.read(start, min(_WINDOW_BYTES, max(self.content.size, stop) - start))
            self._start = start
            first = 0
        return bytes(self._window[first : first + stop - start])
