"""The pickle machine for a file of any size: it sees a window of the file, and leaves long strings where they are."""

from __future__ import annotations

import struct

from bncli.formats.pickles.errors import BrokenPickle, TruncatedPickle
from bncli.formats.pickles.inert import LongString
from bncli.formats.pickles.machine import Machine
from bncli.formats.regions import Region, SubRegion

_LEAST_WINDOW_BYTES = 4096
_MOST_WINDOW_BYTES = 256 * 1024
_LONGEST_COPIED_BYTES = 4096
_MAX_TAKEN_BYTES = 1024**3
"""How much of a file may be anything else than strings that are left there."""

_STRINGS = {
    ord("B"): (struct.Struct("<I"), False),
    0x8E: (struct.Struct("<Q"), False),  # BINBYTES8
    0x96: (struct.Struct("<Q"), False),  # BYTEARRAY8
    ord("T"): (struct.Struct("<i"), False),
    ord("X"): (struct.Struct("<I"), True),
    0x8D: (struct.Struct("<Q"), True),  # BINUNICODE8
}
"""By opcode, how the length of a string is written, and whether it is text."""


class FileMachine(Machine):
    """Runs the pickle that a file holds. A string that lies in the window is copied, a long one that does not is left.

    Args:
        content: the file.
        owner: the file, for messages.
    """

    __slots__ = ("_content", "_left_bytes", "_window_bytes")

    def __init__(self, content: Region, owner: str) -> None:
        super().__init__(b"", owner)
        self._content = content
        self._left_bytes = 0
        self._window_bytes = _LEAST_WINDOW_BYTES

    def provide(self, at: int, needed: int) -> int:
        """Leave out the string that asks for more, if it is a long one, or else move the window.

        Raises:
            TruncatedPickle: the file ends before.
            BrokenPickle: too much of the file is no long string.
        """
        # Behind a string that was left, the buffer ends before the instruction begins.
        needed = max(needed, at + 1)
        if self.offset + needed > self._content.size:
            raise TruncatedPickle(self.offset + needed)
        after = self._leave_string(at)
        return self._move_window(at, needed) if after is None else after

    def _leave_string(self, at: int) -> int | None:
        """Push the string that begins there as a part of the file, and return where it ends; `None` if it is short."""
        written = _STRINGS.get(self.buffer[at]) if at < len(self.buffer) else None
        if written is None or at + 1 + written[0].size > len(self.buffer):
            return None
        length, is_text = written
        count: int = length.unpack_from(self.buffer, at + 1)[0]
        if count <= _LONGEST_COPIED_BYTES:
            return None
        start = at + 1 + length.size
        self.stack.append(LongString(SubRegion(self._content, self.offset + start, count), is_text))
        self._left_bytes += count
        return start + count

    def _move_window(self, at: int, needed: int) -> int:
        """Read from `at` on, and more with every move that follows on the last one; return the new place of `at`."""
        start = self.offset + at
        unread = len(self.buffer) - at
        if max(start - self._left_bytes, needed - at) > _MAX_TAKEN_BYTES:
            raise BrokenPickle(f"over {_MAX_TAKEN_BYTES} bytes are no long strings")
        self._window_bytes = _LEAST_WINDOW_BYTES if unread < 0 else min(2 * self._window_bytes, _MOST_WINDOW_BYTES)
        # A line has no length: its end is sought in twice as much each time.
        count = max(self._window_bytes, needed - at, 2 * unread)
        self.buffer = bytes(self._content.read(start, min(count, self._content.size - start)))
        self.offset = start
        return 0
