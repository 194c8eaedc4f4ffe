from __future__ import annotations

import numpy as np
import pytest

from bncli.formats.regions import MemoryRegion
from bncli.formats.tensorflow_checkpoint.bundle_entries import UnreadEntryError, read_entry, read_header
from tests.helpers.tensorflow_files import DATA_TYPES, entry, field, header


@pytest.mark.parametrize(("endianness", "byte_order"), [(0, "<"), (1, ">")])
def test_the_header_says_how_many_files_there_are_and_in_which_byte_order(endianness: int, byte_order: str) -> None:
    read = read_header(header(3, endianness))
    assert (read.num_shards, read.byte_order) == (3, byte_order)


@pytest.mark.parametrize("num_shards", [0, -1, 10**6])
def test_a_number_of_files_that_no_name_can_hold_is_refused(num_shards: int) -> None:
    with pytest.raises(ValueError, match="data files"):
        read_header(header(num_shards))


@pytest.mark.parametrize("name", DATA_TYPES)
def test_an_entry_tells_type_shape_and_place(name: str) -> None:
    values = np.arange(6).reshape(2, 3).astype(name)
    read = read_entry(entry(DATA_TYPES[name], (2, 3), 40, values.nbytes, shard=2))
    assert (read.shape, read.shard, read.offset, read.size) == ((2, 3), 2, 40, values.nbytes)
    array = read.stored_array(MemoryRegion(values.tobytes()), "<")
    np.testing.assert_array_equal(array.whole(), values, strict=True)


def test_values_may_be_written_by_a_big_endian_machine() -> None:
    values = np.linspace(-1, 1, 4, dtype=">f4")
    array = read_entry(entry(1, (4,), 0, 16)).stored_array(MemoryRegion(values.tobytes()), ">")
    np.testing.assert_array_equal(array.whole(), values)


def test_a_scalar_has_no_axes_and_an_axis_may_be_empty() -> None:
    assert read_entry(entry(1, (), 0, 4)).shape == ()
    assert read_entry(field(1, 1) + field(2, field(2, b""))).shape == (0,)


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (entry(7, (), 0, 9), "string"),
        (entry(20, (), 0, 9), "resource"),
        (entry(99, (), 0, 9), "number 99"),
        (entry(1, (4,), 0, 0) + field(7, b""), "slices"),
    ],
)
def test_a_tensor_of_a_kind_that_is_not_read_is_told(encoded: bytes, reason: str) -> None:
    with pytest.raises(UnreadEntryError, match=reason):
        read_entry(encoded).stored_array(MemoryRegion(b""), "<")


@pytest.mark.parametrize(
    "encoded",
    [
        entry(1, (-1,), 0, 4),
        entry(1, (2,) * 65, 0, 4),
        entry(1, (1,), -4, 4),
        entry(1, (1,), 0, -4),
        entry(1, (1,), 0, 4, shard=-1),
        entry(1, (1,), 0, 4)[:-1],
        field(1, b"float"),
    ],
)
def test_a_broken_entry_is_refused(encoded: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        read_entry(encoded)


@pytest.mark.parametrize("size", [0, 12, 20, 2**40])
def test_a_shape_that_does_not_fit_the_bytes_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="bytes"):
        read_entry(entry(1, (4,), 0, size)).stored_array(MemoryRegion(bytes(min(size, 100))), "<")
