from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.formats.byte_source import ByteSource
from bncli.formats.regions import FileRegion
from bncli.formats.zip_archive import ZipArchive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 40
LOCAL_NAME_AT = 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.zip"


@pytest.fixture
def open_archive(path: Path) -> Iterator[Callable[[], ZipArchive]]:
    sources: list[ByteSource] = []

    def open_it() -> ZipArchive:
        sources.append(ByteSource(path))
        return ZipArchive(FileRegion(sources[-1], 0, sources[-1].size))

    yield open_it
    for source in sources:
        source.close()


def write_zip(path: Path, compression: int = zipfile.ZIP_STORED, **members: bytes) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def patch(path: Path, at: int, replacement: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[at : at + len(replacement)] = replacement
    path.write_bytes(content)


def directory_at(path: Path) -> int:
    return path.read_bytes().index(b"PK\1\2")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_any_part_of_a_member_comes_back(path: Path, open_archive: Callable[[], ZipArchive], compression: int) -> None:
    write_zip(path, compression, first=b"x", second=CONTENT)
    region = open_archive().region("second")
    assert region.size == len(CONTENT)
    assert region.read(1000, 77) == CONTENT[1000:1077]
    assert region.read(0, len(CONTENT)) == CONTENT
    assert open_archive().read_whole("second", 10**6) == CONTENT


def test_a_part_of_a_stored_member_costs_its_own_bytes_and_one_local_header(
    path: Path,
) -> None:
    write_zip(path, member=CONTENT)
    source = ByteSource(path)
    archive = ZipArchive(FileRegion(source, 0, source.size))
    before = source.bytes_read
    region = archive.region("member")
    assert source.bytes_read == before
    region.read(5, 10)
    region.read(50, 10)
    assert source.bytes_read - before == LOCAL_NAME_AT + len("member") + 20
    source.close()


def test_the_position_of_a_member_is_where_its_bytes_are(path: Path, open_archive: Callable[[], ZipArchive]) -> None:
    write_zip(path, first=b"x", second=CONTENT)
    assert open_archive().region("second").position == path.read_bytes().index(CONTENT)


def test_members_deflated_by_turns_come_back_right(path: Path, open_archive: Callable[[], ZipArchive]) -> None:
    contents = {f"m{i}": np.random.default_rng(i).bytes(5000) for i in range(3)}
    write_zip(path, zipfile.ZIP_DEFLATED, **contents)
    archive = open_archive()
    regions = {name: archive.region(name) for name in contents}
    for start in range(0, 5000, 1000):
        for name, region in regions.items():
            assert region.read(start, 1000) == contents[name][start : start + 1000]


def test_names_beyond_ascii_are_the_same_in_both_places(path: Path, open_archive: Callable[[], ZipArchive]) -> None:
    write_zip(path, **{"ärger/größe": b"1234"})
    assert open_archive().region("ärger/größe").read(0, 4) == b"1234"


def test_an_archive_of_more_than_64k_members_is_read(path: Path, open_archive: Callable[[], ZipArchive]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(65_600):
            archive.writestr(zipfile.ZipInfo(str(i)), b"")
    assert len(open_archive().members) == 65_600


def test_an_unknown_member_is_a_lookup_error(path: Path, open_archive: Callable[[], ZipArchive]) -> None:
    write_zip(path, member=CONTENT)
    with pytest.raises(LookupError, match="lacks the member 'other'"):
        open_archive().region("other")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(path: Path, open_archive: Callable[[], ZipArchive]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.pkl", b"one")
        archive.writestr("data.pkl", b"two")
    with pytest.raises(ValueError, match="same name"):
        open_archive()


def test_a_name_that_a_loader_could_cut_at_a_nul_counts_as_the_short_one(
    path: Path, open_archive: Callable[[], ZipArchive]
) -> None:
    write_zip(path, data1=b"one", data=b"two")
    path.write_bytes(path.read_bytes().replace(b"data1", b"data\0"))
    with pytest.raises(ValueError, match="same name"):
        open_archive()


@pytest.mark.parametrize(
    ("at", "replacement"),
    [
        pytest.param(LOCAL_NAME_AT, b"MEMBER", id="name"),
        pytest.param(8, struct.pack("<H", 8), id="method"),
        pytest.param(6, struct.pack("<H", 1), id="encryption"),
        pytest.param(0, b"PK\3\5", id="signature"),
    ],
)
def test_a_local_header_that_contradicts_the_directory_is_refused(
    path: Path, open_archive: Callable[[], ZipArchive], at: int, replacement: bytes
) -> None:
    write_zip(path, member=CONTENT)
    patch(path, at, replacement)
    with pytest.raises(ValueError, match="contradicts the zip directory"):
        open_archive().region("member").read(0, 1)


@pytest.mark.parametrize(
    ("at", "replacement", "message"),
    [
        pytest.param(8, struct.pack("<H", 1), "is encrypted", id="encrypted"),
        pytest.param(10, struct.pack("<H", 12), "method 12", id="bzip2"),
        pytest.param(24, struct.pack("<I", 99), "two sizes", id="stored with two sizes"),
    ],
)
def test_a_member_that_cannot_be_read_plainly_is_refused(
    path: Path, open_archive: Callable[[], ZipArchive], at: int, replacement: bytes, message: str
) -> None:
    write_zip(path, member=CONTENT)
    patch(path, directory_at(path) + at, replacement)
    with pytest.raises(ValueError, match=message):
        open_archive().region("member")


def test_a_member_that_reaches_past_the_end_of_the_file_is_refused(
    path: Path, open_archive: Callable[[], ZipArchive]
) -> None:
    write_zip(path, member=CONTENT)
    patch(path, directory_at(path) + 20, struct.pack("<II", 10**9, 10**9))
    with pytest.raises(EOFError):
        open_archive().region("member").read(0, 10**9)


def test_members_that_overlap_are_refused(path: Path, open_archive: Callable[[], ZipArchive]) -> None:
    write_zip(path, first=CONTENT, second=CONTENT)
    second = path.read_bytes().rindex(b"PK\1\2")
    patch(path, second + 42, struct.pack("<I", 10))
    with pytest.raises(ValueError, match="starts where no member may start"):
        open_archive()


def test_bytes_before_the_first_member_are_refused(path: Path, open_archive: Callable[[], ZipArchive]) -> None:
    stream = io.BytesIO()
    write_zip(path, member=CONTENT)
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("other", b"in front")
    path.write_bytes(stream.getvalue() + path.read_bytes())
    with pytest.raises(EOFError, match="starts where no member may start"):
        open_archive()


@pytest.mark.parametrize("kept", [0, 1, 4, 21, 22, 60, 3000, 10_300])
def test_an_archive_that_is_cut_short_is_refused(path: Path, open_archive: Callable[[], ZipArchive], kept: int) -> None:
    write_zip(path, member=CONTENT)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(EOFError, match="cut short"):
        open_archive()


def test_a_member_read_whole_is_checked_against_its_checksum(
    path: Path, open_archive: Callable[[], ZipArchive]
) -> None:
    write_zip(path, member=CONTENT)
    patch(path, path.read_bytes().index(CONTENT), b"\xff")
    with pytest.raises(ValueError, match="checksum"):
        open_archive().read_whole("member", 10**6)
    patch(path, directory_at(path) + 16, bytes(4))
    assert open_archive().read_whole("member", 10**6)[0] == 255


def test_a_member_larger_than_the_limit_is_not_read(path: Path, open_archive: Callable[[], ZipArchive]) -> None:
    write_zip(path, member=CONTENT)
    with pytest.raises(ValueError, match="claims 10240 bytes"):
        open_archive().read_whole("member", 10_239)


def test_a_member_that_inflates_like_a_bomb_is_not_read_whole(
    path: Path, open_archive: Callable[[], ZipArchive]
) -> None:
    write_zip(path, zipfile.ZIP_DEFLATED, member=bytes(5 * 1024**2))
    with pytest.raises(ValueError, match="claims 5242880 bytes"):
        open_archive().read_whole("member", 10**9)
