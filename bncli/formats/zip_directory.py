"""The directory at the end of a zip file: what members there are, as the file claims."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.regions import Region

STORED, DEFLATED = 0, 8
"""The methods of compression that are read."""
_UTF8_NAME = 0x800
"""The flag of members whose name is UTF-8; others are in the code page of the first PCs."""

_END = struct.Struct("<4s8x2LH")
_END_SIGNATURE = b"PK\5\6"
_MAX_COMMENT_BYTES = 2**16
_LOCATOR = struct.Struct("<4sL8xL")
_LOCATOR_SIGNATURE = b"PK\6\7"
_WIDE_END = struct.Struct("<4s36x2Q")
_WIDE_END_SIGNATURE = b"PK\6\6"
_ENTRY = struct.Struct("<4s4x2H4x3L3H8xL")
_ENTRY_SIGNATURE = b"PK\1\2"
_MAX_NARROW = 2**32 - 1
"""Stands in an entry for a number that is too large for its place, and follows with 64 bits in an extra field."""
_EXTRA = struct.Struct("<2H")
_WIDE_NUMBERS = 1
_WIDE_BYTES = 8
_MAX_DIRECTORY_BYTES = 64 * 1024**2
"""Enough for half a million members of long names. Entries take several times the memory of their bytes, and a file can
be of holes that take no disk."""


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """What the directory says about one member."""

    name: str
    """Cut at a NUL, as loaders may do."""
    whole_name: str
    flags: int
    method: int
    checksum: int
    """CRC-32 of the member's bytes; 0 also where none was taken."""
    stored_size: int
    """Bytes in the file."""
    size: int
    """Bytes after inflation."""
    header_offset: int
    """Where the local header starts in the file."""


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """All entries, in their order."""

    entries: list[ZipEntry]
    offset: int
    """Where the first of them starts in the file."""
    shift: int
    """How many bytes the file has before the zip, from whose beginning offsets in the directory count."""
    content: bytes
    """The directory as it stands in the file."""


def read_zip_directory(source: Region, known: ZipDirectory | None = None) -> ZipDirectory:
    """Read the directory of a zip file; nothing before it is looked at.

    Args:
        source: the file.
        known: a directory that was read before, which is returned if the same bytes still stand in the same place: to
            compare them takes a hundredth of the time of parsing them.

    Raises:
        EOFError: the file is no zip, or is cut short.
        ValueError: the directory is broken, or far too large.
    """
    end, size, offset = _find_end(source)
    if size > _MAX_DIRECTORY_BYTES:
        raise ValueError(f"{size} bytes, and at most {_MAX_DIRECTORY_BYTES} are read")
    start = end - size
    shift = start - offset
    content = bytes(source.read(start, size))
    if known is not None and (start, shift, content) == (known.offset, known.shift, known.content):
        return known
    return ZipDirectory(_entries(content, shift), start, shift, content)


def member_name(stored: bytes, flags: int) -> str:
    """Return the name of a member as text."""
    if stored.isascii():  # as nearly all are, and the same in both
        return stored.decode("ascii")
    return stored.decode("utf-8" if flags & _UTF8_NAME else "cp437")


def _find_end(source: Region) -> tuple[int, int, int]:
    """Return where the directory ends, how long it is, and where it claims to start."""
    at, record = _end_record(source)
    _, size, offset, _ = _END.unpack(record)
    locator_at = at - _LOCATOR.size
    wide_at = locator_at - _WIDE_END.size
    if wide_at < 0:
        return at, size, offset
    signature, disk, num_disks = _LOCATOR.unpack(source.read(locator_at, _LOCATOR.size))
    if signature != _LOCATOR_SIGNATURE:
        return at, size, offset
    if disk or num_disks > 1:
        raise ValueError("the zip is a part of several")
    signature, wide_size, wide_offset = _WIDE_END.unpack(source.read(wide_at, _WIDE_END.size))
    return (wide_at, wide_size, wide_offset) if signature == _WIDE_END_SIGNATURE else (at, size, offset)


def _end_record(source: Region) -> tuple[int, bytes]:
    """Return the record at the end, and where it starts; a comment may follow it."""
    at = source.size - _END.size
    if at < 0:
        raise EOFError("a zip is longer")
    record = bytes(source.read(at, _END.size))
    if record.startswith(_END_SIGNATURE) and record.endswith(b"\0\0"):
        return at, record
    first = max(0, at - _MAX_COMMENT_BYTES)
    tail = bytes(source.read(first, source.size - first))
    found = tail.rfind(_END_SIGNATURE)
    record = tail[found : found + _END.size]
    if found < 0 or len(record) < _END.size:
        raise EOFError("nothing at the end of the file says where it is")
    return first + found, record


def _entries(directory: bytes, shift: int) -> list[ZipEntry]:
    entries = []
    unpack, head = _ENTRY.unpack_from, _ENTRY.size
    at, end = 0, len(directory)
    while at < end:
        signature, flags, method, checksum, stored_size, size, named, extra, comment, offset = unpack(directory, at)
        if signature != _ENTRY_SIGNATURE:
            raise ValueError(f"no entry begins at its byte {at}")
        name_at = at + head
        extra_at = name_at + named
        comment_at = extra_at + extra
        name = member_name(directory[name_at:extra_at], flags)
        if _MAX_NARROW in (size, stored_size, offset):
            size, stored_size, offset = _widened(directory[extra_at:comment_at], size, stored_size, offset)
        short = name if "\0" not in name else name[: name.index("\0")]
        entries.append(ZipEntry(short, name, flags, method, checksum, stored_size, size, offset + shift))
        at = comment_at + comment
    if at > end:
        raise EOFError("its last entry is cut off")
    return entries


def _widened(extra: bytes, *numbers: int) -> list[int]:
    """Return numbers, of which those that are too large for their places stand in an extra field, in this order."""
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == _WIDE_NUMBERS:
            return _from_field(extra[at : at + length], numbers)
        at += length
    return list(numbers)


def _from_field(field: bytes, numbers: tuple[int, ...]) -> list[int]:
    found = []
    for number in numbers:
        if number == _MAX_NARROW:
            wide, field = field[:_WIDE_BYTES], field[_WIDE_BYTES:]
            if len(wide) < _WIDE_BYTES:
                raise ValueError("a number of 64 bits is not all there")
            found.append(int.from_bytes(wide, "little"))
        else:
            found.append(number)
    return found
