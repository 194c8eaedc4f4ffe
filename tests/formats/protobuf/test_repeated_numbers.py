from __future__ import annotations

import struct

import pytest

from bncli.formats.protobuf.heads import WireType
from bncli.formats.protobuf.repeated_numbers import RepeatedNumbers
from bncli.formats.protobuf.wire import WireFile
from bncli.formats.regions import MemoryRegion
from tests.helpers.protobuf_bytes import bytes_field, float_field, number_field

FLOATS = struct.pack("<3f", 1.5, 2.5, 3.5)


def collected(content: bytes, wire_type: WireType) -> RepeatedNumbers:
    numbers = RepeatedNumbers(wire_type)
    for field in WireFile(MemoryRegion(content)).root().fields():
        numbers.add(field)
    return numbers


@pytest.mark.parametrize(
    "content",
    [
        bytes_field(4, FLOATS),
        bytes_field(4, FLOATS[:8]) + bytes_field(4, FLOATS[8:]),
        float_field(4, 1.5) + float_field(4, 2.5) + float_field(4, 3.5),
        float_field(4, 1.5) + bytes_field(4, b"") + bytes_field(4, FLOATS[4:]),
    ],
)
def test_packed_and_unpacked_runs_are_the_same_numbers(content: bytes) -> None:
    region = collected(content, WireType.FIXED32).region(4, 3)
    assert region.read(0, 12) == FLOATS
    assert region.read(4, 6) == FLOATS[4:10]


def test_numbers_of_variable_length_may_be_packed_or_not() -> None:
    content = bytes_field(5, b"\x01\x82\x01") + number_field(5, 300)
    assert collected(content, WireType.VARINT).region(2, 3).read(0, 6) == struct.pack("<3H", 1, 130, 300)


@pytest.mark.parametrize("count", [2, 4])
def test_another_number_of_bytes_than_the_elements_need_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="12 bytes are stored"):
        collected(bytes_field(4, FLOATS), WireType.FIXED32).region(4, count)


def test_more_elements_than_bytes_are_refused_before_memory_is_taken() -> None:
    with pytest.raises(ValueError, match="2 bytes are stored"):
        collected(bytes_field(5, b"\x01\x01"), WireType.VARINT).region(8, 2**50)


def test_no_occurrence_is_no_bytes() -> None:
    numbers = RepeatedNumbers(WireType.FIXED32)
    assert not numbers
    assert numbers.num_bytes == 0
    assert numbers.region(4, 0).size == 0


def test_a_number_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="another type"):
        collected(number_field(4, 1), WireType.FIXED32)
