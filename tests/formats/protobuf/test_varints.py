from __future__ import annotations

import numpy as np
import pytest

from bncli.formats.protobuf.varints import VarintRegion, decode_varints
from bncli.formats.regions import MemoryRegion
from tests.helpers.protobuf_bytes import varint

NUMBERS = [0, 1, 127, 128, 300, 2**32, 2**63, 2**64 - 1, 5]


def region(numbers: list[int], itemsize: int, count: int | None = None) -> VarintRegion:
    encoded = b"".join(map(varint, numbers))
    return VarintRegion(MemoryRegion(encoded), itemsize, len(numbers) if count is None else count)


def test_numbers_of_every_length_come_back() -> None:
    assert decode_varints(b"".join(map(varint, NUMBERS))).tolist() == NUMBERS
    assert decode_varints(b"").size == 0


@pytest.mark.parametrize("encoded", [b"\x80", b"\x01\xff", b"\x80" * 10 + b"\x01"])
def test_a_number_that_is_cut_off_or_too_long_is_refused(encoded: bytes) -> None:
    with pytest.raises(ValueError, match="number"):
        decode_varints(encoded)


@pytest.mark.parametrize("itemsize", [1, 2, 4, 8])
def test_the_low_bytes_of_a_number_are_the_element(itemsize: int) -> None:
    elements = region(NUMBERS, itemsize)
    expected = np.array([number % 2 ** (8 * itemsize) for number in NUMBERS], f"<u{itemsize}").tobytes()
    assert elements.size == len(expected)
    assert elements.read(0, elements.size) == expected
    assert elements.read(itemsize, 2 * itemsize) == expected[itemsize : 3 * itemsize]


def test_blocks_of_the_decoding_cut_no_number_in_two() -> None:
    numbers = np.random.default_rng(0).integers(0, 2**40, 200_000).tolist()
    assert region(numbers, 8).read(0, 1_600_000) == np.array(numbers, "<u8").tobytes()


@pytest.mark.parametrize("count", [len(NUMBERS) - 1, len(NUMBERS) + 1])
def test_more_or_fewer_numbers_than_elements_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="9 values are stored for"):
        region(NUMBERS, 1, count).read(0, 1)


def test_bytes_outside_are_refused_before_anything_is_decoded() -> None:
    with pytest.raises(EOFError):
        region(NUMBERS, 2).read(16, 3)
