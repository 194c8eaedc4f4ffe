"""The first fields of what may be a protocol buffer: a look at the beginning of a file, for recognition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.protobuf.wire import Message, WireFile
from bncli.formats.regions import MemoryRegion

if TYPE_CHECKING:
    from bncli.formats.protobuf.wire import Field


def first_fields(head: bytes, size_bytes: int) -> list[Field]:
    """Return the fields that begin in the first bytes of a file; none where these are no protocol buffer.

    Args:
        head: the first bytes.
        size_bytes: size of the whole file, past which no field may reach.
    """
    fields: list[Field] = []
    message = Message(WireFile(MemoryRegion(head)), 0, size_bytes, 0)
    try:
        fields.extend(message.fields())
    except EOFError:
        # The head ends here, and the file goes on.
        return fields
    except ValueError:
        return []
    return fields
