"""The bytes of a repeated number field, which a writer may pack into one run, or several, or write one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.protobuf.heads import WireType
from bncli.formats.protobuf.varints import VarintRegion
from bncli.formats.regions import JoinedRegion, MemoryRegion, SubRegion

if TYPE_CHECKING:
    from bncli.formats.protobuf.wire import Field
    from bncli.formats.regions import Region


class RepeatedNumbers:
    """Collects the occurrences of one repeated field of a message; no value is read.

    Args:
        wire_type: how one number is written, packed or not.
    """

    def __init__(self, wire_type: WireType) -> None:
        self._wire_type = wire_type
        self._parts: list[Region] = []

    def add(self, field: Field) -> None:
        """Take one more occurrence.

        Raises:
            ValueError: the field is written as another type.
        """
        if field.wire_type not in (self._wire_type, WireType.BYTES):
            raise ValueError(f"byte {field.start}: field {field.number} is of another type than it should be")
        self._parts.append(SubRegion(field.parent.file.content, field.start, field.stop - field.start))

    def __bool__(self) -> bool:
        return bool(self._parts)

    @property
    def num_bytes(self) -> int:
        """Bytes of all numbers, as they are written."""
        return sum(part.size for part in self._parts)

    def region(self, itemsize: int, count: int) -> Region:
        """Return the bytes of `count` elements of `itemsize` bytes each, as an array holds them.

        Raises:
            ValueError: there are not so many bytes.
        """
        encoded = self._joined()
        if self._wire_type is WireType.VARINT:
            if count > encoded.size:
                raise ValueError(f"{encoded.size} bytes are stored for {count} elements")
            return VarintRegion(encoded, itemsize, count)
        if encoded.size != count * itemsize:
            raise ValueError(f"{encoded.size} bytes are stored for {count} elements of {itemsize}")
        return encoded

    def _joined(self) -> Region:
        if len(self._parts) == 1:
            return self._parts[0]
        return JoinedRegion(tuple(self._parts)) if self._parts else MemoryRegion(b"")
