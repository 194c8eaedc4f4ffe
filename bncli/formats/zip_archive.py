"""Members of a zip file as regions of bytes: checked against each other, inflated as far as needed, never extracted."""

from __future__ import annotations

import struct
import zlib
from operator import attrgetter
from typing import TYPE_CHECKING

from bncli.formats.byte_source import FAULTS, describe_fault
from bncli.formats.inflated_region import InflatedRegion, PassedBytes
from bncli.formats.regions import SubRegion
from bncli.formats.zip_directory import DEFLATED, STORED, member_name, read_zip_directory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.formats.regions import Region
    from bncli.formats.zip_directory import ZipDirectory, ZipEntry

_LOCAL_HEADER = struct.Struct("<4s2x2H16x2H")
"""Signature, flags, method, and the lengths of the name and of the extra field."""
_ENCRYPTED = 0x1
_MAX_INFLATION = 100
"""How many times its stored size a member that is read whole may inflate to, beyond the first megabytes."""
_ALWAYS_INFLATED = 4 * 1024**2
_ALWAYS_PASSED = 256 * 1024**2
_MOST_PASSED_PER_STORED_BYTE = 64
"""What may be inflated only to get to what lies behind it: a second's worth, and dozens of passes over a large file."""


class ZipArchive:
    """A zip file, or a zip that lies inside another file, whose members are read as asked for.

    A loader may trust the directory at the end or the header before each member; files in which the two disagree, or
    a name stands twice, or members overlap, mean different things to different loaders and are refused.

    Args:
        source: the zip.
        known: the directory of a `ZipArchive` of the same bytes, which is not parsed and checked again.

    Raises:
        EOFError: the file is no zip, or its end is missing, where the directory stands.
        ValueError: it is ambiguous.
    """

    def __init__(self, source: Region, known: ZipDirectory | None = None) -> None:
        self.source = source
        self._inflating: tuple[str, InflatedRegion] | None = None
        self._passed = PassedBytes(_ALWAYS_PASSED + _MOST_PASSED_PER_STORED_BYTE * source.size)
        try:
            self.directory = read_zip_directory(source, known)
        except FAULTS as fault:
            raise EOFError(
                f"the zip directory cannot be read, is the file cut short? ({describe_fault(fault)})"
            ) from fault
        self.members: Mapping[str, ZipEntry] = {entry.name: entry for entry in self.directory.entries}
        if self.directory is not known:
            if len(self.members) != len(self.directory.entries):
                raise ValueError("two members have the same name")
            _require_disjoint(self.directory.entries)

    def region(self, name: str) -> Region:
        """Return the bytes of a member. Its local header is read when the bytes are, not before.

        Raises:
            LookupError: there is no such member.
            ValueError: the member is encrypted, or compressed in a way other than deflate.
        """
        member = self.members.get(name)
        if member is None:
            raise LookupError(f"the archive lacks the member {name!r}")
        return ZipMember(self, member)

    def read_whole(self, name: str, limit: int) -> bytes:
        """Return all bytes of a small member, and check them against the checksum if the archive has one.

        Raises:
            ValueError: the member is larger than `limit`, or inflates like a bomb, or its checksum is wrong.
        """
        region = self.region(name)
        member = self.members[name]
        bomb = member.size > max(_ALWAYS_INFLATED, _MAX_INFLATION * member.stored_size)
        if member.size > limit or bomb:
            raise ValueError(f"member {name!r} claims {member.size} bytes")
        content = bytes(region.read(0, region.size))
        # torch.serialization.set_crc32_options(False) stores zero.
        if member.checksum and zlib.crc32(content) != member.checksum:
            raise ValueError(f"member {name!r} does not match its checksum")
        return content

    def inflated(self, member: ZipEntry, stored: Region) -> Region:
        """Return the inflated bytes of a member. Only the last member asked for keeps its place in the stream."""
        if self._inflating is None or self._inflating[0] != member.name:
            self._inflating = (member.name, InflatedRegion(stored, member.size, self._passed))
        return self._inflating[1]


class ZipMember:
    """The bytes of one member, stored or deflated."""

    def __init__(self, archive: ZipArchive, member: ZipEntry) -> None:
        if member.flags & _ENCRYPTED:
            raise ValueError(f"member {member.name!r} is encrypted")
        if member.method not in (STORED, DEFLATED):
            raise ValueError(f"member {member.name!r} is compressed by method {member.method}, not deflate")
        if member.method == STORED and member.stored_size != member.size:
            raise ValueError(f"member {member.name!r} is stored, yet has two sizes")
        self._archive = archive
        self._member = member
        self._stored: Region | None = None

    @property
    def size(self) -> int:
        """Number of bytes after inflation."""
        return self._member.size

    @property
    def position(self) -> int:
        """Where the member's bytes start in the file."""
        return self._locate().position

    @property
    def is_stored(self) -> bool:
        """Whether the bytes lie in the file as they are, not deflated."""
        return self._member.method == STORED

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on."""
        stored = self._locate()
        return (stored if self.is_stored else self._archive.inflated(self._member, stored)).read(start, count)

    def _locate(self) -> Region:
        if self._stored is None:
            source = self._archive.source
            self._stored = SubRegion(source, _check_local_header(source, self._member), self._member.stored_size)
        return self._stored


def _check_local_header(source: Region, member: ZipEntry) -> int:
    """Return where the bytes of a member start, after comparing its local header with the directory."""
    start = member.header_offset
    # Together with the name as the directory has it, for system calls are what a file of many members costs.
    expected = _LOCAL_HEADER.size + len(member.whole_name.encode("utf-8", "surrogatepass"))
    header = bytes(source.read(start, min(expected, source.size - start)))
    if len(header) < _LOCAL_HEADER.size:
        raise EOFError(f"the file ends within the header of member {member.name!r}")
    signature, flags, method, name_length, extra_length = _LOCAL_HEADER.unpack_from(header)
    name = header[_LOCAL_HEADER.size :][:name_length]
    if len(name) < name_length:
        name += source.read(start + len(header), name_length - len(name))
    described = (signature, member_name(name, flags), method, flags & _ENCRYPTED)
    if described != (b"PK\3\4", member.whole_name, member.method, 0):
        raise ValueError(f"the header of member {member.name!r} contradicts the zip directory")
    end: int = start + _LOCAL_HEADER.size + name_length + extra_length
    return end


def _require_disjoint(members: list[ZipEntry]) -> None:
    """Refuse members that overlap, and bytes before the first one: the tail of another archive, perhaps.

    A file of archives that was cut off ends with one of these, and looks the same.
    """
    end = 0
    for member in sorted(members, key=attrgetter("header_offset")):
        if end == 0 and member.header_offset != 0:
            raise EOFError(f"member {member.name!r} starts where no member may start")
        if member.header_offset < end:
            raise ValueError(f"member {member.name!r} starts where no member may start")
        end = member.header_offset + _LOCAL_HEADER.size + member.stored_size
