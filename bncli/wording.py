"""How numbers, counts and lists stand in text: the only place that decides it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_NAMED = 6
"""So many layers, files or channels a report names before it counts the rest."""

_GROUPED_FROM = 999.95
"""From here on four digits are all before the decimal point."""
_SCIENTIFIC_FROM = 1e6


def number(value: float) -> str:
    """Return a number with four significant digits: `0.01234`, `12.34`, `12,346`, `1.235e-07`, `NaN`, `-inf`."""
    if math.isnan(value):
        return "NaN"
    if _GROUPED_FROM <= abs(value) < _SCIENTIFIC_FROM:
        return f"{value:,.0f}"
    return f"{value + 0.0:.4g}"  # adding zero turns -0.0 into 0.0


def percent(fraction: float) -> str:
    """Return a fraction in percent with three significant digits: `12.3 %`."""
    return f"{100 * fraction:.3g} %"


def count(number_of: float, noun: str) -> str:
    """Return how many of something: `1 channel`, `1,905 channels`; fractions that averaging made are kept."""
    return f"{number_of:,} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"


def part_of(num_shown: int, num_all: int, noun: str) -> str:
    """Return how many of all are shown: `3 of 12 layers`; empty where all are."""
    return "" if num_shown == num_all else f"{num_shown:,} of {count(num_all, noun)}"


def listed(words: Sequence[str], total: int | None = None, most: int = 3) -> str:
    """Return words in a row, only the first few of many: `a, b, c and 5 more`.

    Args:
        words: what to name, or the first of it.
        total: how many there are; `None` where `words` are all.
        most: how many to name before the rest is counted.
    """
    num_words = len(words) if total is None else total
    if num_words <= most + 1:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {num_words - most:,} more"
