"""Numbers and names read one after the other, little-endian, as MXNet's streams write them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from bncli.formats.byte_range import require_within
from bncli.formats.byte_window import ByteWindow
from bncli.formats.regions import SubRegion

if TYPE_CHECKING:
    from bncli.formats.regions import Region

_MAX_NAME_BYTES = 65_536


class Cursor:
    """A place in a run of bytes, which moves as it is read."""

    def __init__(self, content: Region) -> None:
        self._content = content
        self._window = ByteWindow(content)
        self._position = 0

    def numbers(self, layout: str) -> tuple[int, ...]:
        """Return whole numbers of the layout that `struct` calls so, such as `iQ`.

        Raises:
            EOFError: the bytes end before.
        """
        stop = self._position + struct.calcsize(f"<{layout}")
        numbers = struct.unpack(f"<{layout}", self._window.read(self._position, stop))
        self._position = stop
        return numbers

    def number(self, layout: str) -> int:
        """Return one whole number."""
        (number,) = self.numbers(layout)
        return number

    def name(self) -> str:
        """Return a text that its length precedes.

        Raises:
            ValueError: it is far too long, or no text.
            EOFError: the bytes end before.
        """
        length = self.number("Q")
        if length > _MAX_NAME_BYTES:
            raise ValueError(f"a name of {length} bytes")
        start = self._position
        self._position += length
        return self._window.read(start, self._position).decode("utf-8")

    def run(self, count: int) -> Region:
        """Return the next bytes, unread.

        Raises:
            EOFError: the bytes end before.
        """
        require_within(self._content.size, self._position, count)
        region = SubRegion(self._content, self._position, count)
        self._position += count
        return region
