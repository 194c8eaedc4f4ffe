from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli.formats.protobuf.heads import CutOffError, WireType, key_of, number_of, read_varint, scan_heads, type_of
from tests.helpers.protobuf_bytes import bytes_field, double_field, float_field, number_field, varint

NUMBERS = st.integers(1, 2**29 - 1)
FIELDS = st.one_of(
    st.tuples(st.just(WireType.VARINT), NUMBERS, st.integers(0, 2**64 - 1)),
    st.tuples(st.just(WireType.BYTES), NUMBERS, st.binary(max_size=300)),
    st.tuples(st.just(WireType.FIXED32), NUMBERS, st.just(0.5)),
    st.tuples(st.just(WireType.FIXED64), NUMBERS, st.just(0.25)),
)
WRITERS = {
    WireType.VARINT: number_field,
    WireType.BYTES: bytes_field,
    WireType.FIXED32: float_field,
    WireType.FIXED64: double_field,
}


@given(st.lists(FIELDS), st.integers(0, 2**40))
def test_fields_are_found_where_they_were_written(fields: list[tuple[WireType, int, object]], offset: int) -> None:
    content, starts = b"", []
    for wire_type, number, value in fields:
        starts.append(len(content))
        content += WRITERS[wire_type](number, value)  # type: ignore[operator]
    heads = scan_heads(content, 0, len(content), offset)
    assert [(type_of(key), number_of(key)) for key, *_ in heads] == [field[:2] for field in fields]
    assert [stop for *_, stop, _ in heads] == [offset + end for end in [*starts, len(content)][1:]]
    for (wire_type, _, value), (_, start, stop, number) in zip(fields, heads, strict=True):
        assert number == (value if wire_type is WireType.VARINT else 0)
        if wire_type is WireType.BYTES:
            assert content[start - offset : stop - offset] == value


def test_only_fields_that_begin_before_the_limit_are_found() -> None:
    content = number_field(1, 5) * 4
    assert [start for _, start, _, _ in scan_heads(content, 2, 5, 100)] == [103, 105]


def test_a_payload_may_lie_behind_the_buffer() -> None:
    head = bytes_field(1, bytes(10**6))[:8]
    assert scan_heads(head, 0, len(head), 0) == [(key_of(1, WireType.BYTES), 4, 4 + 10**6, 0)]


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (b"\x80", CutOffError),
        (b"\x08\x80", CutOffError),
        (b"\x08", CutOffError),
        (b"\x08" + b"\xff" * 9 + b"\x02", CutOffError),
        (b"\x00\x01", ValueError),
        (b"\x03\x01", ValueError),
        (b"\x0b\x01", ValueError),
        (b"\x8e\x01\x01", ValueError),
    ],
)
def test_a_broken_field_ends_the_list_and_is_an_error_where_it_is_the_first(
    broken: bytes, fault: type[Exception]
) -> None:
    content = number_field(1, 5) + broken
    assert len(scan_heads(content, 0, len(content), 0)) == 1
    with pytest.raises(fault):
        scan_heads(content, 2, len(content), 0)


@given(st.integers(0, 2**64 - 1))
def test_a_number_is_read_back(number: int) -> None:
    encoded = varint(number)
    assert read_varint(b"ab" + encoded + b"\x01", 2) == (number, 2 + len(encoded))


@pytest.mark.parametrize("content", [b"", b"\x80", b"\x80" * 10 + b"\x01", b"\xff" * 9 + b"\x02"])
def test_a_number_without_end_or_of_more_than_64_bits_is_cut_off(content: bytes) -> None:
    with pytest.raises(CutOffError):
        read_varint(content, 0)
