from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.formats.byte_source import ByteSource
from bncli.formats.regions import FileRegion, JoinedRegion, Latin1Region, MemoryRegion, Region, SubRegion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(200, 240))


@pytest.fixture(params=["file", "memory", "latin-1", "part", "joined"])
def region(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Region]:
    path = tmp_path / "bytes.bin"
    path.write_bytes(b"front" + CONTENT + b"back")
    source = ByteSource(path)
    yield {
        "file": FileRegion(source, 5, len(CONTENT)),
        "memory": MemoryRegion(CONTENT),
        "latin-1": Latin1Region(CONTENT.decode("latin-1")),
        "part": SubRegion(FileRegion(source, 2, len(CONTENT) + 5), 3, len(CONTENT)),
        "joined": JoinedRegion(tuple(map(MemoryRegion, (CONTENT[:3], b"", CONTENT[3:10], CONTENT[10:])))),
    }[request.param]
    source.close()


def test_every_part_of_a_region_can_be_read(region: Region) -> None:
    assert region.size == len(CONTENT)
    assert region.read(0, region.size) == CONTENT
    assert region.read(7, 5) == CONTENT[7:12]
    assert region.read(region.size, 0) == b""


@pytest.mark.parametrize(("start", "count"), [(39, 2), (41, 0), (-1, 2), (0, -1)])
def test_nothing_beyond_a_region_can_be_read_even_if_the_file_goes_on(region: Region, start: int, count: int) -> None:
    with pytest.raises(EOFError):
        region.read(start, count)


def test_the_position_is_the_place_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bytes.bin"
    path.write_bytes(CONTENT)
    source = ByteSource(path)
    assert SubRegion(FileRegion(source, 5, 20), 3, 10).position == 8
    source.close()
    assert JoinedRegion((SubRegion(MemoryRegion(CONTENT), 4, 2), MemoryRegion(CONTENT))).position == 4


def test_text_beyond_latin_1_is_a_fault_when_it_is_read() -> None:
    with pytest.raises(ValueError, match="latin-1"):
        Latin1Region("a\N{SNOWMAN}").read(0, 2)
