from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from bncli.core.named_arrays import Skipped
from bncli.formats.exported_program.weights import read_weights
from bncli.formats.regions import MemoryRegion
from bncli.formats.zip_archive import ZipArchive


def archive(**members: bytes) -> ZipArchive:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in members.items():
            target.writestr(f"weights/{name}", content)
    return ZipArchive(MemoryRegion(buffer.getvalue()))


def entry(
    shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, dtype: int = 7, **changed: Any
) -> dict[str, Any]:
    meta = {
        "dtype": dtype,
        "sizes": [{"as_int": length} for length in shape],
        "strides": [{"as_int": stride} for stride in strides],
        "storage_offset": {"as_int": offset},
        "layout": 7,
    }
    return {"path_name": "weight_0", "use_pickle": False, "tensor_meta": meta, **changed}


def test_weights_are_views_of_members() -> None:
    values = np.arange(6, dtype=np.float32)
    config = {"config": {"whole": entry((6,), (1,)), "t": entry((3, 2), (1, 3)), "end": entry((2,), (1,), 4)}}
    weights = read_weights(archive(weight_0=values.tobytes()), "weights/", config, "<")
    np.testing.assert_array_equal(weights.arrays["whole"].whole(), values)
    np.testing.assert_array_equal(weights.arrays["t"].whole(), values.reshape(2, 3).T)
    np.testing.assert_array_equal(weights.arrays["end"].whole(), values[4:])


def test_the_byte_order_is_that_of_the_archive() -> None:
    weights = read_weights(
        archive(weight_0=np.arange(3, dtype=">f4").tobytes()), "weights/", {"config": {"a": entry((3,), (1,))}}, ">"
    )
    np.testing.assert_array_equal(weights.arrays["a"].whole(), np.arange(3, dtype=np.float32), strict=True)


def test_memory_that_two_names_share_has_one_identity() -> None:
    config = {"config": {"a": entry((3,), (1,)), "b": entry((3,), (1,)), "c": entry((3,), (1,), 1)}}
    weights = read_weights(archive(weight_0=bytes(16)), "weights/", config, "<")
    assert weights.identities["a"] == weights.identities["b"] != weights.identities["c"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"use_pickle": True}, "was saved as a pickle of its own, as tensors without plain bytes are"),
        ({"dtype": 33}, "its element type number 33 is not one that bncli reads"),
    ],
)
def test_what_cannot_be_read_is_listed(changed: dict[str, Any], reason: str) -> None:
    weights = read_weights(archive(), "weights/", {"config": {"a": entry((3,), (1,), **changed)}}, "<")
    assert (weights.arrays, weights.skipped) == ({}, [Skipped("a", reason)])


def test_a_member_must_be_there_and_long_enough() -> None:
    for content in ({}, {"weight_0": bytes(8)}):
        with pytest.raises(ValueError, match="array 'a'"):
            read_weights(archive(**content), "weights/", {"config": {"a": entry((3,), (1,))}}, "<")
