"""How rules put numbers into sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_GROUPED_FROM = 999.95
_SCIENTIFIC_FROM = 1e9


def number(value: float) -> str:
    """Return a number with four significant digits, and all digits before its point: `0.01235`, `99,978`."""
    if _GROUPED_FROM <= abs(value) < _SCIENTIFIC_FROM:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def percent(fraction: float) -> str:
    """Return a fraction in percent with three significant digits: `12.3 %`."""
    return f"{100 * fraction:.3g} %"


def count(number_of: int, noun: str) -> str:
    """Return how many of something: `1 channel`, `1,905 channels`."""
    return f"{number_of:,} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"


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
