from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from bncli.formats.regions import MemoryRegion
from bncli.formats.zip_directory import read_zip_directory

if TYPE_CHECKING:
    from collections.abc import Mapping

END = struct.Struct("<4s4H2LH")
FIRST_NUMBERS = 20
"""Where the two sizes of a member stand in its entry."""
WIDE = struct.pack("<I", 2**32 - 1)


def zipped(
    members: Mapping[str, bytes], *, comment: bytes = b"", compression: int = zipfile.ZIP_STORED, before: bytes = b""
) -> bytes:
    buffer = io.BytesIO(before)
    with zipfile.ZipFile(buffer, "a" if before else "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = comment
    return buffer.getvalue()


def assert_is_read_as_by_zipfile(content: bytes) -> None:
    directory = read_zip_directory(MemoryRegion(content))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert directory.offset == archive.start_dir
        assert [
            (e.name, e.whole_name, e.flags, e.method, e.checksum, e.stored_size, e.size, e.header_offset)
            for e in directory.entries
        ] == [
            (
                *(info.filename, info.orig_filename, info.flag_bits, info.compress_type),
                *(info.CRC, info.compress_size, info.file_size, info.header_offset),
            )
            for info in archive.infolist()
        ]


MEMBERS = {"a/data.pkl": b"x" * 100, "ärger": b"", "日本": b"y" * 3, "b" * 1000: bytes(5000), "folder/": b""}


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("comment", [b"", b"a comment", b"PK\1\2", b"c" * 65_535])
@pytest.mark.parametrize("before", [b"", b"a program that unpacks itself"])
def test_a_directory_says_what_zipfile_reads_in_it(compression: int, comment: bytes, before: bytes) -> None:
    assert_is_read_as_by_zipfile(zipped(MEMBERS, comment=comment, compression=compression, before=before))


def test_an_empty_zip_has_no_members() -> None:
    assert_is_read_as_by_zipfile(zipped({}))


def test_more_than_64k_members_are_read() -> None:
    assert_is_read_as_by_zipfile(zipped({str(number): b"" for number in range(65_600)}))


def test_names_of_the_old_code_page_are_read() -> None:
    content = zipped({"abc": b"1"}).replace(b"abc", b"\x84\x94\x81")
    assert_is_read_as_by_zipfile(content)
    assert read_zip_directory(MemoryRegion(content)).entries[0].name == "äöü"


def test_a_name_is_cut_at_a_nul_and_kept_whole_besides() -> None:
    content = zipped({"data1": b"1"}).replace(b"data1", b"dat\0a")
    assert_is_read_as_by_zipfile(content)
    (entry,) = read_zip_directory(MemoryRegion(content)).entries
    assert (entry.name, entry.whole_name) == ("dat", "dat\0a")


def with_extra(extra: bytes, *, narrow: bytes) -> bytes:
    """Return a zip of one member whose entry has an extra field, and in place of its sizes other bytes."""
    member = zipfile.ZipInfo("member")
    member.extra = extra
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, b"0123456789")
    content = bytearray(buffer.getvalue())
    at = content.index(b"PK\1\2") + FIRST_NUMBERS
    content[at : at + len(narrow)] = narrow
    return bytes(content)


OTHER_FIELD = struct.pack("<HH3s", 0x5455, 3, b"abc")


@pytest.mark.parametrize(
    ("extra", "narrow"),
    [
        (struct.pack("<HHQQ", 1, 16, 2**33, 2**40), WIDE + WIDE),
        (OTHER_FIELD + struct.pack("<HHQ", 1, 8, 2**33), WIDE),
        (struct.pack("<HHQ", 1, 8, 2**33) + OTHER_FIELD, struct.pack("<I", 10) + WIDE),
        (OTHER_FIELD, WIDE + WIDE),
        (OTHER_FIELD, b""),
    ],
)
def test_numbers_of_64_bits_are_taken_from_the_extra_field(extra: bytes, narrow: bytes) -> None:
    assert_is_read_as_by_zipfile(with_extra(extra, narrow=narrow))


def test_a_number_of_64_bits_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="not all there"):
        read_zip_directory(MemoryRegion(with_extra(struct.pack("<HHQ", 1, 8, 2**33), narrow=WIDE + WIDE)))


@pytest.mark.parametrize("num_disks", [0, 1])
def test_the_wide_record_at_the_end_wins(num_disks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    content = bytearray(zipped(MEMBERS))
    at = content.index(b"PK\6\7") + 16
    content[at : at + 4] = struct.pack("<I", num_disks)
    content[-10:-2] = WIDE + WIDE
    assert_is_read_as_by_zipfile(bytes(content))
    content[at : at + 4] = struct.pack("<I", 2)
    with pytest.raises(ValueError, match="part of several"):
        read_zip_directory(MemoryRegion(bytes(content)))


@pytest.mark.parametrize("length", range(0, 400, 7))
def test_a_zip_that_is_cut_off_is_refused(length: int) -> None:
    content = zipped({"first": b"12345", "second": b"1234567890"}, comment=b"123")
    with pytest.raises(EOFError):
        read_zip_directory(MemoryRegion(content[: min(length, len(content) - 26)]))


def test_bytes_that_are_no_entry_are_refused() -> None:
    with pytest.raises(ValueError, match="no entry begins at its byte 0"):
        read_zip_directory(MemoryRegion(zipped({"a": b"1"}).replace(b"PK\1\2", b"PK\1\3")))


def test_an_entry_that_is_longer_than_the_directory_is_refused() -> None:
    content = bytearray(zipped({"a": b"1"}))
    at = content.index(b"PK\1\2") + 28
    content[at : at + 2] = struct.pack("<H", 500)
    with pytest.raises(EOFError, match="cut off"):
        read_zip_directory(MemoryRegion(bytes(content)))


def test_a_directory_that_still_stands_in_the_file_is_the_one_that_is_known() -> None:
    known = read_zip_directory(MemoryRegion(zipped(MEMBERS)))
    assert read_zip_directory(MemoryRegion(zipped(MEMBERS)), known) is known


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(zipped({**MEMBERS, "more": b""}), id="another member"),
        pytest.param(zipped({**MEMBERS, "a/data.pkl": b"y" * 100}), id="another checksum"),
        pytest.param(bytes(10) + zipped(MEMBERS), id="moved"),
        pytest.param(zipped(MEMBERS)[:-6] + struct.pack("<LH", 0, 0), id="other claim of where it starts"),
    ],
)
def test_a_directory_that_stands_there_no_more_is_read_anew(changed: bytes) -> None:
    known = read_zip_directory(MemoryRegion(zipped(MEMBERS)))
    directory = read_zip_directory(MemoryRegion(changed), known)
    assert directory == read_zip_directory(MemoryRegion(changed)) != known


class Holes:
    """A file of zeros, of any size, that ends as a zip does; and what was read of it."""

    position = 0

    def __init__(self, size: int) -> None:
        self.end = END.pack(b"PK\5\6", 0, 0, 1, 1, size, 0, 0)
        self.size = size + END.size
        self.most_read = 0

    def read(self, start: int, count: int) -> bytearray:
        self.most_read = max(self.most_read, count)
        rest = bytes(max(0, self.size - END.size - start)) + self.end
        return bytearray(rest[-(self.size - start) :][:count])


def test_a_directory_of_hundreds_of_megabytes_is_refused_unread() -> None:
    source = Holes(600 * 1024**2)
    with pytest.raises(ValueError, match="629145600 bytes, and at most 67108864 are read"):
        read_zip_directory(source)
    assert source.most_read < 1000
