from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import h5py
import pytest

from bncli.errors import MalformedFile
from bncli.formats.detection import open_named_arrays
from bncli.formats.hdf5.global_heap import require_sound_heap
from bncli.formats.regions import MemoryRegion

if TYPE_CHECKING:
    from pathlib import Path


def heap(*objects: tuple[int, int], size: int = 128) -> bytes:
    """Return a heap of objects by index and length, filled up with zeros."""
    content = b"GCOL\1\0\0\0" + struct.pack("<Q", size)
    for index, length in objects:
        content += struct.pack("<HHIQ", index, 1, 0, length)
        content += bytes(min(-(-length // 8) * 8, size) if index else 0)
    return content.ljust(min(size, 1000), b"\0")


def test_a_heap_whose_objects_follow_each_other_is_sound() -> None:
    for whole in (heap((1, 5), (2, 16), (0, 56)), heap((1, 96)), heap((0, 112)), heap(size=16)):
        require_sound_heap(MemoryRegion(b"before" + whole), 6)


@pytest.mark.parametrize("broken", [heap((1, 5)), heap((0, 8)), heap((1, 200)), heap((1, 2**64 - 1)), heap(size=2**40)])
def test_a_heap_that_a_walk_would_not_leave_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="heap of"):
        require_sound_heap(MemoryRegion(broken), 0)


def test_a_heap_that_ends_with_the_file_is_refused() -> None:
    with pytest.raises(EOFError):
        require_sound_heap(MemoryRegion(heap((0, 112))[:100]), 0)


def test_a_file_on_which_the_library_loops_for_ever_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{}" * 10
    content = path.read_bytes()
    at = content.index(b"GCOL") + 24
    path.write_bytes(content[:at] + bytes([200]) + content[at + 1 :])
    with pytest.raises(MalformedFile, match="in a heap of 4096"):
        open_named_arrays(path)
