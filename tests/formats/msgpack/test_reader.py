from __future__ import annotations

from typing import Any

import pytest

from bncli.formats.msgpack.reader import Binary, Extension, MsgpackReader
from bncli.formats.regions import MemoryRegion
from tests.helpers.msgpack_files import extension, pack


def read(content: bytes) -> Any:
    return MsgpackReader(MemoryRegion(content)).read(0, len(content))


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        (b"\x00", 0),
        (b"\x7f", 127),
        (b"\xff", -1),
        (b"\xe0", -32),
        (b"\xc0", None),
        (b"\xc2", False),
        (b"\xc3", True),
        (b"\xcc\xff", 255),
        (b"\xcd\x01\x00", 256),
        (b"\xce\x00\x01\x00\x00", 65536),
        (b"\xcf" + b"\xff" * 8, 2**64 - 1),
        (b"\xd0\x80", -128),
        (b"\xd1\xff\x00", -256),
        (b"\xd2\xff\xff\x00\x00", -65536),
        (b"\xd3" + b"\x80" + bytes(7), -(2**63)),
        (b"\xca\x3f\xc0\x00\x00", 1.5),
        (b"\xcb\x3f\xf8" + bytes(6), 1.5),
        (b"\xa0", ""),
        (b"\xa2ab", "ab"),
        (b"\xd9\x02ab", "ab"),
        (b"\xda\x00\x02ab", "ab"),
        (b"\xdb\x00\x00\x00\x02ab", "ab"),
        (b"\x93\x01\x02\x03", [1, 2, 3]),
        (b"\xdc\x00\x01\x05", [5]),
        (b"\xdd\x00\x00\x00\x01\x05", [5]),
        (b"\x81\xa1a\x01", {"a": 1}),
        (b"\xde\x00\x01\xa1a\x80", {"a": {}}),
        (b"\xdf\x00\x00\x00\x01\xa1a\x90", {"a": []}),
        (b"\xc4\x03abc", Binary(2, 3)),
        (b"\xc5\x00\x03abc", Binary(3, 3)),
        (b"\xc6\x00\x00\x00\x03abc", Binary(5, 3)),
        (b"\xc7\x03\x01abc", Extension(1, 3, 3)),
        (b"\xc8\x00\x03\xffabc", Extension(-1, 4, 3)),
        (b"\xc9\x00\x00\x00\x03\x01abc", Extension(1, 6, 3)),
        (b"\xd4\x01a", Extension(1, 2, 1)),
        (b"\xd8\x02" + bytes(16), Extension(2, 2, 16)),
    ],
)
def test_every_form_of_a_value_is_read(encoded: bytes, value: Any) -> None:
    found = read(encoded)
    assert found == value
    assert type(found) is type(value)


def test_values_longer_than_what_is_read_at_once_are_whole() -> None:
    value = {f"key {number}": "x" * number for number in range(300)} | {"long": "y" * 20_000}
    assert read(pack(value)) == value


def test_the_bytes_of_an_array_are_not_read() -> None:
    class Counting(MemoryRegion):
        def read(self, start: int, count: int) -> bytearray:
            counts.append(count)
            return super().read(start, count)

    counts: list[int] = []
    content = pack({"a": b"x" * 10**6, "b": 1})
    assert MsgpackReader(Counting(content)).read(0, len(content))
    assert sum(counts) < 20_000


@pytest.mark.parametrize(
    "encoded",
    [
        b"\xc1",
        b"\x01\x02",
        b"\x81\x01\x02",
        b"\x82\xa1a\x01\xa1a\x02",
        b"\xa1\xff",
        b"\xdb\xff\xff\xff\xff" + bytes(100_000),
        b"\x91" * 200 + b"\x01",
    ],
)
def test_a_broken_value_is_refused(encoded: bytes) -> None:
    with pytest.raises(ValueError, match=r"byte|nested"):
        read(encoded)


@pytest.mark.parametrize(
    "encoded", [b"", b"\x92\x01", b"\xa5abc", b"\xc6\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xcb\1"]
)
def test_a_value_that_is_cut_short_is_refused_at_once(encoded: bytes) -> None:
    with pytest.raises(EOFError):
        read(encoded)


def test_a_value_may_not_go_on_after_its_range() -> None:
    content = extension(1, b"\xa5ab") + b"cde"
    reader = MsgpackReader(MemoryRegion(content))
    with pytest.raises(EOFError):
        reader.read(6, 9)
