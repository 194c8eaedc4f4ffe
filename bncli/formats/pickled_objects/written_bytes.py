"""Bytes as a pickle writes them: protocols before 3 have none, and write Latin-1 text with a call that encodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.formats.encoded_latin1_region import EncodedLatin1Region
from bncli.formats.pickles.inert import LongString, Record
from bncli.formats.regions import Latin1Region, MemoryRegion

if TYPE_CHECKING:
    from bncli.formats.regions import Region

_ENCODE = "_codecs.encode"
_BYTES = frozenset({"builtins.bytes", "__builtin__.bytes"})


def written_bytes(value: Any) -> Any:
    """Return the text or the bytes that stand for bytes in a pickle; any other value as it is."""
    if type(value) is Record:
        if value.class_name == _ENCODE and value.args:
            return value.args[0]
        if value.class_name in _BYTES and not value.args:
            return b""
    return value


def bytes_region(written: Any, size: int | None = None) -> Region:
    """Return bytes that a pickle holds.

    Args:
        written: what `written_bytes` gives.
        size: how many they should be; `None` where that is not known.

    Raises:
        ValueError: they are no bytes.
    """
    if type(written) is LongString:
        content = written.content
        # How many characters a text has, only its end tells: no more than it has bytes.
        return EncodedLatin1Region(content, content.size if size is None else size) if written.is_text else content
    if type(written) is str:
        return Latin1Region(written)
    if type(written) is not bytes:
        raise ValueError(f"without bytes: a {type(written).__name__} is in their place")
    return MemoryRegion(written)
