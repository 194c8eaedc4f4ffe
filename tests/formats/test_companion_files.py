from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bncli.errors import InputNotFound, UnsafeFile
from bncli.formats.byte_source import ByteSource
from bncli.formats.companion_files import CompanionFiles
from bncli.formats.open_files import MOST_OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN_FILES = Path("/dev/fd")


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


def test_a_hard_link_is_refused_where_its_owner_may_not_name_one(files: CompanionFiles, tmp_path: Path) -> None:
    (tmp_path / "hard").hardlink_to(tmp_path / "other")
    assert files.region("hard", 0, 1).read(0, 1) == b"0"
    strict = CompanionFiles(ByteSource(tmp_path / "owner"), allows_hard_links=False)
    with pytest.raises(UnsafeFile):
        strict.region("hard", 0, 1).read(0, 1)
    strict.close()


def test_of_many_files_few_are_open_at_once(files: CompanionFiles, tmp_path: Path) -> None:
    before = len(list(OPEN_FILES.iterdir()))
    for number in range(300):
        (tmp_path / f"{number}").write_bytes(b"%03d" % number)
    regions = [files.region(f"{number}", 0, 3) for number in range(300)]
    for _ in range(2):
        assert [region.read(0, 3) for region in regions] == [b"%03d" % number for number in range(300)]
    assert len(list(OPEN_FILES.iterdir())) <= before + MOST_OPEN
    assert files.bytes_read == 1800
