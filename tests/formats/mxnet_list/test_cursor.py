from __future__ import annotations

import struct

import pytest

from bncli.formats.mxnet_list.cursor import Cursor
from bncli.formats.regions import MemoryRegion


def test_the_cursor_moves_behind_what_was_read() -> None:
    content = struct.pack("<QiQ", 7, -1, 4) + b"name" + bytes(range(10)) + b"\x05\0\0\0"
    cursor = Cursor(MemoryRegion(content))
    assert cursor.numbers("Qi") == (7, -1)
    assert cursor.name() == "name"
    assert cursor.run(10).read(2, 3) == b"\x02\x03\x04"
    assert cursor.number("I") == 5


@pytest.mark.parametrize("content", [struct.pack("<Q", 70_000) + bytes(70_000), struct.pack("<Q", 1) + b"\xff"])
def test_a_name_that_is_too_long_or_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"a name of 70000 bytes|utf-8"):
        Cursor(MemoryRegion(content)).name()


def test_nothing_is_read_past_the_end() -> None:
    cursor = Cursor(MemoryRegion(struct.pack("<Q", 9) + b"short"))
    with pytest.raises(EOFError):
        cursor.name()
    with pytest.raises(EOFError):
        Cursor(MemoryRegion(b"abc")).number("I")
    with pytest.raises(EOFError):
        Cursor(MemoryRegion(b"abc")).run(4)
