"""The elements of an array on their way into a file, piece by piece: space for all is asked for before the first."""

from __future__ import annotations

import io
import os
import stat
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        file.flush()
        self._start = len(header)
        self._dirty: list[tuple[int, int]] = []

    @property
    def is_order_free(self) -> bool:
        """Whether bytes may come in any order, and from copies of this process."""
        return self._descriptor is not None

    def write(self, start: int, content: memoryview) -> None:
        """Write bytes to their place after the header.

        Args:
            start: place of the first; into a device or a pipe they must come in order.
            content: a view of single bytes.
        """
        if self._descriptor is None:
            self._file.write(content)
            return
        offset = self._start + start
        with _alone(self._descriptor):
            for first in range(0, content.nbytes, _WRITE_BYTES):
                _write_at(self._descriptor, offset + first, content[first : first + _WRITE_BYTES])
        self._dirty.append((offset, content.nbytes))
        if sum(count for _, count in self._dirty) >= _WRITE_BACK_BYTES:
            _begin_write_back(self._descriptor, self._dirty)
            self._dirty.clear()


def _regular_descriptor(file: IO[bytes]) -> int | None:
    """Return the descriptor of a regular file in which bytes can be put at any place."""
    try:
        descriptor = file.fileno()
    except io.UnsupportedOperation:
        return None
    # What is opened for appending, as behind /dev/stdout, has other writers, and takes bytes at its end alone.
    has_places = hasattr(os, "pwrite") and "a" not in file.mode
    return descriptor if has_places and stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def _reserve(descriptor: int, num_bytes: int) -> None:
    """Ask for the space now: a full disk is told before the work, not after hours of it."""
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, num_bytes)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}: {num_bytes} bytes are needed") from error


@contextmanager
def _alone(descriptor: int) -> Iterator[None]:
    """Keep copies of this process from writing: the system would have them wait for each other at every few pages."""
    with suppress(OSError):  # a file system without locks is slower, nothing else
        os.lockf(descriptor, os.F_LOCK, 0)
    try:
        yield
    finally:
        with suppress(OSError):
            os.lockf(descriptor, os.F_ULOCK, 0)


def _write_at(descriptor: int, offset: int, content: memoryview) -> None:
    while content:
        written = os.pwrite(descriptor, content, offset)
        offset += written
        content = content[written:]


def _begin_write_back(descriptor: int, extents: Iterable[tuple[int, int]]) -> None:
    """Let the disk begin with what was written, so that the final sync has little left to wait for.

    Linux starts to write dirty pages that are said to be no longer needed, and keeps those that are being written.
    """
    if hasattr(os, "posix_fadvise"):
        for start, count in extents:
            os.posix_fadvise(descriptor, start, count, os.POSIX_FADV_DONTNEED)
