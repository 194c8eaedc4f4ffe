from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.errors import InputNotFound, UnsafeFile
from bncli.formats.byte_source import ByteSource
from bncli.formats.companion_files import CompanionFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> Iterator[CompanionFiles]:
    (tmp_path / "owner").write_bytes(b"owner")
    (tmp_path / "other").write_bytes(b"0123456789")
    opened = CompanionFiles(ByteSource(tmp_path / "owner"))
    yield opened
    opened.close()


def test_a_run_of_another_file_is_read_when_asked_for(files: CompanionFiles, tmp_path: Path) -> None:
    region = files.region("other", 2, 5)
    assert (region.position, region.size, files.bytes_read) == (2, 5, 0)
    assert region.read(1, 3) == b"345"
    assert (files.path, files.size, files.bytes_read) == (tmp_path / "owner", 5, 3)


def test_a_run_past_the_end_is_refused(files: CompanionFiles) -> None:
    with pytest.raises(EOFError):
        files.region("other", 2, 5).read(3, 3)
    with pytest.raises(EOFError):
        files.region("other", 8, 5).read(0, 5)
    with pytest.raises(ValueError, match="bytes from -1 on"):
        files.region("other", -1, 5)


def test_an_unsafe_path_is_refused_before_anything_is_read(files: CompanionFiles) -> None:
    with pytest.raises(UnsafeFile):
        files.region("../other", 0, 1)


def test_a_missing_file_hurts_only_whom_it_is_missed_by(files: CompanionFiles) -> None:
    region = files.region("missing", 0, 1)
    with pytest.raises(InputNotFound, match="'missing', which is not there"):
        region.read(0, 1)


def test_a_hard_link_is_refused(files: CompanionFiles, tmp_path: Path) -> None:
    (tmp_path / "hard").hardlink_to(tmp_path / "other")
    with pytest.raises(UnsafeFile):
        files.region("hard", 0, 1).read(0, 1)


def test_the_number_of_open_files_is_bounded(files: CompanionFiles, tmp_path: Path) -> None:
    for number in range(256):
        (tmp_path / f"{number}").write_bytes(b"x")
        files.region(f"{number}", 0, 1).read(0, 1)
    with pytest.raises(ValueError, match="more than 256 files"):
        files.region("other", 0, 1).read(0, 1)
