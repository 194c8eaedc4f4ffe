"""Tests that NumPy's buffers are short for long rows only, and as they were afterwards."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from bncli.core.row_buffers import rows_apart


@pytest.mark.parametrize("length", [256, 784, 4096, 100_000])
def test_no_two_long_rows_fit_in_a_buffer(length: int) -> None:
    with rows_apart(length):
        assert np.getbufsize() < 2 * length


def test_many_short_rows_still_share_one() -> None:
    usual = np.getbufsize()
    with rows_apart(49):
        assert np.getbufsize() == usual


def test_the_usual_size_comes_back_also_after_an_error() -> None:
    usual = np.getbufsize()
    with pytest.raises(ZeroDivisionError), rows_apart(1000):
        raise ZeroDivisionError
    assert np.getbufsize() == usual


def test_other_threads_keep_theirs() -> None:
    usual, seen = np.getbufsize(), []
    with rows_apart(1000):
        thread = threading.Thread(target=lambda: seen.append(np.getbufsize()))
        thread.start()
        thread.join()
    assert seen == [usual]


@pytest.mark.parametrize("shape", [(5, 300), (40, 4096), (2, 3, 1000)])
def test_values_are_what_they_would_be(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, column, row = rng.normal(size=shape), rng.normal(size=(*shape[:-1], 1)), rng.normal(size=shape[-1])
    expected = x * column + row
    with rows_apart(shape[-1]):
        np.testing.assert_array_equal(x * column + row, expected)
