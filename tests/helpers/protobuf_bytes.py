"""Protocol buffers written by hand, broken ones too."""

from __future__ import annotations

import struct


def varint(number: int) -> bytes:
    """Return a number as it is written: seven bits in each byte, the lowest first."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def number_field(field: int, number: int) -> bytes:
    """Return a field that holds a whole number."""
    return varint(field << 3) + varint(number)


def bytes_field(field: int, content: bytes | str, length: int | None = None) -> bytes:
    """Return a field that holds bytes, text or a message; `length` is what it claims to be long."""
    raw = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(raw) if length is None else length) + raw


def float_field(field: int, number: float) -> bytes:
    """Return a field that holds a float32."""
    return varint(field << 3 | 5) + struct.pack("<f", number)


def double_field(field: int, number: float) -> bytes:
    """Return a field that holds a float64."""
    return varint(field << 3 | 1) + struct.pack("<d", number)
