from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bncli.formats.element_types import ELEMENT_TYPES

# Types that NumPy lacks, and the torch type that says what each bit pattern means.
WIDENED = {
    "bfloat16": torch.bfloat16,
    "float8_e4m3fn": torch.float8_e4m3fn,
    "float8_e4m3fnuz": torch.float8_e4m3fnuz,
    "float8_e5m2": torch.float8_e5m2,
    "float8_e5m2fnuz": torch.float8_e5m2fnuz,
}


def every_pattern(itemsize: int) -> np.ndarray[Any, Any]:
    return np.arange(256**itemsize).astype(f"<u{itemsize}")


@pytest.mark.parametrize("name", WIDENED)
def test_every_bit_pattern_widens_to_the_value_that_torch_gives_it(name: str) -> None:
    element = ELEMENT_TYPES[name]
    patterns = every_pattern(element.itemsize)
    ours = element.decode(bytearray(patterns.tobytes()), "<")
    theirs = torch.from_numpy(patterns.copy()).view(WIDENED[name]).to(torch.float32).numpy()
    assert ours.dtype == np.float32
    np.testing.assert_array_equal(ours, theirs)
    numbers = ~np.isnan(ours)
    np.testing.assert_array_equal(np.signbit(ours)[numbers], np.signbit(theirs)[numbers])


def test_bfloat16_keeps_the_payload_of_a_nan() -> None:
    patterns = every_pattern(2)
    widened = ELEMENT_TYPES["bfloat16"].decode(bytearray(patterns.tobytes()), "<")
    np.testing.assert_array_equal(widened.view(np.uint32) >> 16, patterns)


@pytest.mark.parametrize("name", sorted(set(ELEMENT_TYPES) - set(WIDENED)))
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_types_that_numpy_has_come_back_bit_for_bit_in_native_order(name: str, byte_order: Any) -> None:
    dtype = np.dtype(name)
    values = np.random.default_rng(0).integers(0, 2, 12).astype(dtype) * dtype.type(1)
    decoded = ELEMENT_TYPES[name].decode(bytearray(values.astype(dtype.newbyteorder(byte_order)).tobytes()), byte_order)
    assert decoded.dtype == dtype
    assert decoded.dtype.isnative
    assert decoded.tobytes() == values.tobytes()


def test_big_endian_bfloat16_is_the_same_value() -> None:
    element = ELEMENT_TYPES["bfloat16"]
    np.testing.assert_array_equal(
        element.decode(bytearray(b"\x3f\xc0"), ">"), element.decode(bytearray(b"\xc0\x3f"), "<")
    )


@pytest.mark.parametrize("name", ELEMENT_TYPES)
def test_what_is_decoded_can_be_written_to(name: str) -> None:
    element = ELEMENT_TYPES[name]
    assert element.decode(bytearray(element.itemsize * 3), "<").flags.writeable
