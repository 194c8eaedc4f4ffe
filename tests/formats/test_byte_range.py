"""Tests of holding a range of bytes against what it is asked of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli.formats.byte_range import require_within

EDGES = st.integers(-3, 12) | st.sampled_from([2**63 - 1, 2**64, -(2**63)])


@given(size=st.integers(0, 10), start=EDGES, count=EDGES)
def test_a_range_is_within_exactly_where_a_slice_of_as_many_bytes_has_its_length(
    size: int, start: int, count: int
) -> None:
    is_whole = start >= 0 and len(range(size)[start : start + count]) == count and start <= size
    if is_whole:
        require_within(size, start, count)
    else:
        with pytest.raises(EOFError, match=f"asked of {size}"):
            require_within(size, start, count)
