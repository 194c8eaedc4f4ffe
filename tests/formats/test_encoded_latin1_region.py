from __future__ import annotations

import numpy as np
import pytest

from bncli.formats.encoded_latin1_region import EncodedLatin1Region
from bncli.formats.regions import MemoryRegion, SubRegion

RNG = np.random.default_rng(0)
CONTENT = RNG.bytes(700_000)


def encoded(content: bytes) -> MemoryRegion:
    return MemoryRegion(content.decode("latin-1").encode())


@pytest.mark.parametrize("content", [CONTENT, bytes(600_000), b"\xff" * 300_001, b"a", b"\x80"])
def test_the_whole_of_the_content_comes_back(content: bytes) -> None:
    assert EncodedLatin1Region(encoded(content), len(content)).read(0, len(content)) == content


def test_parts_come_back_in_any_order() -> None:
    region = EncodedLatin1Region(encoded(CONTENT), len(CONTENT))
    for start in RNG.integers(0, len(CONTENT), 20).tolist():
        count = min(50_000, len(CONTENT) - start)
        assert region.read(start, count) == CONTENT[start : start + count]


def test_it_says_where_the_text_lies_in_the_file() -> None:
    text = SubRegion(MemoryRegion(b"..abc"), 2, 3)
    assert EncodedLatin1Region(text, 3).position == 2


@pytest.mark.parametrize("size", [0, 2, 7])
def test_a_text_that_is_too_short_or_too_long_for_its_bytes_is_refused_at_once(size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} bytes are claimed"):
        EncodedLatin1Region(MemoryRegion(b"abcdef"), size)


def test_a_text_that_stands_for_fewer_bytes_is_refused_when_they_are_read() -> None:
    with pytest.raises(EOFError, match="ends after 3 characters of 4"):
        EncodedLatin1Region(encoded(b"\xff\xff\xff"), 4).read(0, 4)


@pytest.mark.parametrize("size", [5, 400_000])
def test_a_text_that_goes_on_is_refused_when_its_end_is_read(size: int) -> None:
    region = EncodedLatin1Region(MemoryRegion(b"a" * (size + 1)), size)
    assert region.read(0, size - 1) == b"a" * (size - 1)
    with pytest.raises(ValueError, match="goes on after"):
        region.read(size - 1, 1)


@pytest.mark.parametrize("text", [b"\xff\xff", b"a\xc3", "\N{SNOWMAN}".encode()])
def test_what_is_no_latin_1_in_utf_8_is_refused(text: bytes) -> None:
    with pytest.raises(UnicodeError):
        EncodedLatin1Region(MemoryRegion(text), 2).read(0, 2)
