from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.regions import MemoryRegion
from bncli.formats.stored_array import StoredArray, c_strides, fortran_strides

FLOAT32 = ELEMENT_TYPES["float32"]
CONTENT = np.arange(60, dtype="<f4")
SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def stored(shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0) -> StoredArray:
    return StoredArray(MemoryRegion(CONTENT.tobytes()), FLOAT32, "<", shape, strides, offset)


def in_numpy(shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> np.ndarray[Any, Any]:
    return np.lib.stride_tricks.as_strided(CONTENT[offset:], shape, [4 * stride for stride in strides])


@given(shape=SHAPES)
def test_strides_of_both_orders_are_numpys(shape: tuple[int, ...]) -> None:
    # NumPy counts in bytes and leaves the strides of an empty array to chance, so axes are at least one long here.
    lengths = tuple(max(1, length) for length in shape)
    assert c_strides(lengths) == tuple(s // 4 for s in np.empty(lengths, np.float32).strides)
    assert fortran_strides(lengths) == tuple(s // 4 for s in np.empty(lengths, np.float32, order="F").strides)


@given(
    axes=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=3),
    offset=st.integers(0, 20),
)
def test_a_view_is_what_numpy_makes_of_the_same_shape_and_strides(axes: list[tuple[int, int]], offset: int) -> None:
    shape = tuple(length for length, _ in axes)
    strides = tuple(stride for _, stride in axes)
    whole = stored(shape, strides, offset).whole()
    np.testing.assert_array_equal(whole, in_numpy(shape, strides, offset), strict=True)
    assert whole.flags.c_contiguous
    assert whole.flags.writeable


@given(shape=SHAPES)
def test_an_array_in_c_order_is_contiguous_and_any_run_of_it_is_a_slice(shape: tuple[int, ...]) -> None:
    assume(math.prod(shape) <= len(CONTENT))
    array = stored(shape, c_strides(shape))
    assert array.is_contiguous
    np.testing.assert_array_equal(array.run(array.size // 2, array.size), CONTENT[array.size // 2 : array.size])


@pytest.mark.parametrize(
    ("shape", "strides", "contiguous"),
    [
        ((), (), True),
        ((3,), (1,), True),
        ((3,), (2,), False),
        ((3,), (0,), False),
        ((1,), (7,), True),
        ((2, 3), (1, 2), False),
        ((2, 1, 3), (3, 99, 1), True),
        ((0, 3), (5, 9), True),
    ],
)
def test_contiguous_means_in_c_order_with_nothing_between(
    shape: tuple[int, ...], strides: tuple[int, ...], *, contiguous: bool
) -> None:
    assert StoredArray(MemoryRegion(bytes(4000)), FLOAT32, "<", shape, strides).is_contiguous is contiguous


def test_only_the_span_of_a_view_is_read() -> None:
    asked: list[tuple[int, int]] = []

    class Watched:
        position, size = 1000, 240

        def read(self, start: int, count: int) -> bytearray:
            asked.append((start, count))
            return bytearray(count)

    view = StoredArray(Watched(), FLOAT32, "<", (2, 3), (10, 2), 5)
    view.whole()
    assert asked == [(5 * 4, (1 + 10 + 4) * 4)]
    assert view.position == 1000 + 5 * 4


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [
        ((61,), (1,), 0),
        ((60,), (1,), 1),
        ((2,), (60,), 0),
        ((2**31, 2**31), (1, 1), 0),
        ((2,), (2**62,), 0),
        ((4,), (-1,), 3),
        ((-1,), (1,), 0),
        ((4,), (1,), -1),
        ((2, 2), (1,), 0),
        ((1,) * 65, (1,) * 65, 0),
    ],
)
def test_a_view_beyond_its_region_or_without_sense_is_refused_before_anything_is_read(
    shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> None:
    with pytest.raises(ValueError, match=r"bytes are needed|negative|axes"):
        stored(shape, strides, offset)


def test_an_empty_view_needs_no_bytes_wherever_it_starts() -> None:
    assert stored((0, 5), (5, 1), offset=10**6).whole().shape == (0, 5)


def test_one_value_repeated_beyond_reason_is_refused_and_allocates_nothing() -> None:
    with pytest.raises(ValueError, match="made of 4 stored"):
        stored((2**30,), (0,)).whole()
