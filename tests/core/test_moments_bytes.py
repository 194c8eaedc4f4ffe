"""Tests that moments arrive in another process as they were sent."""

from __future__ import annotations

import numpy as np

from bncli.core.moments_bytes import MeasuredPart, to_bytes, to_parts
from bncli.core.two_pass import RowMoments
from bncli.core.unit_moments import PlainSums


def test_parts_of_both_kinds_arrive_bit_for_bit() -> None:
    random = np.random.default_rng(0)
    plain = PlainSums(*(random.standard_normal((5, 3)) for _ in range(2)))
    special = np.array([[np.nan, -0.0, np.inf, 5e-324]])
    rows = RowMoments(special, special, special, np.array([[0, -1, 2**60, 7]]))
    sent = [MeasuredPart(9, 2, 5, 100, plain), MeasuredPart(1 << 40, 0, 4, 7, rows)]
    received = list(to_parts(to_bytes(sent)))
    assert [part[:4] for part in received] == [(9, 2, 5, 100), (1 << 40, 0, 4, 7)]
    for before, after in zip(sent, received, strict=True):
        assert type(before.measured) is type(after.measured)
        for table, other in zip(before.measured, after.measured, strict=True):
            assert (table.dtype, table.shape, table.tobytes()) == (other.dtype, other.shape, other.tobytes())


def test_nothing_arrives_as_nothing() -> None:
    assert list(to_parts(to_bytes([]))) == []
