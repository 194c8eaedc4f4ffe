"""Tensors of an ONNX model: where the values lie and what they are, without reading them."""

from __future__ import annotations

import math
import re
from dataclasses import field
from typing import TYPE_CHECKING

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.protobuf.heads import WireType, key_of
from bncli.formats.protobuf.lengths import lengths_in, shape_of
from bncli.formats.protobuf.repeated_numbers import RepeatedNumbers
from bncli.formats.protobuf.wire import as_int64
from bncli.formats.stored_array import StoredArray, c_strides
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.companion_files import CompanionFiles
    from bncli.formats.protobuf.wire import Field, Message
    from bncli.formats.regions import Region


# Plain numbers: to compare with members of an enumeration took a tenth of the time that a large model takes.
class _TensorField:
    """Fields of onnx.TensorProto."""

    DIMS = 1
    DATA_TYPE = 2
    SEGMENT = 3
    FLOAT_DATA = 4
    INT32_DATA = 5
    INT64_DATA = 7
    NAME = 8
    RAW_DATA = 9
    DOUBLE_DATA = 10
    UINT64_DATA = 11
    EXTERNAL_DATA = 13
    DATA_LOCATION = 14


_LENGTH = key_of(_TensorField.DIMS, WireType.VARINT)
_DATA_TYPE = key_of(_TensorField.DATA_TYPE, WireType.VARINT)
_NAME = key_of(_TensorField.NAME, WireType.BYTES)
_RAW_DATA = key_of(_TensorField.RAW_DATA, WireType.BYTES)
"""The fields of nearly all tensors."""

_SPARSE_VALUES = 1
"""Field of onnx.SparseTensorProto."""
_KEY, _VALUE = 1, 2
"""Fields of onnx.StringStringEntryProto, of which external_data is a list."""
_EXTERNAL = 1
"""The value of data_location for tensors in other files."""

_WIRE_TYPES = {
    _TensorField.FLOAT_DATA: WireType.FIXED32,
    _TensorField.INT32_DATA: WireType.VARINT,
    _TensorField.INT64_DATA: WireType.VARINT,
    _TensorField.DOUBLE_DATA: WireType.FIXED64,
    _TensorField.UINT64_DATA: WireType.VARINT,
}
"""How numbers are written in each field that holds values."""

_DATA_TYPES = {
    1: ("float32", _TensorField.FLOAT_DATA),
    2: ("uint8", _TensorField.INT32_DATA),
    3: ("int8", _TensorField.INT32_DATA),
    4: ("uint16", _TensorField.INT32_DATA),
    5: ("int16", _TensorField.INT32_DATA),
    6: ("int32", _TensorField.INT32_DATA),
    7: ("int64", _TensorField.INT64_DATA),
    9: ("bool", _TensorField.INT32_DATA),
    10: ("float16", _TensorField.INT32_DATA),
    11: ("float64", _TensorField.DOUBLE_DATA),
    12: ("uint32", _TensorField.UINT64_DATA),
    13: ("uint64", _TensorField.UINT64_DATA),
    14: ("complex64", _TensorField.FLOAT_DATA),
    15: ("complex128", _TensorField.DOUBLE_DATA),
    16: ("bfloat16", _TensorField.INT32_DATA),
    17: ("float8_e4m3fn", _TensorField.INT32_DATA),
    18: ("float8_e4m3fnuz", _TensorField.INT32_DATA),
    19: ("float8_e5m2", _TensorField.INT32_DATA),
    20: ("float8_e5m2fnuz", _TensorField.INT32_DATA),
}
"""Number of a data type to its name here, and to the field for values that are not written raw."""

