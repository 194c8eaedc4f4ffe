"""A series of values as a few characters in a line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_LETTERS = "_.-~=+*#"
"""The same eight levels in ASCII, by how much ink they have."""
_NOT_FINITE = "!"


def sparkline(values: Sequence[float], *, unicode: bool) -> str:
    """Return one character for each value, from the lowest level at the least to the highest at the greatest.

    Equal values stand at the lowest level; what is not finite is an exclamation mark.
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    levels = _BLOCKS if unicode else _LETTERS
    return "".join(_level(value, low, high, levels) for value in values)


def _level(value: float, low: float, high: float, levels: str) -> str:
    if not math.isfinite(value):
        return _NOT_FINITE
    scale = max(abs(low), abs(high))  # the range of the largest floats is no float
    span = high / scale - low / scale if scale else 0.0
    fraction = (value / scale - low / scale) / span if span else 0.0
    return levels[min(int(fraction * len(levels)), len(levels) - 1)]
