"""Ranges of bytes, held against what they are asked of."""

from __future__ import annotations


def require_within(size: int, start: int, count: int) -> None:
    """Check that a range of bytes lies in a run of `size` bytes.

    Raises:
        EOFError: it does not.
    """
    if start < 0 or count < 0 or start + count > size:
        raise EOFError(f"bytes {start} to {start + count} asked of {size}")
