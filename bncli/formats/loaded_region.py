"""Bytes that only a library can read, all at once: they are fetched when the first of them is asked for."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from bncli.formats.byte_range import require_within
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class LoadedRegion:
    """A run of bytes that is loaded whole, and kept."""

    position: int
    """Where it starts in the file; or, where that is not known, its rank among such runs."""
    size: int
    """Number of bytes."""
    load: Callable[[], bytes]
    """Return all the bytes."""
    _content: bytes | None = field(default=None, init=False)

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on.

        Raises:
            EOFError: the run ends before.
            ValueError: not as many bytes are there as were announced.
        """
        require_within(self.size, start, count)
        if self._content is None:
            content = self.load()
            if len(content) != self.size:
                raise ValueError(f"{len(content)} bytes are there of {self.size}")
            self._content = content
        return bytearray(self._content[start : start + count])
