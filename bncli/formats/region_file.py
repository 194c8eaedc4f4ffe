"""A run of bytes as the file object that libraries want."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bncli.formats.regions import Region


class RegionFile(io.RawIOBase):
    """A read-only file object over a run of bytes. Closing it leaves the run open.

    Args:
        content: the bytes.
    """

    def __init__(self, content: Region) -> None:
        super().__init__()
        self._content = content
        self._offset = 0

    def seekable(self) -> bool:
        """Return true."""
        return True

    def readable(self) -> bool:
        """Return true."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset and return it, counted from the start.

        Raises:
            OSError: it lies before the start.
        """
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._offset, io.SEEK_END: self._content.size}[whence]
        if base + offset < 0:
            raise OSError("seek before the start of the file")
        self._offset = base + offset
        return self._offset

    def tell(self) -> int:
        """Return the offset, counted from the start."""
        return self._offset

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, fewer where the run ends; what is not there is never allocated."""
        rest = max(0, self._content.size - self._offset)
        count = rest if size is None or size < 0 else min(size, rest)
        content = bytes(self._content.read(self._offset, count)) if count else b""
        self._offset += count
        return content

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer and return how many bytes there were; zeros follow them, for a reader that does not look."""
        view = memoryview(buffer).cast("B")
        content = self.read(len(view))
        view[:] = content + bytes(len(view) - len(content))
        return len(content)
