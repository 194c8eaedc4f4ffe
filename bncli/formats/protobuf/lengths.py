"""Lengths of an array's axes, as messages hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.protobuf.varints import decode_varints
from bncli.formats.protobuf.wire import WireType
from bncli.formats.stored_array import MAX_AXES

if TYPE_CHECKING:
    from bncli.formats.protobuf.wire import Field

_MAX_VARINT_BYTES = 10


class Lengths:
    """Collects the occurrences of a repeated field of lengths."""

    def __init__(self) -> None:
        self._lengths: list[int] = []

    def add(self, field: Field) -> None:
        """Take one more occurrence, which holds one length or several.

        Raises:
            ValueError: there are more than an array can have, or a negative one.
        """
        if field.wire_type is WireType.VARINT:
            self._lengths.append(field.integer())
        else:
            region = field.region()
            encoded = region.read(0, min(region.size, MAX_AXES * _MAX_VARINT_BYTES + 1))
            self._lengths += [int(length) for length in decode_varints(encoded).astype("<i8")]
        if len(self._lengths) > MAX_AXES:
            raise ValueError(f"an array has over {MAX_AXES} axes")
        if min(self._lengths, default=0) < 0:
            raise ValueError(f"an array has the shape {self._lengths}")

    @property
    def shape(self) -> tuple[int, ...]:
        """All lengths so far."""
        return tuple(self._lengths)
