"""Values of MessagePack, within bounds that no file can lift; runs of bytes are told by their place, and not read."""

from __future__ import annotations

import struct
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias

from bncli.formats.byte_window import ByteWindow
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.regions import Region

_MAX_VALUES = 2_000_000
_MAX_DEPTH = 100
_MAX_TEXT_BYTES = 65_536


class _Kind(Enum):
    """What follows the first byte of a value, and the length if there is one."""

    INTEGER = auto()
    CONSTANT = auto()
    NUMBER = auto()
    TEXT = auto()
    BINARY = auto()
    EXTENSION = auto()
    LIST = auto()
    MAP = auto()


@dataclass(frozen=True, slots=True)
class _Head:
    """What the first byte of a value says."""

    kind: _Kind
    length: int = 0
    """Number of bytes or items; or the integer itself."""
    length_bytes: int = 0
    """How many bytes hold the length, where the first one does not."""
    packing: str = ""
    """How a number is packed, for `struct`."""


_CONSTANTS: dict[int, bool | None] = {0xC0: None, 0xC2: False, 0xC3: True}
_PACKINGS = {
    0xCA: ">f", 0xCB: ">d",
    0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_LENGTH_BYTES = {
    _Kind.BINARY: {0xC4: 1, 0xC5: 2, 0xC6: 4},
    _Kind.EXTENSION: {0xC7: 1, 0xC8: 2, 0xC9: 4},
    _Kind.TEXT: {0xD9: 1, 0xDA: 2, 0xDB: 4},
    _Kind.LIST: {0xDC: 2, 0xDD: 4},
    _Kind.MAP: {0xDE: 2, 0xDF: 4},
}
_HEADS: dict[int, _Head] = {
    **{first: _Head(_Kind.INTEGER, first) for first in range(0x80)},
    **{0x80 + length: _Head(_Kind.MAP, length) for length in range(16)},
    **{0x90 + length: _Head(_Kind.LIST, length) for length in range(16)},
    **{0xA0 + length: _Head(_Kind.TEXT, length) for length in range(32)},
    **{first: _Head(_Kind.CONSTANT, first) for first in _CONSTANTS},
    **{first: _Head(_Kind.NUMBER, packing=packing) for first, packing in _PACKINGS.items()},
    **{0xD4 + power: _Head(_Kind.EXTENSION, 2**power) for power in range(5)},
    **{
        first: _Head(kind, length_bytes=count)
        for kind, counts in _LENGTH_BYTES.items()
        for first, count in counts.items()
    },
    **{first: _Head(_Kind.INTEGER, first - 0x100) for first in range(0xE0, 0x100)},
}
"""By the first byte; 0xC1 begins no value."""

Value: TypeAlias = "dict[str, Any] | list[Any] | str | int | float | bool | Binary | Extension | None"


@dataclass(frozen=True, slots=True)
class Binary:
    """A run of bytes, unread."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Extension:
    """A value of an application's own type, unread."""

    code: int
    start: int
    size: int


class MsgpackReader:
    """Reads the values of a run of bytes.

    Args:
        content: the bytes.
    """

    def __init__(self, content: Region) -> None:
        self._window = ByteWindow(content)
        self._values_left = _MAX_VALUES
        self._position = 0
        self._stop = content.size

    def read(self, start: int, stop: int) -> Value:
        """Return the value that takes up a range of the bytes.

        Raises:
            ValueError: the value is broken, or does not end there; or there are too many values, nested too deep.
            EOFError: the value goes on after the range.
        """
        self._position, self._stop = start, stop
        value = self._value(0)
        if self._position != stop:
            raise ValueError(f"{stop - self._position} bytes follow at byte {self._position}")
        return value

    def _value(self, depth: int) -> Value:
        self._values_left -= 1
        if self._values_left < 0 or depth > _MAX_DEPTH:
            raise ValueError(f"over {_MAX_VALUES} values, or nested over {_MAX_DEPTH} deep")
        first = self._take(1)[0]
        head = _HEADS.get(first)
        if head is None:
            raise ValueError(f"byte {self._position - 1}: no value begins with {first:#x}")
        length = int.from_bytes(self._take(head.length_bytes), "big") if head.length_bytes else head.length
        match head.kind:
            case _Kind.INTEGER:
                return head.length
            case _Kind.CONSTANT:
                return _CONSTANTS[first]
            case _Kind.NUMBER:
                return self._number(head.packing)
            case _Kind.TEXT:
                return self._text(length)
            case _Kind.BINARY:
                return Binary(self._skip(length), length)
            case _Kind.EXTENSION:
                code = int.from_bytes(self._take(1), "big", signed=True)
                return Extension(code, self._skip(length), length)
            case _Kind.LIST:
                return [self._value(depth + 1) for _ in range(length)]
            case _Kind.MAP:
                return self._map(length, depth)

    def _number(self, packing: str) -> int | float:
        number: int | float = struct.unpack(packing, self._take(struct.calcsize(packing)))[0]
        return number

    def _map(self, length: int, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        for _ in range(length):
            key = self._value(depth + 1)
            if not isinstance(key, str) or key in items:
                raise ValueError(f"byte {self._position}: a key that is no text, or stands twice: {str(key)[:80]!r}")
            items[key] = self._value(depth + 1)
        return items

    def _text(self, length: int) -> str:
        if length > _MAX_TEXT_BYTES:
            raise ValueError(f"byte {self._position}: a text of {length} bytes")
        return self._take(length).decode("utf-8")

    def _skip(self, count: int) -> int:
        """Step over some bytes, and return where they begin."""
        start = self._position
        if start + count > self._stop:
            raise EOFError(f"byte {start}: a value of {count} bytes reaches past the end")
        self._position += count
        return start

    def _take(self, count: int) -> bytes:
        start = self._skip(count)
        return self._window.read(start, start + count)
