"""Puts the checksums of a zip file right after bytes of its members were replaced."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from bncli.formats.zip_directory import STORED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bncli.formats.regions import Region
    from bncli.formats.zip_archive import ZipArchive

    Replacement = tuple[int, bytes]
    """An offset in the file, and the bytes that stand there from now on."""

_CRC_IN_LOCAL_HEADER = 14
_CRC_IN_DIRECTORY = 16
_DIRECTORY_ENTRY = struct.Struct("<4s24x3H12x")
_DIRECTORY_SIGNATURE = b"PK\1\2"
_DESCRIPTOR_SIGNATURE = b"PK\7\x08"
_CRC_BYTES = 4
_READ_AT_ONCE = 4 * 1024**2


def checksum_patches(archive: ZipArchive, replacements: Sequence[Replacement]) -> list[Replacement]:
    """Return what has to change besides, so that the checksums of all members fit their new bytes.

    A member's checksum may stand before its bytes, after them, and in the directory at the end. Members without one,
    as `torch.serialization.set_crc32_options(False)` writes them, stay without.

    Args:
        archive: the zip file as it is.
        replacements: within the bytes of stored members; in order of offset.
    """
    entries = _directory_entries(archive)
    patches: list[Replacement] = []
    for name, member in archive.members.items():
        if not member.checksum or member.method != STORED:
            continue
        start = archive.region(name).position
        stop = start + member.size
        inside = [each for each in replacements if start <= each[0] < stop]
        if inside:
            old = member.checksum.to_bytes(_CRC_BYTES, "little")
            new = _checksum(archive.source, start, stop, inside).to_bytes(_CRC_BYTES, "little")
            places = (member.header_offset + _CRC_IN_LOCAL_HEADER, *_after(stop), entries[member.header_offset])
            patches += [(place, new) for place in places if _stands_at(archive.source, place, old)]
    return patches


def _after(stop: int) -> tuple[int, int]:
    """Return where a checksum may stand behind a member: after the signature of a descriptor, or without one."""
    return stop + len(_DESCRIPTOR_SIGNATURE), stop


def _stands_at(source: Region, offset: int, expected: bytes) -> bool:
    return offset + len(expected) <= source.size and source.read(offset, len(expected)) == expected


def _checksum(source: Region, start: int, stop: int, replacements: Sequence[Replacement]) -> int:
    crc = 0
    done = start
    for offset, content in replacements:
        crc = _checksum_of_range(source, done, offset, crc)
        crc = zlib.crc32(content, crc)
        done = offset + len(content)
    return _checksum_of_range(source, done, stop, crc)


def _checksum_of_range(source: Region, start: int, stop: int, crc: int) -> int:
    for offset in range(start, stop, _READ_AT_ONCE):
        crc = zlib.crc32(source.read(offset, min(_READ_AT_ONCE, stop - offset)), crc)
    return crc


def _directory_entries(archive: ZipArchive) -> dict[int, int]:
    """Return where the checksum of each member stands in the directory, by the offset of its local header."""
    members = list(archive.members.values())
    offsets = list(_entry_offsets(archive, len(members)))
    return {member.header_offset: offset + _CRC_IN_DIRECTORY for member, offset in zip(members, offsets, strict=True)}


def _entry_offsets(archive: ZipArchive, num_members: int) -> Iterator[int]:
    offset = archive.directory.offset
    for _ in range(num_members):
        entry = archive.source.read(offset, _DIRECTORY_ENTRY.size)
        signature, name_length, extra_length, comment_length = _DIRECTORY_ENTRY.unpack(entry)
        if signature != _DIRECTORY_SIGNATURE:
            raise ValueError(f"byte {offset} begins no entry of the zip directory")
        yield offset
        offset += _DIRECTORY_ENTRY.size + name_length + extra_length + comment_length
