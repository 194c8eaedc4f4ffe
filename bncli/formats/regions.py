"""Runs of bytes that can be read in parts: a slice of a file, of memory, or of another run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bncli.formats.byte_range import require_within
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.byte_source import ByteSource


class Region(Protocol):
    """A run of bytes that can be read in parts."""

    @property
    def position(self) -> int:
        """Where the run starts in the file."""

    @property
    def size(self) -> int:
        """Number of bytes in the run."""

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on, counted from the beginning of the run.

        Raises:
            EOFError: the run ends before.
        """


@dataclass(frozen=True, slots=True)
class FileRegion:
    """Bytes that lie in the file as they are."""

    source: ByteSource
    position: int
    size: int

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on."""
        require_within(self.size, start, count)
        return self.source.read(self.position + start, count)


@dataclass(frozen=True, slots=True)
class MemoryRegion:
    """Bytes that were read already, together with what surrounds them."""

    content: bytes

    @property
    def position(self) -> int:
        """Zero: the place in the file is no longer known, nor of use."""
        return 0

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.content)

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on."""
        require_within(self.size, start, count)
        return bytearray(self.content[start : start + count])


@dataclass(frozen=True, slots=True)
class Latin1Region:
    """Bytes that were read already and are kept as text, one character for each."""

    content: str

    @property
    def position(self) -> int:
        """Zero: the place in the file is no longer known, nor of use."""
        return 0

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.content)

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on."""
        require_within(self.size, start, count)
        # Encoded part by part when asked for: a pickle can name one long text as the bytes of any number of arrays.
        return bytearray(self.content[start : start + count], "latin-1")


@dataclass(frozen=True, slots=True)
class SubRegion:
    """A part of another run."""

    parent: Region
    start: int
    size: int

    @property
    def position(self) -> int:
        """Where the part starts in the file."""
        return self.parent.position + self.start

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on, counted from the beginning of the part."""
        require_within(self.size, start, count)
        return self.parent.read(self.start + start, count)


@dataclass(frozen=True, slots=True)
class JoinedRegion:
    """Several runs, one after the other."""

    parts: tuple[Region, ...]
    """At least one."""

    @property
    def position(self) -> int:
        """Where the first run starts in the file."""
        return self.parts[0].position

    @property
    def size(self) -> int:
        """Number of bytes in all runs."""
        return sum(part.size for part in self.parts)

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on, counted from the beginning of the first run."""
        require_within(self.size, start, count)
        joined = bytearray()
        for part in self.parts:
            first = min(start, part.size)
            wanted = min(count - len(joined), part.size - first)
            joined += part.read(first, wanted)
            start -= first
        return joined
