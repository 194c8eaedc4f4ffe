"""Arrays that a pickle holds and that bncli cannot read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An array that is there and is skipped."""

    reason: str
    """Why, in a few words."""
