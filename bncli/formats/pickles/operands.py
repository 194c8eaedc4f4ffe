"""Operands of pickle instructions: counted bytes and lines of text, never beyond the end of the buffer."""

from __future__ import annotations

import re

from bncli.formats.pickles.errors import BrokenPickle, TruncatedPickle

_MAX_DIGITS = 64
_MAX_INTEGER_BYTES = 128


def counted(buffer: bytes, at: int, count: int) -> bytes:
    """Return `count` bytes; nothing is allocated if there are fewer."""
    if count < 0:
        raise BrokenPickle(f"a length of {count}")
    if at + count > len(buffer):
        raise TruncatedPickle(at + count)
    return buffer[at : at + count]


def line(buffer: bytes, at: int) -> tuple[bytes, int]:
    """Return the text up to the next line end, and the position after that."""
    end = buffer.find(b"\n", at)
    if end < 0:
        raise TruncatedPickle(len(buffer) + 1)
    return buffer[at:end], end + 1


def text_integer(digits: bytes) -> int:
    """Return a decimal integer. Python's conversion takes time with the square of the length, so that is bounded."""
    if len(digits) > _MAX_DIGITS:
        raise BrokenPickle(f"an integer of {len(digits)} digits")
    return int(digits)


def text_float(digits: bytes) -> float:
    """Return a decimal float."""
    if len(digits) > _MAX_DIGITS:
        raise BrokenPickle(f"a float of {len(digits)} digits")
    return float(digits)


def binary_integer(little_endian: bytes) -> int:
    """Return an integer in two's complement, small enough to be a float."""
    if len(little_endian) > _MAX_INTEGER_BYTES:
        raise BrokenPickle(f"an integer of {len(little_endian)} bytes")
    return int.from_bytes(little_endian, "little", signed=True)


def python2_string(content: bytes) -> str | bytes:
    """Return a string of Python 2, which may be text or bytes: as text where it is ASCII."""
    return content.decode("ascii") if content.isascii() else content


def unquote(quoted: bytes) -> bytes:
    """Return the content of a quoted string as Python 2 writes it."""
    match = _QUOTED.fullmatch(quoted)
    if match is None:
        raise BrokenPickle("a string without quotes")
    return _ESCAPE.sub(_unescape, match["content"])


def without_surrogates(text: str) -> str:
    """Return text that can be encoded: lone surrogates become visible escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


_QUOTED = re.compile(rb"(?P<quote>['\"])(?P<content>.*)(?P=quote)", re.DOTALL)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code[1:], 16)]) if len(code) > 1 else _ESCAPED.get(code, code)
