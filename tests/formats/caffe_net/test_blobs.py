from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.formats.caffe_net.blobs import read_blob
from bncli.formats.protobuf.wire import WireFile
from bncli.formats.regions import MemoryRegion
from tests.helpers.caffe_nets import blob
from tests.helpers.protobuf_bytes import bytes_field, float_field, number_field

if TYPE_CHECKING:
    from bncli.formats.stored_array import StoredArray

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


def read(content: bytes) -> StoredArray | None:
    return read_blob(WireFile(MemoryRegion(content)).root())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("is_old", [False, True])
def test_a_blob_comes_back_in_its_shape(dtype: str, is_old: bool) -> None:
    values = VALUES.astype(dtype)
    found = read(blob(values, is_old=is_old))
    assert found is not None
    np.testing.assert_array_equal(found.whole(), values.reshape(1, 1, 2, 3) if is_old else values, strict=True)


def test_values_may_be_written_one_by_one() -> None:
    found = read(b"".join(float_field(5, number) for number in (1.5, 2.5)) + bytes_field(7, number_field(1, 2)))
    assert found is not None
    assert found.whole().tolist() == [1.5, 2.5]


def test_a_blob_without_values_of_a_known_precision_is_none() -> None:
    assert read(bytes_field(7, number_field(1, 2))) is None


@pytest.mark.parametrize(
    "content",
    [
        bytes_field(5, bytes(8)) + bytes_field(7, number_field(1, 3)),
        bytes_field(5, bytes(8)),
        bytes_field(5, bytes(8)) + bytes_field(8, bytes(8)) + bytes_field(7, number_field(1, 2)),
        bytes_field(5, bytes(8)) + bytes_field(7, number_field(1, 2**64 - 2)),
        bytes_field(5, bytes(8)) + number_field(1, 2**64 - 1) + number_field(2, 2**64 - 2),
        bytes_field(5, bytes(4)) + bytes_field(7, number_field(1, 1) * 65),
    ],
)
def test_a_blob_that_contradicts_itself_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="a blob|an array|are stored"):
        read(content)
