"""Flax's MessagePack files: nested maps of arrays, each of these an extension with its shape, type and bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bncli.core.name_length import require_short
from bncli.core.named_arrays import Skipped
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.msgpack.reader import Binary, Extension, MsgpackReader
from bncli.formats.opened_file import OpenedFile
from bncli.formats.regions import FileRegion, JoinedRegion, MemoryRegion, SubRegion
from bncli.formats.stored_array import StoredArray, c_strides

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe
    from bncli.formats.regions import Region

_MAP_STARTS = frozenset({*range(0x81, 0x90), 0xDE, 0xDF})
"""First byte of a map that is not empty; 0x80, the empty one, is how most pickles begin."""
_ARRAY, _SCALAR = 1, 3
"""Codes of Flax's extensions: an array, and a scalar of NumPy's, which is stored as one."""
_CHUNKED = "__msgpack_chunked_array__"
"""Key that marks the map of an array too large for one extension."""


class UnreadArrayError(Exception):
    """An array is well formed and of a type that bncli does not read; the text says of which."""


def recognizes(probe: FileProbe) -> bool:
    """Whether the file begins with a map from names that is not empty, as far as the first bytes tell."""
    if not probe.head or probe.head[0] not in _MAP_STARTS:
        return False
    try:
        MsgpackReader(MemoryRegion(probe.head)).read(0, probe.size_bytes)
    except EOFError:
        # The first bytes end here, and the file goes on.
        return True
    except ValueError:
        return False
    return True


def open_flax_msgpack(path: Path) -> NamedArrays:
    """Open a file that `flax.serialization` wrote. Arrays are listed under the keys that lead to them, with dots.

    Raises:
        MalformedFile: the file is broken.
    """
    with opening(path, "a MessagePack file of Flax") as source:
        content = FileRegion(source, 0, source.size)
        reader = MsgpackReader(content)
        arrays: dict[str, StoredArray] = {}
        skipped: list[Skipped] = []
        for name, leaf in _leaves(reader.read(0, content.size)):
            try:
                array = _stored_array(leaf, reader, content)
            except UnreadArrayError as reason:
                skipped.append(Skipped(name, str(reason)))
                continue
            except ValueError as fault:
                raise ValueError(f"array {name!r}: {fault}") from fault
            if name in arrays:
                raise ValueError(f"two arrays are called {name!r}")
            arrays[name] = array
        return OpenedFile(source, FORMAT.name, arrays, skipped=skipped)


def _leaves(root: Any) -> Iterator[tuple[str, Any]]:
    """Return the arrays by name in the order of the file: extensions, and maps that stand for one array."""
    entered = [iter([("", root)])]
    while entered:
        name, value = next(entered[-1], ("", None))
        if value is None:
            entered.pop()
        elif isinstance(value, Extension):
            if value.code in (_ARRAY, _SCALAR):
                yield name, value
        elif isinstance(value, dict) and value.get(_CHUNKED) is True:
            yield name, value
        else:
            entered.append(_parts_of(name, value))


def _parts_of(name: str, value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    """Return what may hold arrays in a map or a list, by name; a name is made when it is asked for."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, Extension) or (isinstance(item, (dict, list)) and item):
            path = f"{name}.{key}" if name else str(key)
            require_short([path])
            yield path, item


def _stored_array(leaf: Extension | dict[str, Any], reader: MsgpackReader, content: Region) -> StoredArray:
    if isinstance(leaf, Extension):
        shape, dtype, region = _parts(leaf, reader, content)
    else:
        shape = _lengths(list(_numbered(leaf.get("shape"))))
        parts = [_parts(chunk, reader, content) for chunk in _numbered(leaf.get("chunks"))]
        if len({dtype for _, dtype, _ in parts}) != 1:
            raise ValueError("its chunks are none, or of several types")
        dtype = parts[0][1]
        region = JoinedRegion(tuple(part for _, _, part in parts))
    element = ELEMENT_TYPES.get(dtype)
    if element is None:
        raise UnreadArrayError(f"its element type {dtype[:40]} is not one that bncli reads")
    if math.prod(shape) * element.itemsize != region.size:
        raise ValueError(f"{region.size} bytes are stored for shape {list(shape)} of {dtype}")
    return StoredArray(region, element, "<", shape, c_strides(shape))


def _parts(leaf: Any, reader: MsgpackReader, content: Region) -> tuple[tuple[int, ...], str, Region]:
    """Return the shape, the name of the type and the bytes of an array."""
    value = reader.read(leaf.start, leaf.start + leaf.size) if isinstance(leaf, Extension) else None
    match value:
        case [list(shape), str(dtype), Binary(start, size)]:
            return _lengths(shape), dtype, SubRegion(content, start, size) if size else MemoryRegion(b"")
        case _:
            raise ValueError("is not stored as a shape, a type and bytes")


def _lengths(shape: list[Any]) -> tuple[int, ...]:
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"shape {str(shape)[:80]}")
    return tuple(shape)


def _numbered(items: Any) -> Iterator[Any]:
    """Return the items of what Flax makes of a list: a map from their numbers."""
    parts = items if isinstance(items, dict) else {}
    for number in range(len(parts)):
        if str(number) not in parts:
            raise ValueError(f"its part {number} is missing")
        yield parts[str(number)]


FORMAT = Format("flax-msgpack", (".msgpack",), recognizes, open_flax_msgpack)
