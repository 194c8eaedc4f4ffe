from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import h5py
import pytest

from bncli.errors import MalformedFile
from bncli.formats.detection import open_named_arrays
from bncli.formats.hdf5.local_heap import require_sound_names
from bncli.formats.regions import MemoryRegion

if TYPE_CHECKING:
    from pathlib import Path

DATA_AT = 40


def heap(first: int, blocks: dict[int, int], size: int = 64) -> bytes:
    """Return a heap whose free blocks are at offsets in its data, each with the offset of the next; 1 is the last."""
    data = bytearray(size)
    for at, following in blocks.items():
        struct.pack_into("<2Q", data, at, following, 16)
    return (b"HEAP" + bytes(4) + struct.pack("<3Q", size, first, DATA_AT)).ljust(DATA_AT, b"\0") + bytes(data)


@pytest.mark.parametrize("sound", [heap(1, {}), heap(8, {8: 1}), heap(48, {48: 0, 0: 1}), heap(0, {0: 16, 16: 1})])
def test_a_heap_whose_free_blocks_come_to_an_end_is_sound(sound: bytes) -> None:
    require_sound_names(MemoryRegion(sound), 0)


@pytest.mark.parametrize("broken", [heap(8, {8: 8}), heap(0, {0: 16, 16: 0}), heap(56, {}), heap(2**64 - 1, {})])
def test_a_heap_whose_free_blocks_a_walk_would_not_leave_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="a free block at byte"):
        require_sound_names(MemoryRegion(broken), 0)


def test_a_heap_that_ends_with_the_file_is_refused() -> None:
    with pytest.raises(EOFError):
        require_sound_names(MemoryRegion(heap(48, {48: 1})[:-16]), 0)


def test_a_file_on_which_the_library_loops_for_ever_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["vars/0"] = [1.0]
    content = bytearray(path.read_bytes())
    at = content.rindex(b"HEAP")
    free, data = struct.unpack_from("<2Q", content, at + 16)
    struct.pack_into("<Q", content, data + free, free)
    path.write_bytes(content)
    with pytest.raises(MalformedFile, match=f"a free block at byte {free} of a heap"):
        open_named_arrays(path)
