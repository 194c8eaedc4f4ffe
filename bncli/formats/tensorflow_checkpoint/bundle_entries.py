"""The entries of a TensorFlow checkpoint's index: the type, the shape and the place of each tensor."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.protobuf.wire import WireFile
from bncli.formats.regions import MemoryRegion
from bncli.formats.stored_array import MAX_AXES, StoredArray, c_strides
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.formats.element_types import ByteOrder
    from bncli.formats.protobuf.wire import Field, Message
    from bncli.formats.regions import Region

STRING = 7
"""The data type of text, in which the graph of objects is stored."""
_DATA_TYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    8: "complex64",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
}
_UNREAD_DATA_TYPES = {STRING: "string", 20: "resource", 21: "variant"}
_MAX_SHARDS = 100_000
"""The name of a data file holds the number in five digits."""


class _HeaderField(IntEnum):
    """Fields of tensorflow.BundleHeaderProto."""

    NUM_SHARDS = 1
    ENDIANNESS = 2


class _EntryField(IntEnum):
    """Fields of tensorflow.BundleEntryProto."""

    DATA_TYPE = 1
    SHAPE = 2
    SHARD = 3
    OFFSET = 4
    SIZE = 5
    SLICES = 7


_DIMENSION, _DIMENSION_SIZE = 2, 1
"""Fields of tensorflow.TensorShapeProto and of its dimensions."""


class UnreadEntryError(Exception):
    """A tensor is well formed and of a kind that bncli does not read; the text says of which."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the first entry says about all of them."""

    num_shards: int
    """Number of data files."""
    byte_order: ByteOrder


@dataclass(slots=True)
class Entry:
    """What the index says about one tensor, unchecked."""

    data_type: int = 0
    shape: tuple[int, ...] = ()
    shard: int = 0
    """Which of the data files holds the values."""
    offset: int = 0
    size: int = 0
    """Number of bytes."""
    is_sliced: bool = False

    def stored_array(self, region: Region, byte_order: ByteOrder) -> StoredArray:
        """Return the tensor over the bytes of its values.

        Raises:
            UnreadEntryError: bncli does not read tensors of this kind.
            ValueError: the shape does not fit the number of bytes.
        """
        if self.is_sliced:
            raise UnreadEntryError("is stored in slices")
        name = _DATA_TYPES.get(self.data_type)
        if name is None:
            unread = _UNREAD_DATA_TYPES.get(self.data_type, f"number {self.data_type}")
            raise UnreadEntryError(f"its element type {unread} is not one that bncli reads")
        array = StoredArray(region, ELEMENT_TYPES[name], byte_order, self.shape, c_strides(self.shape))
        if array.size * array.element.itemsize != self.size:
            raise ValueError(f"{self.size} bytes are stored for shape {list(self.shape)} of {name}")
        return array


def read_header(encoded: bytes) -> Header:
    """Return the first entry of an index, whose key is empty.

    Raises:
        ValueError: it is broken.
    """
    numbers = {item.number: item for item in _fields(encoded)}
    num_shards = _integer(numbers, _HeaderField.NUM_SHARDS)
    if not 0 < num_shards < _MAX_SHARDS:
        raise ValueError(f"{num_shards} data files")
    return Header(num_shards, ">" if _integer(numbers, _HeaderField.ENDIANNESS) else "<")


def read_entry(encoded: bytes) -> Entry:
    """Return an entry.

    Raises:
        ValueError: it is broken.
    """
    entry = Entry()
    for item in _fields(encoded):
        match item.number:
            case _EntryField.DATA_TYPE:
                entry.data_type = item.integer()
            case _EntryField.SHAPE:
                entry.shape = _shape(item.message())
            case _EntryField.SHARD:
                entry.shard = item.integer()
            case _EntryField.OFFSET:
                entry.offset = item.integer()
            case _EntryField.SIZE:
                entry.size = item.integer()
            case _EntryField.SLICES:
                entry.is_sliced = True
            case _:
                pass
    if min(entry.shard, entry.offset, entry.size) < 0:
        raise ValueError("a negative number of bytes, offset or data file")
    return entry


def _fields(encoded: bytes) -> Iterator[Field]:
    return WireFile(MemoryRegion(encoded)).root().fields()


def _integer(fields: dict[int, Field], number: int) -> int:
    return fields[number].integer() if number in fields else 0


def _shape(message: Message) -> tuple[int, ...]:
    lengths = []
    for item in message.fields():
        if item.number == _DIMENSION:
            sizes = [part.integer() for part in item.message().fields() if part.number == _DIMENSION_SIZE]
            lengths.append(sizes[-1] if sizes else 0)
            if lengths[-1] < 0 or len(lengths) > MAX_AXES:
                raise ValueError(f"a shape that begins with {lengths[:MAX_AXES]}")
    return tuple(lengths)
