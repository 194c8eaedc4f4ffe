from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from bncli.formats.hdf5.datasets import UnreadDatasetError, stored_array
from bncli.formats.regions import MemoryRegion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bncli.formats.stored_array import StoredArray

VALUES = np.arange(60, dtype=np.float32).reshape(4, 15)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.h5"


def read(path: Path) -> Any:
    """Return what the dataset `x` holds, read while h5py has the file open."""
    with h5py.File(path) as file:
        return array_of(file, path).whole()


def array_of(file: Any, path: Path) -> StoredArray:
    return stored_array(file["x"], file, MemoryRegion(path.read_bytes()))


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2", ">f2", "<i4", "|u1", ">i8", "bool"])
@pytest.mark.parametrize("options", [{}, {"chunks": (3, 4)}, {"chunks": (3, 4), "compression": "gzip"}])
def test_values_are_those_that_h5py_reads(path: Path, dtype: str, options: dict[str, Any]) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=VALUES.astype(dtype), **options)
    np.testing.assert_array_equal(
        read(path), VALUES.astype(dtype).astype(np.dtype(dtype).newbyteorder("=")), strict=True
    )


def test_every_filter_that_needs_no_plugin_is_undone(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=VALUES, chunks=(4, 4), compression="gzip", shuffle=True, fletcher32=True)
    np.testing.assert_array_equal(read(path), VALUES)


def write_within_the_description(path: Path) -> None:
    """Write four values where the format keeps what it says of a dataset."""
    with h5py.File(path, "w") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((4,))
        dataset = h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F32LE, space, properties)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, VALUES[0, :4].copy())


def test_values_in_the_description_of_the_dataset_are_read(path: Path) -> None:
    write_within_the_description(path)
    np.testing.assert_array_equal(read(path), VALUES[0, :4])


def test_numbers_of_more_bits_than_numpy_has_are_told(path: Path) -> None:
    # An exponent of 64 bits and a mantissa of 112.
    wide = h5py.h5t.IEEE_F64LE.copy()
    wide.set_size(32)
    wide.set_precision(256)
    wide.set_fields(255, 176, 64, 0, 112)
    with h5py.File(path, "w") as file:
        h5py.h5d.create(file.id, b"x", wide, h5py.h5s.create_simple((4,)))
    with h5py.File(path) as file, pytest.raises(UnreadDatasetError, match="its element type is not one"):
        array_of(file, path)


def write_in_chunks(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=VALUES[0, :4], chunks=(3,))


@pytest.mark.parametrize("write", [write_within_the_description, write_in_chunks])
def test_no_dataset_stays_open_until_its_values_are_asked_for(path: Path, write: Callable[[Path], None]) -> None:
    write(path)
    with h5py.File(path) as file:
        array = array_of(file, path)
        assert h5py.h5f.get_obj_count(file.id, h5py.h5f.OBJ_DATASET) == 0
        np.testing.assert_array_equal(array.whole(), VALUES[0, :4])
        assert h5py.h5f.get_obj_count(file.id, h5py.h5f.OBJ_DATASET) == 0


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_scalars_and_empty_arrays_are_read(path: Path, shape: tuple[int, ...]) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = np.ones(shape)
    np.testing.assert_array_equal(read(path), np.ones(shape), strict=True)


def test_opaque_bytes_by_two_are_the_bfloat16_of_keras(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = (VALUES.view(np.uint32) >> 16).astype(np.uint16).view("V2")
    np.testing.assert_array_equal(read(path), VALUES)


def write_external(file: Any) -> None:
    file.create_dataset("x", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def write_virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "y", (4,))
    file.create_virtual_dataset("x", layout)


def write_moved_bits(file: Any) -> None:
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_ebias(100)
    h5py.h5d.create(file.id, b"x", kind, h5py.h5s.create_simple((4,))).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.ones(4, np.float32)
    )


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (write_external, "other files"),
        (write_virtual, "other files"),
        (write_moved_bits, "element type"),
        (lambda file: file.create_dataset("x", data=VALUES, compression="lzf"), "filter 32000"),
        (lambda file: file.create_dataset("x", data=["a", "b"]), "element type"),
        (lambda file: file.create_dataset("x", data=np.ones(3, "c8")), "element type complex64"),
        (lambda file: file.create_dataset("x", data=np.ones(3, [("a", "f4")])), "element type record is"),
        (lambda file: file.create_dataset("x", data=np.ones(3, [("a", [("b", "f4")], 2)])), "element type record is"),
        (lambda file: file.create_dataset("x", dtype=np.dtype(([("a", "f4")], 2)), shape=1), "element type record is"),
        (lambda file: file.create_dataset("x", data=np.ones(3, "g")), "element type"),
        (lambda file: file.create_dataset("x", data=h5py.Empty("f4")), "holds nothing"),
        (lambda file: file.create_dataset("x", (10**9,), "f4"), "never written"),
        (lambda file: file.create_dataset("x", (10**9,), "f4", chunks=(100,)), "never written"),
    ],
)
def test_a_dataset_of_another_kind_is_told(path: Path, write: Callable[[Any], Any], reason: str) -> None:
    with h5py.File(path, "w") as file:
        write(file)
    with h5py.File(path) as file, pytest.raises(UnreadDatasetError, match=reason):
        array_of(file, path)


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2", "|u1", "bool", "V2"])
@pytest.mark.parametrize("options", [{}, {"compression": "gzip", "shuffle": True}, {"fillvalue": 1}])
def test_chunks_that_were_never_written_are_filled_as_h5py_fills_them(
    path: Path, dtype: str, options: dict[str, Any]
) -> None:
    if dtype == "V2" and "fillvalue" in options:
        options = {"fillvalue": np.void(b"\x80\x3f")}
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", (10, 7), dtype, chunks=(4, 3), **options)
        dataset[2:5, 1] = np.array([3, 4, 5], "<u2").view("V2") if dtype == "V2" else [3, 4, 5]
    with h5py.File(path) as file:
        expected = file["x"][()]
    if dtype == "V2":
        expected = (expected.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(read(path), expected.astype(expected.dtype.newbyteorder("=")), strict=True)


def test_a_fill_value_that_is_left_open_counts_as_zero(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (6,), "f4", chunks=(3,))[:3] = 1
    content = path.read_bytes()
    is_defined = b"\x02\x03\x02\x01" + bytes(4)  # version, when space is taken, when filled, whether defined, size
    assert content.count(is_defined) == 1
    path.write_bytes(content.replace(is_defined, b"\x02\x03\x02\x00" + bytes(4)))
    with h5py.File(path) as file:
        assert file["x"].id.get_create_plist().fill_value_defined() == h5py.h5d.FILL_VALUE_UNDEFINED
    np.testing.assert_array_equal(read(path), [1, 1, 1, 0, 0, 0])


def test_a_large_dataset_that_was_hardly_written_is_told(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (10**9,), "f4", chunks=(100,))[5] = 1
    with h5py.File(path) as file, pytest.raises(UnreadDatasetError, match="but for 1 of its 10000000 chunks"):
        array_of(file, path)
