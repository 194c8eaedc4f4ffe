"""The first fields of what may be a protocol buffer: a look at the beginning of a file, for recognition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.protobuf.wire import Message, WireFile
from bncli.formats.regions import MemoryRegion

if TYPE_CHECKING:
    from bncli.formats.protobuf.wire import Field


_NO_END = 2**62


def first_fields(head: bytes) -> list[Field]:
    """Return the fields that begin in the first bytes of a file; none where these are no protocol buffer.

    The last may reach past the end of the file, which can have been cut off.
    """
    fields: list[Field] = []
    message = Message(WireFile(MemoryRegion(head)), 0, _NO_END, 0)
    try:
        fields.extend(message.fields())
    except EOFError:
        # The head ends here.
        return fields
    except ValueError:
        return []
    return fields
