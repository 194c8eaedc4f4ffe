from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from bncli.formats.mxnet_list.arrays import read_array
from bncli.formats.mxnet_list.cursor import Cursor
from bncli.formats.regions import MemoryRegion
from bncli.formats.stored_array import StoredArray
from tests.helpers.mxnet_lists import MAGICS, TYPES, array, shape_in_64_bits


def read(content: bytes) -> StoredArray | str:
    cursor = Cursor(MemoryRegion(content))
    found = read_array(cursor)
    with pytest.raises(EOFError):
        cursor.run(1)
    return found


@pytest.mark.parametrize("version", MAGICS)
@pytest.mark.parametrize("dtype", TYPES)
def test_an_array_of_every_type_and_version_comes_back(version: str, dtype: str) -> None:
    values = np.arange(12).reshape(3, 4).astype(dtype)
    found = read(array(values, version))
    assert isinstance(found, StoredArray)
    np.testing.assert_array_equal(found.whole(), values, strict=True)


def test_bfloat16_is_widened() -> None:
    content = bytearray(array(np.array([0x3F80, 0xC000], np.uint16)))
    content[-8:-4] = struct.pack("<i", 12)
    found = read(bytes(content))
    assert isinstance(found, StoredArray)
    assert found.element.name == "bfloat16"
    assert found.whole().tolist() == [1.0, -2.0]


def test_only_the_newest_version_has_scalars() -> None:
    found = read(array(np.array(2.5, np.float32), "1.6"))
    assert isinstance(found, StoredArray)
    assert found.whole() == np.float32(2.5)


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<I", 0),
        struct.pack("<I", 0xF993FAC8) + shape_in_64_bits(()),
        struct.pack("<Ii", 0xF993FAC9, 0) + shape_in_64_bits(()),
        struct.pack("<Iii", 0xF993FACA, 0, -1),
        struct.pack("<Ii", 0xF993FACA, 0) + shape_in_64_bits((3, -1)),
    ],
)
def test_an_array_that_was_never_given_values_has_none(content: bytes) -> None:
    assert read(content) == "has no values"


@pytest.mark.parametrize("num_indices", [1, 2])
def test_a_sparse_array_is_stepped_over(num_indices: int) -> None:
    content = struct.pack("<Ii", 0xF993FAC9, num_indices) + shape_in_64_bits((2, 3)) + shape_in_64_bits((10, 3))
    content += struct.pack("<iii", 1, 0, 0)
    content += (struct.pack("<i", 6) + shape_in_64_bits((2,))) * num_indices
    assert read(content + bytes(2 * 3 * 4 + 2 * 8 * num_indices)) == "is stored sparsely"


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<I", 65),
        struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<Ii", 0xF993FAC9, 3),
        struct.pack("<Iii", 0xF993FAC9, 0, -2),
        struct.pack("<Iii", 0xF993FAC9, 0, 2**31 - 1),
        struct.pack("<Ii", 0xF993FAC9, 0) + shape_in_64_bits((-2,)),
        struct.pack("<Ii", 0xF993FAC9, 0) + shape_in_64_bits((2**62, 2**62)) + struct.pack("<iii", 1, 0, 0),
        struct.pack("<Ii", 0xF993FAC9, 0) + shape_in_64_bits((1,)) + struct.pack("<iiif", 1, 0, 13, 0),
        struct.pack("<Ii", 0xF993FAC9, 0) + shape_in_64_bits((1,)) + struct.pack("<iiif", 1, 0, -1, 0),
        array(np.ones(3))[:-1],
        b"",
    ],
)
def test_an_array_that_breaks_the_rules_is_refused(content: Any) -> None:
    with pytest.raises((ValueError, EOFError)):
        read_array(Cursor(MemoryRegion(content)))
