from __future__ import annotations

import pytest

from bncli.formats.protobuf.lengths import lengths_in, shape_of
from bncli.formats.protobuf.wire import WireFile
from bncli.formats.regions import MemoryRegion
from tests.helpers.protobuf_bytes import bytes_field, float_field, number_field, varint


def collected(content: bytes) -> tuple[int, ...]:
    fields = WireFile(MemoryRegion(content)).root().fields()
    return shape_of([length for field in fields for length in lengths_in(field)])


@pytest.mark.parametrize(
    "content",
    [
        b"".join(number_field(1, length) for length in (2, 0, 300)),
        bytes_field(1, b"".join(map(varint, (2, 0, 300)))),
        number_field(1, 2) + bytes_field(1, b"\x00" + varint(300)),
    ],
)
def test_lengths_may_be_packed_or_not(content: bytes) -> None:
    assert collected(content) == (2, 0, 300)
    assert collected(b"") == ()


@pytest.mark.parametrize(
    "content",
    [
        number_field(1, 1) * 65,
        bytes_field(1, b"\x01" * 65),
        bytes_field(1, b"\x01" * 100_000),
        number_field(1, 2**64 - 1),
        bytes_field(1, varint(2**63)),
        bytes_field(1, b"\x80"),
        float_field(1, 1.0),
    ],
)
def test_more_lengths_than_an_array_has_and_negative_ones_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="axes|shape|number|type"):
        collected(content)
