"""The index file of a TensorFlow checkpoint: keys and values in sorted blocks, laid out as LevelDB's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.name_length import MAX_NAME_LENGTH
from bncli.formats.protobuf.wire import WireFile
from bncli.formats.regions import MemoryRegion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.formats.regions import Region

_FOOTER_BYTES = 48
_MAGIC = 0xDB4775248B80FB57
_TRAILER_BYTES = 5
"""After each block: how it is compressed, and its checksum."""
_NUMBER_BYTES = 4
_UNCOMPRESSED = 0
_COMPRESSIONS = {1: "snappy", 2: "zstd"}
_MAX_BLOCK_BYTES = 64 * 1024**2
_MAX_ENTRIES = 1_000_000
_MAX_KEY_BYTES = 256 * 1024**2
"""Of all keys together: a key repeats the beginning of the one before it, so that few bytes can stand for many."""


def read_table(content: Region) -> Iterator[tuple[bytes, bytes]]:
    """Return the keys and values in their order, which is ascending; block by block, so that memory stays small.

    Raises:
        ValueError: the table is broken, or one of its blocks is compressed, which those of checkpoints never are.
        EOFError: it is cut short.
    """
    footer = WireFile(MemoryRegion(bytes(content.read(content.size - _FOOTER_BYTES, _FOOTER_BYTES))))
    if int.from_bytes(footer.read(_FOOTER_BYTES - 8, _FOOTER_BYTES), "little") != _MAGIC:
        raise ValueError("it does not end as an index does, is it cut short?")
    _, stop = _handle(footer, 0, _FOOTER_BYTES)
    place, _ = _handle(footer, stop, _FOOTER_BYTES)
    num_entries = num_key_bytes = 0
    last_key, last_stop = None, 0
    for _, value in _block_entries(_block(content, *place)):
        (start, size), _ = _handle(WireFile(MemoryRegion(value)), 0, len(value))
        if start < last_stop:
            raise ValueError(f"byte {start}: a block begins inside the one before it")
        last_stop = start + size
        for key, entry in _block_entries(_block(content, start, size)):
            if last_key is not None and key <= last_key:
                raise ValueError(f"the key {key[:80]!r} is not after the one before it")
            num_entries += 1
            num_key_bytes += len(key)
            if num_entries > _MAX_ENTRIES or num_key_bytes > _MAX_KEY_BYTES or len(key) > MAX_NAME_LENGTH:
                raise ValueError(f"over {_MAX_ENTRIES} entries, {_MAX_KEY_BYTES} bytes of keys, or a key too long")
            last_key = key
            yield key, entry


def _handle(file: WireFile, start: int, limit: int) -> tuple[tuple[int, int], int]:
    """Return where a block is and how long, as it is written from `start` on, and where that ends."""
    offset, start = file.varint(start, limit)
    size, start = file.varint(start, limit)
    return (offset, size), start


def _block(content: Region, offset: int, size: int) -> bytes:
    if size > _MAX_BLOCK_BYTES:
        raise ValueError(f"byte {offset}: a block of {size} bytes")
    stored = bytes(content.read(offset, size + _TRAILER_BYTES))
    if stored[size] != _UNCOMPRESSED:
        method = _COMPRESSIONS.get(stored[size], f"method {stored[size]}")
        raise ValueError(f"byte {offset}: a block is compressed with {method}, which no checkpoint's is")
    return stored[:size]


def _block_entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    num_restarts = int.from_bytes(block[-_NUMBER_BYTES:], "little")
    stop = len(block) - _NUMBER_BYTES * (num_restarts + 1)
    if stop < 0:
        raise ValueError("a block is shorter than the list at its end")
    file = WireFile(MemoryRegion(block))
    key = b""
    position = 0
    while position < stop:
        num_shared, position = file.varint(position, stop)
        num_own, position = file.varint(position, stop)
        num_value, position = file.varint(position, stop)
        value_start = position + num_own
        if num_shared > len(key) or value_start + num_value > stop:
            raise ValueError("an entry of a block reaches past what holds it")
        key = key[:num_shared] + block[position:value_start]
        position = value_start + num_value
        yield key, block[value_start:position]
