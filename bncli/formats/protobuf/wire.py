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
_MAX_HEAD_BYTES = 2 * _MAX_VARINT_BYTES
"""Of a field's key and length, or key and number."""
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


_BYTES = WireType.BYTES
_WIRE_TYPES = (WireType.VARINT, WireType.FIXED64, WireType.BYTES, None, None, WireType.FIXED32, None, None)
"""By the lowest three bits of a key."""
_FIXED_SIZES = (0, 8, 0, 0, 0, 4)
"""By wire type; 0 for those whose size is written."""


class WireFile:
    """Bytes that hold protocol buffers.

    Args:
        content: the bytes.
        max_fields: how many fields may be read of them.

    Attributes:
        window: where the bytes are looked at.
        fields_left: how many fields may still be read.
    """

    def __init__(self, content: Region, max_fields: int = _MAX_FIELDS) -> None:
        self.content = content
        # A field takes two bytes at least. More of them than bytes are met only by walking the same bytes repeatedly,
        # which a small file could otherwise ask for until the budget is spent.
        self.fields_left = min(max_fields, content.size + _ALWAYS_ALLOWED_FIELDS)
        self.window = ByteWindow(content)
        self.read = self.window.read

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

    def show_head(self, position: int) -> int:
        """Let the window show all of a field but its payload, and return where it begins in the window's buffer.

        Raises:
            EOFError: the bytes end before it begins.
        """
        window = self.window
        at = position - window.start
        reaches_end = window.start + len(window.buffer) == self.content.size
        if at < 0 or at >= len(window.buffer) or (at + _MAX_HEAD_BYTES > len(window.buffer) and not reaches_end):
            window.move(position, position + 1)
            at = 0
        return at


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
        file, window, stop = self.file, self.file.window, self.stop
        position = self.start
        while position < stop:
            file.fields_left -= 1
            if file.fields_left < 0:
                raise ValueError("too many fields")
            at = position - window.start
            if at < 0 or at + _MAX_HEAD_BYTES > len(window.buffer):
                at = file.show_head(position)
            try:
                field = self._field(window.buffer, at, position - at)
            except (_CutOffError, IndexError) as error:
                # A probe's content may end before the message does.
                if position + _MAX_HEAD_BYTES >= file.content.size < stop:
                    raise EOFError(f"byte {file.content.size}: the bytes end inside a field") from error
                raise ValueError(f"byte {position}: no number of 64 bits") from error
            position = field.stop
            if position > stop:
                raise ValueError(f"byte {field.start}: field {field.number} reaches past the message that holds it")
            yield field

    def _field(self, buffer: bytes, at: int, offset: int) -> Field:
        """Return the field that begins at `at` in a buffer, which itself begins at `offset` in the file."""
        # Most keys, lengths and numbers are one byte, and a call for each would take as long as all the rest.
        key = buffer[at]
        key, at = (key, at + 1) if key < _CONTINUES else _varint(buffer, at)
        number, wire_type = key >> 3, _WIRE_TYPES[key & 7]
        if not number or wire_type is None:
            raise ValueError(f"byte {offset + at}: no field begins there")
        size = _FIXED_SIZES[wire_type]
        if size:
            return Field(self, number, wire_type, offset + at, offset + at + size, 0)
        value = buffer[at]
        value, end = (value, at + 1) if value < _CONTINUES else _varint(buffer, at)
        if wire_type is _BYTES:
            return Field(self, number, wire_type, offset + end, offset + end + value, 0)
        return Field(self, number, wire_type, offset + at, offset + end, value)


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
        if self.wire_type is not wire_type:
            raise ValueError(f"byte {self.start}: field {self.number} is of another type than it should be")
