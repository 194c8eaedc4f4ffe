"""Messages and fields of protocol buffers, found by offset within bounds that no file can lift."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from bncli.formats.byte_window import ByteWindow
from bncli.formats.regions import SubRegion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.formats.regions import Region

_MAX_FIELDS = 3_000_000
"""Over all messages of a file: ten times what a model of 50,000 arrays has, and a few seconds of work."""
_ALWAYS_ALLOWED_FIELDS = 100_000
_MAX_DEPTH = 100
"""Nested messages; the library of protocol buffers stops there too."""
_MAX_TEXT_BYTES = 65_536
_MAX_VARINT_BYTES = 10
_CONTINUES = 0x80
"""The bit of a byte that says that more of the number follow."""
_MAX_VALUE = 2**64 - 1
_MAX_INT64 = 2**63 - 1


class WireType(IntEnum):
    """How the value of a field is written."""

    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5


class WireFile:
    """Bytes that hold protocol buffers, and how many fields may still be read of them."""

    def __init__(self, content: Region, max_fields: int = _MAX_FIELDS) -> None:
        self.content = content
        # A field takes two bytes at least. More of them than bytes are met only by walking the same bytes repeatedly,
        # which a small file could otherwise ask for until the budget is spent.
        self._fields_left = min(max_fields, content.size + _ALWAYS_ALLOWED_FIELDS)
        self.read = ByteWindow(content).read

    def root(self) -> Message:
        """Return the message that all the bytes are."""
        return Message(self, 0, self.content.size, 0)

    def varint(self, start: int, stop: int) -> tuple[int, int]:
        """Return the number that is written from `start` on outside any field, and where it ends.

        Raises:
            ValueError: it does not end before `stop`, or within 10 bytes, or exceeds 64 bits.
            EOFError: the bytes end where it begins.
        """
        end = max(min(stop, start + _MAX_VARINT_BYTES, self.content.size), start + 1)
        try:
            value, size = _varint(self.read(start, end), 0)
        except _CutOffError as error:
            raise ValueError(f"byte {start}: no number of 64 bits") from error
        return value, start + size

    def count_field(self) -> None:
        """Take one field off the budget.

        Raises:
            ValueError: the budget is spent.
        """
        self._fields_left -= 1
        if self._fields_left < 0:
            raise ValueError("too many fields")


@dataclass(frozen=True, slots=True)
class Message:
    """A message: a run of fields between two offsets of the file."""

    file: WireFile
    start: int
    stop: int
    depth: int

    def fields(self) -> Iterator[Field]:
        """Return the fields in the order in which they are stored; payloads are not read.

        Raises:
            ValueError: a field is broken, or reaches past the message; or the file's budget of fields is spent.
        """
        file = self.file
        position = self.start
        while position < self.stop:
            file.count_field()
            # Key and length, or number, are at most 20 bytes. A probe's content may end before the message does.
            end = max(min(position + 2 * _MAX_VARINT_BYTES, self.stop, file.content.size), position + 1)
            try:
                field = self._field(position, file.read(position, end))
            except _CutOffError as error:
                if end == file.content.size < self.stop:
                    raise EOFError(f"byte {end}: the bytes end inside a field") from error
                raise ValueError(f"byte {position}: no number of 64 bits") from error
            if field.stop > self.stop:
                raise ValueError(f"byte {position}: field {field.number} reaches past the message that holds it")
            yield field
            position = field.stop

    def _field(self, position: int, head: bytes) -> Field:
        key, size = _varint(head, 0)
        number, wire_type = key >> 3, _WIRE_TYPES.get(key & 7)
        if not number or wire_type is None:
            raise ValueError(f"byte {position}: no field begins there")
        start = position + size
        if wire_type is WireType.VARINT:
            value, size = _varint(head, size)
            return Field(self, number, wire_type, start, position + size, value)
        if wire_type is WireType.BYTES:
            length, size = _varint(head, size)
            start = position + size
            return Field(self, number, wire_type, start, start + length, 0)
        return Field(self, number, wire_type, start, start + _FIXED_SIZES[wire_type], 0)


class _CutOffError(Exception):
    """A number does not end where it must."""


def _varint(content: bytes, start: int) -> tuple[int, int]:
    """Return the number that is written from `start` on, and where it ends."""
    value = 0
    for index, byte in enumerate(content[start : start + _MAX_VARINT_BYTES]):
        if byte < _CONTINUES:
            value |= byte << (7 * index)
            if value > _MAX_VALUE:
                break
            return value, start + index + 1
        value |= (byte - _CONTINUES) << (7 * index)
    raise _CutOffError


@dataclass(slots=True)  # Not frozen: a million of them are made of a large model, in half the time.
class Field:
    """One field of a message; the methods read its value as the type that the reader expects.

    All of them raise `ValueError` where the field is written as another type.
    """

    parent: Message
    number: int
    wire_type: WireType
    start: int
    """Where the value begins: after the key, and after the length where there is one."""
    stop: int
    value: int
    """The number, for the wire type `VARINT`; 0 for others."""

    def message(self) -> Message:
        """Return the message in this field."""
        self._require(WireType.BYTES)
        depth = self.parent.depth + 1
        if depth > _MAX_DEPTH:
            raise ValueError(f"byte {self.start}: messages are nested over {_MAX_DEPTH} deep")
        return Message(self.parent.file, self.start, self.stop, depth)

    def text(self) -> str:
        """Return the text in this field."""
        self._require(WireType.BYTES)
        if self.stop - self.start > _MAX_TEXT_BYTES:
            raise ValueError(f"byte {self.start}: a name of {self.stop - self.start} bytes")
        return self.parent.file.read(self.start, self.stop).decode("utf-8")

    def integer(self) -> int:
        """Return the number in this field as int64."""
        self._require(WireType.VARINT)
        return self.value if self.value <= _MAX_INT64 else self.value - _MAX_VALUE - 1

    def float32(self) -> float:
        """Return the number in this field, exactly."""
        self._require(WireType.FIXED32)
        (number,) = struct.unpack("<f", self.parent.file.read(self.start, self.stop))
        return float(number)

    def region(self) -> Region:
        """Return the bytes in this field, unread."""
        self._require(WireType.BYTES)
        return SubRegion(self.parent.file.content, self.start, self.stop - self.start)

    def _require(self, wire_type: WireType) -> None:
        if self.wire_type != wire_type:
            raise ValueError(f"byte {self.start}: field {self.number} is of another type than it should be")


_WIRE_TYPES = {int(wire_type): wire_type for wire_type in WireType}
_FIXED_SIZES = {WireType.FIXED64: 8, WireType.FIXED32: 4}
