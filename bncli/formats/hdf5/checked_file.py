"""An HDF5 file for its library to read, in which what that cannot cope with is found before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.hdf5 import global_heap, local_heap
from bncli.formats.region_file import RegionFile

if TYPE_CHECKING:
    from bncli.formats.regions import Region

_CHECKS = {
    global_heap.SIGNATURE: global_heap.require_sound_heap,
    local_heap.SIGNATURE: local_heap.require_sound_names,
}
_SIGNATURE_BYTES = 4
_LAST_EARLY_VERSION = 1
_WIDTH = 8


class CheckedFile(RegionFile):
    """An HDF5 file in which each heap is checked when its beginning is read.

    Args:
        content: the bytes.

    Raises:
        ValueError: addresses and lengths in the file have another width than 64 bits, which no usual file has and for
            which the checks are not made.
    """

    def __init__(self, content: Region) -> None:
        super().__init__(content)
        front = content.read(0, min(content.size, 16))
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
        check = _CHECKS.get(read[:_SIGNATURE_BYTES])
        if check is not None:
            check(self._content, start)
        return read
