"""Moments of units as bytes, on their way from one process to another: whole numbers, then plain tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bncli.core.two_pass import RowMoments
from bncli.core.unit_moments import PlainSums

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_HEAD_FIELDS = 6
_WORD_BYTES = 8


class MeasuredPart(NamedTuple):
    """What was measured of U units of some channels."""

    position: int
    """First element of their block, in the array flattened in C order."""
    start: int
    """First channel."""
    stop: int
    """One past the last channel."""
    num_values: int
    """Values of one channel in each unit."""
    measured: PlainSums | RowMoments
    """Tables of shape (U, stop - start)."""


def to_bytes(parts: Iterable[MeasuredPart]) -> bytes:
    """Return parts one after the other."""
    pieces = []
    for position, start, stop, num_values, measured in parts:
        head = np.array([position, start, stop, num_values, len(measured), len(measured[0])], np.int64)
        pieces += [head.tobytes(), *(table.tobytes() for table in measured)]
    return b"".join(pieces)


def to_parts(content: bytes) -> Iterator[MeasuredPart]:
    """Yield the parts that `to_bytes` was given."""
    offset = 0
    while offset < len(content):
        head = np.frombuffer(content, np.int64, _HEAD_FIELDS, offset).tolist()
        position, start, stop, num_values, num_tables, num_units = head
        offset += _HEAD_FIELDS * _WORD_BYTES
        shape = (num_tables, num_units, stop - start)
        tables = np.frombuffer(content, np.float64, math.prod(shape), offset).reshape(shape)
        offset += tables.nbytes
        yield MeasuredPart(position, start, stop, num_values, _measured(tables))


def _measured(tables: NDArray[np.float64]) -> PlainSums | RowMoments:
    if len(tables) == len(PlainSums._fields):
        return PlainSums(*tables)
    mean, mean_error, m2, exponent = tables
    return RowMoments(mean, mean_error, m2, exponent.view(np.int64))
