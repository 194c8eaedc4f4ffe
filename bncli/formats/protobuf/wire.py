"""Messages and fields of protocol buffers, found by offset within bounds that no file can lift."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from bncli.formats.byte_window import WINDOW_BYTES, ByteWindow
from bncli.formats.protobuf.heads import (
    MAX_HEAD_BYTES,
    MAX_VALUE,
    MAX_VARINT_BYTES,
    CutOffError,
    WireType,
    number_of,
    read_varint,
    scan_heads,
    type_of,
)
from bncli.formats.regions import SubRegion
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bncli.formats.protobuf.heads import Head
    from bncli.formats.regions import Region

_MAX_FIELDS = 3_000_000
"""Over all messages of a file: ten times what a model of 50,000 arrays has, and a few seconds of work."""
_ALWAYS_ALLOWED_FIELDS = 100_000
_MAX_DEPTH = 100
"""Nested messages; the library of protocol buffers stops there too."""
_MAX_TEXT_BYTES = 8192
"""Of a name. The body of a function is read anew for each call, and what it is called is kept each time."""
MAX_INT64 = 2**63 - 1


class WireFile:
    """Bytes that hold protocol buffers.

    Args:
        content: the bytes.
        max_fields: how many fields may be read of them.

    Attributes:
        window: where the bytes are looked at.
    """

    def __init__(self, content: Region, max_fields: int = _MAX_FIELDS) -> None:
        self.content = content
        # A field takes two bytes at least. More of them than bytes are met only by walking the same bytes repeatedly,
        # which a small file could otherwise ask for until the budget is spent.
        self._fields_left = min(max_fields, content.size + _ALWAYS_ALLOWED_FIELDS)
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
        end = max(min(stop, start + MAX_VARINT_BYTES, self.content.size), start + 1)
        try:
            value, size = read_varint(self.read(start, end), 0)
        except CutOffError as error:
            raise ValueError(f"byte {start}: no number of 64 bits") from error
        return value, start + size

    def text(self, start: int, stop: int) -> str:
        """Return the text that these bytes are.

        Raises:
            ValueError: it is far too long, or no text.
        """
        if stop - start > _MAX_TEXT_BYTES:
            raise ValueError(f"byte {start}: a name of {stop - start} bytes")
        return self.read(start, stop).decode("utf-8")

    def region(self, start: int, stop: int) -> Region:
        """Return these bytes, unread."""
        return SubRegion(self.content, start, stop - start)

    def heads(self, position: int, stop: int) -> list[Head]:
        """Return the fields of a message from `position` on that the window shows, at least one.

        Raises:
            ValueError: the first is broken, or the last reaches past the message; or the budget of fields is spent.
            EOFError: the bytes end inside the first, and the message would go on.
        """
        offset = self._show(position, stop)
        buffer = self.window.buffer
        # A head that begins long enough before the end of the window is whole, and so are those of a message that is.
        shown = offset + len(buffer)
        limit = stop if stop <= shown else shown if shown == self.content.size else shown - MAX_HEAD_BYTES + 1
        try:
            heads = scan_heads(buffer, position - offset, limit - offset, offset)
        except CutOffError as error:
            # A probe's content may end before the message does.
            if position + MAX_HEAD_BYTES >= self.content.size < stop:
                raise EOFError(f"byte {self.content.size}: the bytes end inside a field") from error
            raise ValueError(f"byte {position}: no number of 64 bits") from error
        self._fields_left -= len(heads)
        if self._fields_left < 0:
            raise ValueError("too many fields")
        key, start, end, _ = heads[-1]
        if end > stop == self.content.size:
            raise EOFError(f"byte {start}: field {number_of(key)} reaches past the end of the file")
        if end > stop:
            raise ValueError(f"byte {start}: field {number_of(key)} reaches past the message that holds it")
        return heads

    def _show(self, position: int, stop: int) -> int:
        """Let the window show a message from `position` on, or a head at least, and return where the window begins.

        Raises:
            EOFError: the bytes end before.
        """
        window = self.window
        remaining = stop - position
        wanted = position + (remaining if remaining <= WINDOW_BYTES else MAX_HEAD_BYTES)
        shown = window.start + len(window.buffer)
        if position < window.start or (wanted > shown and (position >= shown or shown < self.content.size)):
            window.move(position, position + 1)
        return window.start


@dataclass(slots=True)  # Not frozen: as many are made as a large model has nodes and arrays, in half the time.
class Message:
    """A message: a run of fields between two offsets of the file."""

    file: WireFile
    start: int
    stop: int
    depth: int

    def heads(self) -> Iterable[Head]:
        """Return the fields in the order in which they are stored, as plain tuples; payloads are not read.

        Raises:
            ValueError: a field is broken, or reaches past the message; or the file's budget of fields is spent.
        """
        if self.start == self.stop:
            return ()
        heads = self.file.heads(self.start, self.stop)
        return heads if heads[-1][2] == self.stop else self._runs(heads)

    def _runs(self, heads: list[Head]) -> Iterator[Head]:
        yield from heads
        while (position := heads[-1][2]) < self.stop:
            heads = self.file.heads(position, self.stop)
            yield from heads

    def fields(self) -> Iterator[Field]:
        """Return the fields as `heads` does, each with methods to read its value."""
        return map(self.field, self.heads())

    def field(self, head: Head) -> Field:
        """Return a field of this message with methods to read its value."""
        key, start, stop, value = head
        return Field(self, number_of(key), type_of(key), start, stop, value)

    def inner(self, start: int, stop: int) -> Message:
        """Return the message that a field of this one holds, between these offsets.

        Raises:
            ValueError: it is nested too deep.
        """
        depth = self.depth + 1
        if depth > _MAX_DEPTH:
            raise ValueError(f"byte {start}: messages are nested over {_MAX_DEPTH} deep")
        return Message(self.file, start, stop, depth)


@dataclass(slots=True)
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
        return self.parent.inner(self.start, self.stop)

    def text(self) -> str:
        """Return the text in this field."""
        self._require(WireType.BYTES)
        return self.parent.file.text(self.start, self.stop)

    def integer(self) -> int:
        """Return the number in this field as int64."""
        self._require(WireType.VARINT)
        return as_int64(self.value)

    def float32(self) -> float:
        """Return the number in this field, exactly."""
        self._require(WireType.FIXED32)
        (number,) = struct.unpack("<f", self.parent.file.read(self.start, self.stop))
        return float(number)

    def region(self) -> Region:
        """Return the bytes in this field, unread."""
        self._require(WireType.BYTES)
        return self.parent.file.region(self.start, self.stop)

    def mistyped(self) -> ValueError:
        """Return the error that this field is written as another type than the reader expects."""
        return ValueError(f"byte {self.start}: field {self.number} is of another type than it should be")

    def _require(self, wire_type: WireType) -> None:
        if self.wire_type is not wire_type:
            raise self.mistyped()


def as_int64(value: int) -> int:
    """Return a number of 64 bits as the int64 that it stands for."""
    return value if value <= MAX_INT64 else value - MAX_VALUE - 1
