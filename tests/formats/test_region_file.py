from __future__ import annotations

import io

import pytest

from bncli.formats.region_file import RegionFile
from bncli.formats.regions import MemoryRegion


@pytest.fixture
def file() -> RegionFile:
    return RegionFile(MemoryRegion(b"0123456789"))


def test_it_reads_as_a_file_does(file: RegionFile) -> None:
    assert file.read(3) == b"012"
    assert file.tell() == 3
    assert file.read() == b"3456789"
    assert file.read(5) == b""
    assert (file.seek(-2, io.SEEK_END), file.read(5)) == (8, b"89")
    assert (file.seek(2), file.seek(1, io.SEEK_CUR), file.read(1)) == (2, 3, b"3")


def test_it_cannot_be_written(file: RegionFile) -> None:
    assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)


def test_a_place_before_the_start_is_refused(file: RegionFile) -> None:
    with pytest.raises(OSError, match="before the start"):
        file.seek(-1)


def test_a_place_behind_the_end_has_nothing_to_read(file: RegionFile) -> None:
    file.seek(2**60)
    assert file.read() == b""


def test_a_buffer_is_filled_and_what_was_in_it_never_stays(file: RegionFile) -> None:
    buffer = bytearray(b"x" * 14)
    file.seek(4)
    assert file.readinto(memoryview(buffer)) == 6
    assert buffer == b"456789" + bytes(8)