_UNREAD_DATA_TYPES = {8: "string", 21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2"}
_DIGITS = re.compile(r"[0-9]{1,18}")


class UnreadTensorError(Exception):
    """A tensor is well formed and of a kind that bncli does not read; the text says of which."""


@dataclass(slots=True)
class _Parts:
    """What the fields of a tensor say, as they come."""

    lengths: list[int] = field(default_factory=list)
    name: str = ""
    data_type: int = 0
    raw: Region | None = None
    numbers: dict[int, RepeatedNumbers] = field(default_factory=dict)
    external: dict[str, str] = field(default_factory=dict)
    is_external: bool = False
    is_segment: bool = False


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a model."""

    name: str
    """Empty for the value of a `Constant` node."""
    values: StoredArray | str
    """Where the values lie; or, where bncli does not read them, why."""


def read_tensor(message: Message, companions: CompanionFiles) -> Tensor:
    """Return a tensor; its values stay in the file.

    Raises:
        ValueError: the tensor is broken: its values do not fit its shape, for instance.
        UnsafeFile: it names a file that does not lie beside the model.
    """
    parts = _Parts()
    file = message.file
    for head in message.heads():
        key, start, stop, value = head
        if key == _LENGTH:
            parts.lengths.append(value)
        elif key == _NAME:
            parts.name = file.text(start, stop)
        elif key == _DATA_TYPE:
            parts.data_type = as_int64(value)
        elif key == _RAW_DATA:
            parts.raw = file.region(start, stop)
        else:
            _take(parts, message.field(head))
    try:
        return Tensor(parts.name, _values(parts, companions))
    except UnreadTensorError as reason:
        return Tensor(parts.name, str(reason))
    except ValueError as fault:
        raise ValueError(f"tensor {parts.name!r}: {fault}") from fault


def read_sparse_tensor(message: Message) -> Tensor:
    """Return a sparse tensor by its name, which is that of its values, and as one that is not read.

    Raises:
        ValueError: the tensor is broken.
    """
    name = ""
    for item in message.fields():
        if item.number == _SPARSE_VALUES:
            names = [part.text() for part in item.message().fields() if part.number == _TensorField.NAME]
            name = names[-1] if names else ""
    return Tensor(name, "is stored sparse (sparse_initializer)")


def _take(parts: _Parts, item: Field) -> None:
    """Take a field that is not among those of nearly all tensors, or is one of them and written as another type."""
    match item.number:
        case _TensorField.DIMS:
            parts.lengths += lengths_in(item)
            shape_of(parts.lengths)  # before there are more than memory holds
        case _TensorField.DATA_TYPE | _TensorField.NAME | _TensorField.RAW_DATA:
            raise item.mistyped()
        case _TensorField.SEGMENT:
            parts.is_segment = True
        case _TensorField.EXTERNAL_DATA:
            texts = {entry.number: entry.text() for entry in item.message().fields()}
            parts.external[texts.get(_KEY, "")] = texts.get(_VALUE, "")
        case _TensorField.DATA_LOCATION:
            parts.is_external = item.integer() == _EXTERNAL
        case number if number in _WIRE_TYPES:
            parts.numbers.setdefault(number, RepeatedNumbers(_WIRE_TYPES[number])).add(item)
        case _:
            pass


def _values(parts: _Parts, companions: CompanionFiles) -> StoredArray:
    if parts.is_segment:
        raise UnreadTensorError("is stored in segments")
    if parts.data_type not in _DATA_TYPES:
        unread = _UNREAD_DATA_TYPES.get(parts.data_type, f"number {parts.data_type}")
        raise UnreadTensorError(f"its element type {unread} is not one that bncli reads")
    if parts.is_external + (parts.raw is not None) + len(parts.numbers) > 1:
        raise ValueError("holds its values twice")
    name, numbers_field = _DATA_TYPES[parts.data_type]
    element = ELEMENT_TYPES[name]
    shape = shape_of(parts.lengths)
    size = math.prod(shape) * element.itemsize
    if parts.is_external:
        region = _external_region(parts, size, companions)
    elif parts.raw is not None:
        region = parts.raw
    else:
        numbers = parts.numbers.get(numbers_field, RepeatedNumbers(WireType.BYTES))
        region = numbers.region(element.itemsize, math.prod(shape))
    if region.size != size:
        raise ValueError(f"{region.size} bytes are stored for shape {list(shape)} of {element.name}")
    return StoredArray(region, element, "<", shape, c_strides(shape))


def _external_region(parts: _Parts, size: int, companions: CompanionFiles) -> Region:
    offset = _number(parts, "offset", 0)
    length = _number(parts, "length", size)
    return companions.region(parts.external.get("location", ""), offset, length)


def _number(parts: _Parts, key: str, default: int) -> int:
    text = parts.external.get(key)
    if text is None:
        return default
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"its {key} in another file is {text[:40]!r}")
    return int(text)
