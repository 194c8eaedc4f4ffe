"""Heads of fields in a buffer, many at a time: what number and type a field has, and where its value lies."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeAlias

Head: TypeAlias = tuple[int, int, int, int]
"""A field: its key, where its value begins and where it stops in the file, and the number that it is, for the wire type
`VARINT`; 0 for others. A plain tuple, for a million of them are made of a large model."""

MAX_VARINT_BYTES = 10
MAX_HEAD_BYTES = 2 * MAX_VARINT_BYTES
"""Of a field's key and length, or key and number."""
CONTINUES = 0x80
"""The bit of a byte that says that more of the number follow."""
MAX_VALUE = 2**64 - 1
_TYPE_BITS = 3
"""Of a key, the lowest; the others are the field's number."""
_TYPES = (1 << _TYPE_BITS) - 1


class WireType(IntEnum):
    """How the value of a field is written."""

    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5


_WIRE_TYPES = {wire_type.value: wire_type for wire_type in WireType}
_FIXED_SIZES = {WireType.FIXED64.value: 8, WireType.FIXED32.value: 4}
# Plain numbers: comparisons with members of an enumeration would take a tenth of the time of the whole loop.
_VARINT, _BYTES = WireType.VARINT.value, WireType.BYTES.value


class CutOffError(Exception):
    """A number does not end where it must."""


def key_of(number: int, wire_type: WireType) -> int:
    """Return the key of a field: its number and its type in one, so that one comparison tells both."""
    return number << _TYPE_BITS | wire_type.value


def number_of(key: int) -> int:
    """Return the number of a field."""
    return key >> _TYPE_BITS


def type_of(key: int) -> WireType:
    """Return how the value of a field is written."""
    return _WIRE_TYPES[key & _TYPES]


def scan_heads(buffer: bytes, at: int, limit: int, offset: int) -> list[Head]:
    """Return the fields that begin at `at` and after it, one behind the other, up to the first that begins at `limit`.

    The last of them may reach past the buffer. A field that cannot be read ends the list; where it is the first one, it
    is an error.

    Args:
        buffer: bytes of the file.
        at: index in the buffer of the first field.
        limit: index in the buffer.
        offset: where the buffer begins in the file.

    Raises:
        CutOffError: a number of the first field is cut off, or of more than 64 bits.
        ValueError: what begins at `at` is no field.
    """
    heads: list[Head] = []
    append = heads.append
    try:
        while at < limit:
            # Most keys, lengths and numbers are one byte, and a call for each would take as long as all the rest.
            key, value = buffer[at], buffer[at + 1]
            start = at + 2
            wire_type = key & _TYPES if _TYPES < key < CONTINUES > value else None
            if wire_type == _BYTES:
                at = start + value
                append((key, offset + start, offset + at, 0))
            elif wire_type == _VARINT:
                at = start
                append((key, offset + start - 1, offset + start, value))
            else:
                head = _head(buffer, at, offset)
                at = head[2] - offset
                append(head)
    except IndexError as error:
        if not heads:
            raise CutOffError from error
    except (CutOffError, ValueError):
        if not heads:
            raise
    return heads


def _head(buffer: bytes, at: int, offset: int) -> Head:
    """Return the field that begins at `at`, however long its key and its number are."""
    key, start = read_varint(buffer, at)
    wire_type = key & _TYPES
    if key <= _TYPES or wire_type not in _WIRE_TYPES:
        raise ValueError(f"byte {offset + at}: no field begins there")
    if wire_type in _FIXED_SIZES:
        return key, offset + start, offset + start + _FIXED_SIZES[wire_type], 0
    value, end = read_varint(buffer, start)
    if wire_type == _BYTES:
        return key, offset + end, offset + end + value, 0
    return key, offset + start, offset + end, value


def read_varint(content: bytes, start: int) -> tuple[int, int]:
    """Return the number that is written from `start` on, and where it ends.

    Raises:
        CutOffError: the bytes end inside it, or it is of more than 64 bits.
    """
    value = 0
    for index, byte in enumerate(content[start : start + MAX_VARINT_BYTES]):
        if byte < CONTINUES:
            value |= byte << (7 * index)
            if value > MAX_VALUE:
                break
            return value, start + index + 1
        value |= (byte - CONTINUES) << (7 * index)
    raise CutOffError
