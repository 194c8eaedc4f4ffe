"""Files beside the one that the user named, in which that one says its arrays lie."""

from __future__ import annotations

from bncli.formats.byte_range import require_within
from bncli.formats.byte_source import ByteSource
from bncli.formats.contained_path import contained_path, require_plain_location
from bncli.formats.open_files import OpenFiles
from bncli.light_dataclass import dataclass


class CompanionFiles:
    """A file and those that it names. Each of these is opened when its bytes are asked for.

    Args:
        owner: the file that names the others.
        allows_hard_links: whether the others may have further names, which can lie anywhere.
    """

    def __init__(self, owner: ByteSource, *, allows_hard_links: bool = True) -> None:
        self.path = owner.path
        self.size = owner.size
        self._owner = owner
        self._allows_hard_links = allows_hard_links
        self._files = OpenFiles(self._open)

    @property
    def bytes_read(self) -> int:
        """Bytes that were read from all of them up to now."""
        return self._owner.bytes_read + self._files.bytes_read

    def region(self, location: str, start: int, size: int) -> CompanionRegion:
        """Return a run of bytes of a file; nothing is opened.

        Args:
            location: the path of the file, as the owner holds it.
            start: where the run starts in that file.
            size: number of bytes in the run.

        Raises:
            UnsafeFile: the path is no plain relative one.
            ValueError: the start is negative.
        """
        require_plain_location(self.path, location)
        if start < 0:
            raise ValueError(f"bytes from {start} on, of {location!r}")
        return CompanionRegion(self, location, start, size)

    def opened(self, location: str) -> ByteSource:
        """Return a file, open for reading until the next one is asked for.

        Raises:
            UnsafeFile: it does not lie beside the owner.
            InputNotFound: it is not there.
        """
        return self._files.opened(location)

    def close(self) -> None:
        """Close all of them."""
        self._owner.close()
        self._files.close()

    def _open(self, location: str) -> ByteSource:
        return ByteSource(contained_path(self.path, location, allows_hard_links=self._allows_hard_links))


@dataclass(frozen=True, slots=True)
class CompanionRegion:
    """A run of bytes of a companion file."""

    files: CompanionFiles
    location: str
    position: int
    size: int

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on, counted from the beginning of the run.

        Raises:
            EOFError: the run or the file ends before.
            UnsafeFile: the file does not lie beside its owner.
            InputNotFound: the file is not there.
        """
        require_within(self.size, start, count)
        return self.files.opened(self.location).read(self.position + start, count)
