"""An HDF5 file for its library to read, in which what that cannot cope with is found before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.hdf5 import global_heap, local_heap
from bncli.formats.region_file import RegionFile

if TYPE_CHECKING:
    from bncli.formats.regions import Region

SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""With which every HDF5 file begins."""

_CHECKS = {
    global_heap.SIGNATURE: global_heap.require_sound_heap,
    local_heap.SIGNATURE: local_heap.require_sound_names,
}
_HEAP_SIGNATURE_BYTES = 4
_FRONT_BYTES = 16
_LAST_EARLY_VERSION = 1
_WIDTH = 8


class CheckedFile(RegionFile):
    """An HDF5 file in which each heap is checked when its beginning is read.

    Args:
        content: the bytes.

    Raises:
        ValueError: the bytes begin as no HDF5 file does; or addresses and lengths in it have another width than 64
            bits, which no usual file has and for which the checks are not made.
    """

    def __init__(self, content: Region) -> None:
        super().__init__(content)
        front = content.read(0, min(content.size, _FRONT_BYTES))
        if len(front) < _FRONT_BYTES or not front.startswith(SIGNATURE):
            raise ValueError("does not begin as an HDF5 file does")
        # After the signature comes the version of the superblock, which decides where the widths stand.
        at = 13 if front[8:9] <= bytes([_LAST_EARLY_VERSION]) else 9
        widths = front[at : at + 2]
        if widths != bytes([_WIDTH, _WIDTH]):
            raise ValueError(f"addresses and lengths of {' and '.join(map(str, widths))} bytes")

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, fewer where the file ends.

        Raises:
            ValueError: a heap begins there, and is broken.
        """
        start = self.tell()
        read = super().read(size)
        check = _CHECKS.get(read[:_HEAP_SIGNATURE_BYTES])
        if check is not None:
            check(self._content, start)
        return read
