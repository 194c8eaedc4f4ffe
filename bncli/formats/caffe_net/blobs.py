"""Blobs of a Caffe net: where the values lie and in which shape, without reading them."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.protobuf.heads import WireType
from bncli.formats.protobuf.lengths import lengths_in, shape_of
from bncli.formats.protobuf.repeated_numbers import RepeatedNumbers
from bncli.formats.stored_array import StoredArray, c_strides

if TYPE_CHECKING:
    from bncli.formats.protobuf.wire import Message


class _BlobField(IntEnum):
    """Fields of caffe.BlobProto."""

    NUM = 1
    CHANNELS = 2
    HEIGHT = 3
    WIDTH = 4
    DATA = 5
    SHAPE = 7
    DOUBLE_DATA = 8


_SHAPE_DIM = 1
"""Field of caffe.BlobShape."""
_OLD_SHAPE = (_BlobField.NUM, _BlobField.CHANNELS, _BlobField.HEIGHT, _BlobField.WIDTH)


def read_blob(message: Message) -> StoredArray | None:
    """Return a blob; `None` if it holds no values in single or double precision, which some forks write otherwise.

    Raises:
        ValueError: the blob is broken: its values do not fit its shape, for instance.
    """
    old_lengths: dict[int, int] = {}
    shape: tuple[int, ...] | None = None
    single, double = RepeatedNumbers(WireType.FIXED32), RepeatedNumbers(WireType.FIXED64)
    for item in message.fields():
        match item.number:
            case _BlobField.DATA:
                single.add(item)
            case _BlobField.DOUBLE_DATA:
                double.add(item)
            case _BlobField.SHAPE:
                shape = _shape(item.message())
            case number if number in _OLD_SHAPE:
                old_lengths[number] = item.integer()
            case _:
                pass
    if not single and not double:
        return None
    if single and double:
        raise ValueError("a blob holds its values twice")
    if shape is None:
        shape = tuple(old_lengths.get(number, 0) for number in _OLD_SHAPE) if old_lengths else ()
    if min(shape, default=0) < 0:
        raise ValueError(f"a blob has the shape {list(shape)}")
    element = ELEMENT_TYPES["float32" if single else "float64"]
    region = (single or double).region(element.itemsize, math.prod(shape))
    return StoredArray(region, element, "<", shape, c_strides(shape))


def _shape(message: Message) -> tuple[int, ...]:
    lengths: list[int] = []
    for item in message.fields():
        if item.number == _SHAPE_DIM:
            lengths += lengths_in(item)
            shape_of(lengths)  # before there are more than the file may ask for
    return shape_of(lengths)
