"""Pickle instructions that push one value: constants, numbers, text and bytes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from bncli.formats.pickles.operands import (
    binary_integer,
    counted,
    line,
    python2_string,
    text_float,
    text_integer,
    unquote,
    without_surrogates,
)

if TYPE_CHECKING:
    from bncli.formats.pickles.machine import Machine

# Text that is not valid Unicode becomes visible escapes: a lone surrogate in a name could not be printed.
_REPLACE = "backslashreplace"

_UINT16 = struct.Struct("<H")
_INT32 = struct.Struct("<i")
_UINT32 = struct.Struct("<I")
_UINT64 = struct.Struct("<Q")
_FLOAT64 = struct.Struct(">d")


def none(machine: Machine, at: int) -> int:
    """NONE: push `None`."""
    machine.stack.append(None)
    return at


def true(machine: Machine, at: int) -> int:
    """NEWTRUE: push true."""
    machine.stack.append(True)
    return at


def false(machine: Machine, at: int) -> int:
    """NEWFALSE: push false."""
    machine.stack.append(False)
    return at


def uint8(machine: Machine, at: int) -> int:
    """BININT1: push an integer of one byte."""
    machine.stack.append(machine.buffer[at])
    return at + 1


def uint16(machine: Machine, at: int) -> int:
    """BININT2: push an integer of two bytes."""
    machine.stack.append(_UINT16.unpack_from(machine.buffer, at)[0])
    return at + 2


def int32(machine: Machine, at: int) -> int:
    """BININT: push a signed integer of four bytes."""
    machine.stack.append(_INT32.unpack_from(machine.buffer, at)[0])
    return at + 4


def float64(machine: Machine, at: int) -> int:
    """BINFLOAT: push a float."""
    machine.stack.append(_FLOAT64.unpack_from(machine.buffer, at)[0])
    return at + 8


def short_long(machine: Machine, at: int) -> int:
    """LONG1: push an integer of up to 255 bytes."""
    count = machine.buffer[at]
    machine.stack.append(binary_integer(counted(machine.buffer, at + 1, count)))
    return at + 1 + count


def long(machine: Machine, at: int) -> int:
    """LONG4: push an integer of any length."""
    count: int = _INT32.unpack_from(machine.buffer, at)[0]
    machine.stack.append(binary_integer(counted(machine.buffer, at + 4, count)))
    return at + 4 + count


def short_text(machine: Machine, at: int) -> int:
    """SHORT_BINUNICODE: push text of up to 255 bytes."""
    count = machine.buffer[at]
    machine.stack.append(counted(machine.buffer, at + 1, count).decode("utf-8", _REPLACE))
    return at + 1 + count


def text(machine: Machine, at: int) -> int:
    """BINUNICODE: push text."""
    count: int = _UINT32.unpack_from(machine.buffer, at)[0]
    machine.stack.append(counted(machine.buffer, at + 4, count).decode("utf-8", _REPLACE))
    return at + 4 + count


def long_text(machine: Machine, at: int) -> int:
    """BINUNICODE8: push text whose length has eight bytes."""
    count: int = _UINT64.unpack_from(machine.buffer, at)[0]
    machine.stack.append(counted(machine.buffer, at + 8, count).decode("utf-8", _REPLACE))
    return at + 8 + count


def short_bytes(machine: Machine, at: int) -> int:
    """SHORT_BINBYTES: push up to 255 bytes."""
    count = machine.buffer[at]
    machine.stack.append(counted(machine.buffer, at + 1, count))
    return at + 1 + count


def bytes_(machine: Machine, at: int) -> int:
    """BINBYTES: push bytes."""
    count: int = _UINT32.unpack_from(machine.buffer, at)[0]
    machine.stack.append(counted(machine.buffer, at + 4, count))
    return at + 4 + count


def long_bytes(machine: Machine, at: int) -> int:
    """BINBYTES8 and BYTEARRAY8: push bytes whose length has eight bytes."""
    count: int = _UINT64.unpack_from(machine.buffer, at)[0]
    machine.stack.append(counted(machine.buffer, at + 8, count))
    return at + 8 + count


def short_python2_string(machine: Machine, at: int) -> int:
    """SHORT_BINSTRING: push a string of Python 2 of up to 255 bytes."""
    count = machine.buffer[at]
    machine.stack.append(python2_string(counted(machine.buffer, at + 1, count)))
    return at + 1 + count


def long_python2_string(machine: Machine, at: int) -> int:
    """BINSTRING: push a string of Python 2."""
    count: int = _INT32.unpack_from(machine.buffer, at)[0]
    machine.stack.append(python2_string(counted(machine.buffer, at + 4, count)))
    return at + 4 + count


def line_int(machine: Machine, at: int) -> int:
    """INT: push an integer or a boolean in decimal."""
    digits, at = line(machine.buffer, at)
    # Protocols 0 and 1 write booleans as integers with a leading zero.
    machine.stack.append(digits == b"01" if digits in (b"00", b"01") else text_integer(digits))
    return at


def line_long(machine: Machine, at: int) -> int:
    """LONG: push an integer in decimal."""
    digits, at = line(machine.buffer, at)
    machine.stack.append(text_integer(digits.removesuffix(b"L")))
    return at


def line_float(machine: Machine, at: int) -> int:
    """FLOAT: push a float in decimal."""
    digits, at = line(machine.buffer, at)
    machine.stack.append(text_float(digits))
    return at


def line_text(machine: Machine, at: int) -> int:
    """UNICODE: push text with escapes."""
    escaped, at = line(machine.buffer, at)
    machine.stack.append(without_surrogates(escaped.decode("raw-unicode-escape")))
    return at


def line_python2_string(machine: Machine, at: int) -> int:
    """STRING: push a quoted string of Python 2."""
    quoted, at = line(machine.buffer, at)
    machine.stack.append(python2_string(unquote(quoted)))
    return at
