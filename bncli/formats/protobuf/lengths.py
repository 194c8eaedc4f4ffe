"""Lengths of an array's axes, as messages hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.protobuf.heads import MAX_VARINT_BYTES, WireType
from bncli.formats.protobuf.varints import decode_varints
from bncli.formats.protobuf.wire import MAX_INT64, as_int64
from bncli.formats.stored_array import MAX_AXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.formats.protobuf.wire import Field


def lengths_in(field: Field) -> list[int]:
    """Return the lengths in one occurrence of a repeated field, as they are stored: one, or several packed together.

    Raises:
        ValueError: the field is of another type, or its last number is cut off.
    """
    if field.wire_type is WireType.VARINT:
        return [field.value]
    region = field.region()
    encoded = region.read(0, min(region.size, MAX_AXES * MAX_VARINT_BYTES + 1))
    return [int(length) for length in decode_varints(encoded)]


def shape_of(lengths: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that lengths make, given as they are stored.

    Raises:
        ValueError: there are more than an array can have, or a negative one.
    """
    if len(lengths) > MAX_AXES:
        raise ValueError(f"an array has over {MAX_AXES} axes")
    if lengths and max(lengths) > MAX_INT64:
        raise ValueError(f"an array has the shape {[as_int64(length) for length in lengths]}")
    return tuple(lengths)
