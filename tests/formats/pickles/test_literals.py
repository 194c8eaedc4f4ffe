from __future__ import annotations

import struct
from typing import Any

import pytest

from bncli.formats.pickles.machine import Machine


@pytest.mark.parametrize(
    ("instruction", "value"),
    [
        (b"N", None),
        (b"\x88", True),
        (b"\x89", False),
        (b"K\xff", 255),
        (b"M\xff\xff", 65_535),
        (b"J\xff\xff\xff\xff", -1),
        (b"G" + struct.pack(">d", 1e-5), 1e-5),
        (b"\x8a\x02\x00\xff", -256),
        (b"\x8a\x00", 0),
        (b"\x8b\x02\0\0\0\x00\x01", 256),
        (b"\x8c\x03caf", "caf"),
        (b"X\x05\0\0\0caf\xc3\xa9", "café"),
        (b"\x8d\x03\0\0\0\0\0\0\0abc", "abc"),
        (b"C\x02\xff\x00", b"\xff\x00"),
        (b"B\x02\0\0\0\xff\x00", b"\xff\x00"),
        (b"\x8e\x02\0\0\0\0\0\0\0\xff\x00", b"\xff\x00"),
        (b"\x96\x02\0\0\0\0\0\0\0\xff\x00", b"\xff\x00"),
        (b"U\x03abc", "abc"),
        (b"U\x02\xff\x00", b"\xff\x00"),
        (b"T\x03\0\0\0abc", "abc"),
        (b"I-12\n", -12),
        (b"I01\n", True),
        (b"I00\n", False),
        (b"L123456789012345678901L\n", 123456789012345678901),
        (b"F1e-05\n", 1e-5),
        (b"Vcaf\\u00e9\n", "café"),
        (b"S'it\\'s \\x41\\n'\n", "it's A\n"),
    ],
)
def test_each_instruction_pushes_its_value(instruction: bytes, value: Any) -> None:
    result, end = Machine(instruction + b".", "x").run()
    assert (result, type(result)) == (value, type(value))
    assert end == len(instruction) + 1


@pytest.mark.parametrize("instruction", [b"X\x03\0\0\0\xed\xa0\x80", b"X\x02\0\0\0\xff\xfe", b"V\\ud800\n"])
def test_text_can_always_be_printed_whatever_its_bytes(instruction: bytes) -> None:
    Machine(instruction + b".", "x").run()[0].encode("utf-8")
