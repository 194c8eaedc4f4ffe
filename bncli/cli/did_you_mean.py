"""Guesses which of the known names a misspelt one meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_GUESSES = 3


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return the hint `did you mean A or B?` with the known names nearest to a misspelt one; `None` if none is near."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower(), by_lower, n=_MOST_GUESSES)
    if not near:
        return None
    return f"did you mean {' or '.join(by_lower[match] for match in near)}?"
