"""Opening of files that may be anything: only regular files are read, and nothing can make the open hang."""

from __future__ import annotations

import io
import os
import stat
from typing import TYPE_CHECKING

from bncli.errors import BncliError, InputNotFound, UnsupportedFormat

if TYPE_CHECKING:
    from pathlib import Path

# A FIFO without a writer blocks a plain open for ever; O_BINARY keeps Windows from translating line ends.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class RegularFile:
    """An open file on this machine. One descriptor serves all reads, so the file cannot be swapped meanwhile.

    Reads go through system calls and not through a memory map: a page fault in a map makes the kernel read around it,
    which for small arrays scattered over a file amounts to reading the whole file.
    """

    reads_at_offsets = hasattr(os, "preadv")
    """Whether the system reads at an offset that is given; else it is first moved there."""

    def __init__(self, path: Path) -> None:
        descriptor = open_regular_file(path)
        self.bytes_read = 0
        self.size = os.fstat(descriptor).st_size
        self._file = io.FileIO(descriptor)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)

    def read_into(self, offset: int, view: memoryview) -> int:
        """Fill the beginning of `view` with the bytes from `offset` on, and return how many: none at the end."""
        if self.reads_at_offsets:
            received = os.preadv(self._file.fileno(), [view], offset)
        else:
            self._file.seek(offset)
            received = self._file.readinto(view) or 0
        self.bytes_read += received
        return received

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_regular_file(path: Path) -> int:
    """Open a file for reading and return its descriptor, which the caller closes.

    Raises:
        InputNotFound: there is no such file.
        UnsupportedFormat: the path is a directory, a FIFO, a device or a socket.
        BncliError: the system refuses, for want of permission for instance.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputNotFound(f"{path}: no such file", hint="check the path and the folder you are in") from error
    except PermissionError as error:
        raise BncliError(f"{path}: no permission to read it") from error
    except OSError as error:
        raise BncliError(f"{path}: cannot be opened: {error.strerror or error}") from error
    except ValueError as error:
        raise InputNotFound(f"{path}: not a path: {error}") from error
    try:
        _require_regular(path, os.fstat(descriptor).st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_regular(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise UnsupportedFormat(f"{path}: is a directory", hint="name the checkpoint file inside it")
    kind = "a pipe" if stat.S_ISFIFO(mode) else "a device or socket"
    raise UnsupportedFormat(f"{path}: is {kind}, not a regular file", hint="save the bytes to a file first")
