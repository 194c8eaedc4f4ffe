"""The elements of an array on their way into a file, piece by piece: so much space is asked for before the first."""

from __future__ import annotations

import io
import os
import stat
from typing import IO

_WRITE_BACK_BYTES = 16 * 1024**2
_WRITE_BYTES = 128 * 1024
"""Written at once. For more, Linux takes larger pages for its cache; in a virtual machine, where whole large pages are
those that the host took back, a write then took five times as long."""


class ArrayBody:
    """What follows the header of a file that holds one array.

    Args:
        file: open for writing bytes, at its start; a regular file, a device, a pipe or memory.
        header: written at once.
        num_bytes: how many bytes follow the header.

    Raises:
        OSError: the disk has no room for all of it.
    """

    def __init__(self, file: IO[bytes], header: bytes, num_bytes: int) -> None:
        self._file = file
        self._descriptor = _regular_descriptor(file)
        if self._descriptor is not None:
            _reserve(self._descriptor, len(header) + num_bytes)
        file.write(header)
        self._written = len(header)
        self._handed_over = 0

    def write(self, content: memoryview) -> None:
        """Write the next bytes; the view is of single bytes."""
        for start in range(0, content.nbytes, _WRITE_BYTES):
            self._written += self._file.write(content[start : start + _WRITE_BYTES])
        if self._descriptor is not None and self._written - self._handed_over >= _WRITE_BACK_BYTES:
            _begin_write_back(self._descriptor, self._handed_over, self._written - self._handed_over)
            self._handed_over = self._written


def _regular_descriptor(file: IO[bytes]) -> int | None:
    try:
        descriptor = file.fileno()
    except io.UnsupportedOperation:
        return None
    return descriptor if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def _reserve(descriptor: int, num_bytes: int) -> None:
    """Ask for the space now: a full disk is told before the work, not after hours of it."""
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, num_bytes)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}: {num_bytes} bytes are needed") from error


def _begin_write_back(descriptor: int, start: int, count: int) -> None:
    """Let the disk begin with what was written, so that the final sync has little left to wait for.

    Linux starts to write dirty pages that are said to be no longer needed, and keeps those that are being written.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, start, count, os.POSIX_FADV_DONTNEED)
