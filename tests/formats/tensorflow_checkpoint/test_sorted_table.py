from __future__ import annotations

import struct

import pytest

from bncli.formats.regions import MemoryRegion
from bncli.formats.tensorflow_checkpoint.sorted_table import read_table
from tests.helpers.protobuf_bytes import varint
from tests.helpers.tensorflow_files import MAGIC, block, table

ENTRIES = {f"layer_{number:03}/gamma".encode(): str(number).encode() * 3 for number in range(100)}


def read(content: bytes) -> dict[bytes, bytes]:
    return dict(read_table(MemoryRegion(content)))


def table_of(*blocks: bytes, starts: dict[int, int] | None = None) -> bytes:
    """Return a table of blocks as they are; `starts` moves where the index says that one begins."""
    content, places = b"", {}
    for number, part in enumerate(blocks):
        places[bytes([number])] = varint((starts or {}).get(number, len(content))) + varint(len(part))
        content += part + bytes(5)
    index = block(places)
    footer = (varint(0) * 2 + varint(len(content)) + varint(len(index))).ljust(40, b"\0")
    return content + index + bytes(5) + footer + struct.pack("<Q", MAGIC)


@pytest.mark.parametrize("entries_per_block", [1, 7, 1000])
def test_keys_and_values_come_back_in_their_order(entries_per_block: int) -> None:
    assert list(read(table(ENTRIES, entries_per_block)).items()) == list(ENTRIES.items())


def test_a_table_may_be_empty() -> None:
    assert read(table({})) == {}


@pytest.mark.parametrize("compression", [1, 2, 9])
def test_a_compressed_block_is_refused(compression: int) -> None:
    with pytest.raises(ValueError, match="compressed"):
        read(table(ENTRIES, compression=compression))


def test_what_does_not_end_as_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="cut short"):
        read(table(ENTRIES) + b"x")
    with pytest.raises(EOFError):
        read(bytes(20))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (table({b"b": b"", b"a": b""}), "not after"),
        (table_of(block({b"a": b"1"}), block({b"b": b"1"}), starts={1: 0}), "begins inside"),
        (table_of(varint(5) + varint(1) + varint(0) + b"a" + struct.pack("<II", 0, 1)), "reaches past"),
        (table_of(varint(0) + varint(1) + varint(9) + b"a" + struct.pack("<II", 0, 1)), "reaches past"),
        (table_of(struct.pack("<I", 2**32 - 1)), "shorter than the list"),
        (table_of(b""), "shorter than the list"),
    ],
)
def test_a_block_that_contradicts_itself_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read(content)


def test_a_block_of_a_size_that_no_index_has_is_not_read() -> None:
    footer = (varint(0) * 2 + varint(0) + varint(2**40)).ljust(40, b"\0")
    with pytest.raises(ValueError, match="a block of 1099511627776 bytes"):
        read(footer + struct.pack("<Q", MAGIC))


def test_few_bytes_that_stand_for_gigabytes_of_keys_are_refused() -> None:
    long = b"a" * 200_000
    entries = varint(0) + varint(len(long)) + varint(0) + long
    entries += b"".join(varint(len(long) + number) + varint(1) + varint(0) + b"a" for number in range(2000))
    with pytest.raises(ValueError, match="bytes of keys"):
        read(table_of(entries + struct.pack("<II", 0, 1)))
