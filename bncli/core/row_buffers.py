"""How NumPy is kept from copying what it repeats along the rows of an operation."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHORT_BUFFER = 256
"""Elements; no two longer rows fit in."""


@contextmanager
def rows_apart(length: int) -> Iterator[None]:
    """Have operations of this thread with one value for each row, or one row for all, take the rows one by one.

    Where two rows fit in one of its buffers, NumPy 2 joins them there, and for that copies what is repeated: that takes
    twice as long as the operation itself. Shorter rows than 256 values gain by being joined, and are.

    Args:
        length: values in a row.
    """
    if length < _SHORT_BUFFER:
        yield
        return
    usual = np.setbufsize(_SHORT_BUFFER)
    try:
        yield
    finally:
        np.setbufsize(usual)
