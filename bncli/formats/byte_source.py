"""Bytes of an open file by offset and count: every read is exact, and every byte is counted."""

from __future__ import annotations

import errno
import struct
import zlib
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from bncli.errors import BncliError, MalformedFile
from bncli.formats.byte_range import require_within
from bncli.formats.regular_file import RegularFile
from bncli.formats.remote.remote_file import RemoteFile
from bncli.formats.remote.remote_path import RemotePath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FAULTS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Python raises when bytes contradict the structure that a parser expects of them."""

_TROUBLES_OF_THE_SYSTEM = frozenset({errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC})
"""What an `OSError` says of the machine: the file may be whole."""
_CUT_OFF = (EOFError, zlib.error)
CUT_OFF_HINT = "a save or a download may have been cut off: compare its size with the original's, or fetch it again"

_SPARED_BYTES = 1 << 16
"""To clear a new buffer of this size takes a tenth of the work on its values; for smaller ones it does not matter."""
_MOST_SPARED = 4


class _File(Protocol):
    """A file on this machine or on another."""

    size: int

    @property
    def bytes_read(self) -> int: ...

    def read_into(self, offset: int, view: memoryview) -> int: ...

    def close(self) -> None: ...


class ByteSource:
    """An open file, read at offsets, on this machine or on another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._spare: deque[bytearray] = deque(maxlen=_MOST_SPARED)
        self._file: _File = path.file if isinstance(path, RemotePath) else RegularFile(path)
        self.size = self._file.size

    @property
    def bytes_read(self) -> int:
        """Bytes that were read up to now; of a remote file, those that were transferred, for the first look as well."""
        return self._file.bytes_read

    def read(self, offset: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `offset` on, in a buffer that the caller may keep and change.

        Raises:
            EOFError: the file does not hold that range; nothing is allocated then.
        """
        require_within(self.size, offset, count)
        buffer = self._memory(count) if self._spare else bytearray(count)
        view = memoryview(buffer)
        while view:
            received = self._file.read_into(offset, view)
            if not received:
                raise EOFError(f"the file shrank while it was read: it ends at byte {offset}")
            offset += received
            view = view[received:]
        return buffer

    @property
    def is_shareable(self) -> bool:
        """Whether copies of this process may read at the same time: no read depends on where the last one ended."""
        return isinstance(self._file, RegularFile) and self._file.reads_at_offsets

    @property
    def is_remote(self) -> bool:
        """Whether the file lies on another machine, so that it pays to announce reads."""
        return isinstance(self._file, RemoteFile)

    def announce(self, extents: Iterable[tuple[int, int]]) -> None:
        """Transfer together what will be read soon; a local file is left alone.

        Args:
            extents: start and stop of each run of bytes.
        """
        if isinstance(self._file, RemoteFile):
            self._file.announce(extents)

    def take_back(self, buffer: bytearray) -> None:
        """Take a buffer that no one needs any longer, for a later read of the same size."""
        if len(buffer) >= _SPARED_BYTES:
            self._spare.append(buffer)

    def _memory(self, count: int) -> bytearray:
        for _ in range(len(self._spare)):
            spare = self._spare.popleft()
            if len(spare) == count:
                return spare
            self._spare.append(spare)
        return bytearray(count)

    def close(self) -> None:
        """Close the file."""
        self._spare.clear()
        self._file.close()


@contextmanager
def opening(path: Path, kind: str) -> Iterator[ByteSource]:
    """Open a file for a parser. On an error the file is closed, and a fault of the parser becomes a `MalformedFile`.

    Args:
        path: the file.
        kind: what the file claims to be, for the message, such as `a safetensors file`.
    """
    source = ByteSource(path)
    try:
        yield source
    except FAULTS as fault:
        source.close()
        if isinstance(fault, OSError) and fault.errno in _TROUBLES_OF_THE_SYSTEM:
            raise BncliError(f"{path}: cannot be read: {fault.strerror}") from fault
        raise MalformedFile(f"{path}: broken as {kind}: {describe_fault(fault)}", hint_about(fault)) from fault
    except BaseException:
        source.close()
        raise


def hint_about(fault: BaseException) -> str | None:
    """Return what the user can do about a fault of a parser; `None` where nothing is known to help."""
    faults = (fault, fault.__cause__)
    is_cut_off = any(isinstance(each, _CUT_OFF) for each in faults) or "truncated" in describe_fault(fault)
    return CUT_OFF_HINT if is_cut_off else None


def describe_fault(fault: BaseException) -> str:
    """Return one line that says what a Python exception says, and its kind where it says nothing."""
    lines = _text_of(fault).splitlines()
    return lines[0] if lines else type(fault).__name__


def _text_of(fault: BaseException) -> str:
    """Return what an exception says. A `KeyError` says its key and no more, or h5py has put a sentence in its place."""
    if not isinstance(fault, KeyError) or not fault.args:
        return str(fault)
    key = fault.args[0]
    return key if isinstance(key, str) and " " in key else f"lacks {key!r}"
