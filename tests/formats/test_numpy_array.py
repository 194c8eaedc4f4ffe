from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.errors import MalformedFile, UnsafeFile, UnsupportedFormat
from bncli.formats.numpy_array import open_numpy_array, recognizes
from bncli.formats.probe import probe_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.npy"


def test_the_array_goes_by_the_name_array(path: Path) -> None:
    np.save(path, np.arange(6.0).reshape(2, 3))
    assert recognizes(probe_file(path))
    with open_numpy_array(path) as arrays:
        assert list(arrays.specs) == ["array"]
        assert (arrays.specs["array"].shape, arrays.specs["array"].dtype) == ((2, 3), "float64")
        np.testing.assert_array_equal(arrays.read("array"), np.arange(6.0).reshape(2, 3))


def test_an_array_larger_than_memory_can_be_read_in_blocks(path: Path) -> None:
    # A sparse file: 1 TB by its size, a few kilobytes on the disk.
    header = {"descr": "<f4", "fortran_order": False, "shape": (2**28, 1024)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        file.truncate(start + 2**40)
        file.seek(start + 2**39)
        file.write(np.array([1, 2, 3], "<f4").tobytes())
    with open_numpy_array(path) as arrays:
        np.testing.assert_array_equal(arrays.read_flat("array", 2**37, 2**37 + 3), [1, 2, 3])
        assert arrays.bytes_read == start + 12


def test_an_array_in_fortran_order_is_read_once_for_all_blocks(path: Path) -> None:
    values = np.asfortranarray(np.arange(24.0).reshape(4, 6))
    np.save(path, values)
    with open_numpy_array(path) as arrays:
        blocks = [arrays.read_flat("array", start, start + 8) for start in (0, 8, 16)]
        np.testing.assert_array_equal(np.concatenate(blocks), values.reshape(-1))
        assert arrays.bytes_read == path.stat().st_size


def test_python_objects_are_unsafe(path: Path) -> None:
    np.save(path, np.array([None]), allow_pickle=True)
    with pytest.raises(UnsafeFile, match=r"x\.npy: holds Python objects"):
        open_numpy_array(path)


def test_text_is_not_supported(path: Path) -> None:
    np.save(path, np.array(["a"]))
    with pytest.raises(UnsupportedFormat, match=r"x\.npy: its elements are '<U1', not numbers"):
        open_numpy_array(path)


def test_two_arrays_in_one_file_are_refused(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.arange(3))
        np.save(file, np.arange(3))
    with pytest.raises(MalformedFile, match="24 bytes, and 176 follow"):
        open_numpy_array(path)


def test_a_file_cut_short_is_refused(path: Path) -> None:
    np.save(path, np.arange(100))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(MalformedFile, match=r"x\.npy: broken as a \.npy file"):
        open_numpy_array(path)
