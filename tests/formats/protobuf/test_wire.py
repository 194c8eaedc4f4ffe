from __future__ import annotations

import pytest

from bncli.formats.protobuf.heads import WireType
from bncli.formats.protobuf.wire import Field, Message, WireFile
from bncli.formats.regions import MemoryRegion
from tests.helpers.protobuf_bytes import bytes_field, double_field, float_field, number_field, varint


def fields(content: bytes, **limits: int) -> list[Field]:
    return list(WireFile(MemoryRegion(content), **limits).root().fields())


class CountingRegion(MemoryRegion):
    """Counts the bytes that are read of it."""

    num_read = 0

    def read(self, start: int, count: int) -> bytearray:
        type(self).num_read += count
        return super().read(start, count)


def test_fields_come_in_order_with_number_type_and_value() -> None:
    content = number_field(1, 300) + bytes_field(2, "text") + float_field(3, 0.5) + double_field(1000, 2.0)
    found = fields(content)
    assert [field.number for field in found] == [1, 2, 3, 1000]
    assert [field.wire_type for field in found] == [
        WireType.VARINT,
        WireType.BYTES,
        WireType.FIXED32,
        WireType.FIXED64,
    ]
    assert found[0].integer() == 300
    assert found[1].text() == "text"
    assert found[1].region().read(1, 2) == b"ex"
    assert found[2].float32() == 0.5


@pytest.mark.parametrize("number", [0, 1, 127, 128, 2**31, 2**63 - 1])
def test_numbers_up_to_int64_are_read(number: int) -> None:
    assert fields(number_field(1, number))[0].integer() == number


@pytest.mark.parametrize("number", [-1, -(2**31), -(2**63)])
def test_negative_numbers_are_those_of_int64(number: int) -> None:
    assert fields(number_field(1, number % 2**64))[0].integer() == number


def test_messages_are_walked_inside_their_bounds() -> None:
    inner = number_field(1, 1) + number_field(1, 2)
    outer = bytes_field(5, inner) + number_field(1, 3)
    message, last = fields(outer)
    assert [field.integer() for field in message.message().fields()] == [1, 2]
    assert last.integer() == 3


@pytest.mark.parametrize("padding", range(24))
def test_fields_are_found_wherever_the_end_of_a_window_cuts_them(padding: int) -> None:
    numbers = [3**exponent for exponent in range(40)] * 20
    content = bytes_field(1, bytes(padding)) + b"".join(number_field(1000 + number % 7, number) for number in numbers)
    found = fields(content)[1:]
    assert [(field.number, field.integer()) for field in found] == [(1000 + number % 7, number) for number in numbers]


def test_messages_may_be_walked_in_turns() -> None:
    messages = [b"".join(number_field(1, number) for number in range(start, start + 3000)) for start in (0, 5000)]
    first, second = (field.message().fields() for field in fields(b"".join(bytes_field(2, each) for each in messages)))
    pairs = [(one.integer(), other.integer()) for one, other in zip(first, second, strict=True)]
    assert pairs == [(number, number + 5000) for number in range(3000)]


def test_the_end_of_a_probe_is_no_fault_of_the_message() -> None:
    content = number_field(1, 8) + bytes_field(2, bytes(300)) + number_field(3, 2**40)
    for size in range(3, len(content)):
        message = Message(WireFile(MemoryRegion(content[:size])), 0, len(content), 0)
        with pytest.raises(EOFError):
            list(message.fields())


def test_a_long_payload_is_stepped_over_unread() -> None:
    content = bytes_field(1, bytes(10**6)) + number_field(2, 7)
    assert [field.value for field in WireFile(CountingRegion(content)).root().fields()] == [0, 7]
    assert CountingRegion.num_read < 10_000


def test_names_longer_than_the_window_are_read_whole() -> None:
    content = bytes_field(1, "a" * 5000) + bytes_field(1, "b" * 4090)
    assert [field.text() for field in fields(content)] == ["a" * 5000, "b" * 4090]


@pytest.mark.parametrize(
    "content",
    [
        b"\x08" + b"\x80" * 9 + b"\x02",
        b"\x08" + b"\x80" * 10 + b"\x01",
        b"\x08\x80",
        b"\x08",
        b"\x80",
        bytes_field(1, b"abc", length=4),
        bytes_field(1, b"abc", length=2**63),
        bytes_field(1, bytes_field(2, b"abc", length=2**64 - 1)),
        bytes_field(1, number_field(3, 3) + bytes_field(2, b"abc", length=9)) + bytes(20),
        float_field(1, 1.0)[:-1],
        double_field(1, 1.0)[:-1],
        b"\x00\x01",
        b"\x0b\x0c",
        b"\x0e\x01",
        b"\x0f\x01",
    ],
    ids=lambda content: content[:14].hex(),
)
def test_what_breaks_the_rules_is_refused(content: bytes) -> None:
    def walk(content: bytes) -> None:
        for field in fields(content):
            if field.wire_type is WireType.BYTES:
                list(field.message().fields())

    with pytest.raises((ValueError, EOFError)):
        walk(content)


@pytest.mark.parametrize("method", ["integer", "float32", "text", "message", "region"])
def test_a_field_of_another_type_than_expected_is_refused(method: str) -> None:
    (field,) = fields(double_field(1, 2.0))
    with pytest.raises(ValueError, match="field 1 is of another type"):
        getattr(field, method)()


def test_a_name_that_is_too_long_or_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="a name of 70000 bytes"):
        fields(bytes_field(1, bytes(70_000)))[0].text()
    with pytest.raises(UnicodeDecodeError):
        fields(bytes_field(1, b"\xff"))[0].text()


def test_the_number_of_fields_is_bounded() -> None:
    content = number_field(1, 0) * 10
    assert len(fields(content, max_fields=10)) == 10
    with pytest.raises(ValueError, match="too many fields"):
        fields(content, max_fields=9)


def test_the_nesting_of_messages_is_bounded() -> None:
    content = b""
    for _ in range(200):
        content = bytes_field(1, content)
    (field,) = fields(content)
    for _ in range(99):
        (field,) = field.message().fields()
    (field,) = field.message().fields()
    with pytest.raises(ValueError, match="nested over 100 deep"):
        field.message()


def test_a_number_outside_any_field_is_read_where_it_stands() -> None:
    file = WireFile(MemoryRegion(b"ab" + varint(300) + varint(5) + b"\x80"))
    assert file.varint(2, 6) == (300, 4)
    assert file.varint(4, 6) == (5, 5)
    with pytest.raises(ValueError, match="no number"):
        file.varint(5, 6)
    with pytest.raises(ValueError, match="no number"):
        file.varint(2, 3)
    with pytest.raises(EOFError):
        file.varint(6, 7)


def test_a_number_may_be_written_longer_than_it_needs() -> None:
    assert fields(varint(1 << 3) + b"\x85\x80\x00")[0].integer() == 5
