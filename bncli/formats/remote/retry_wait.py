"""How long to wait before a request that a busy server turned down is made again."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

BUSY = frozenset({429, 503})
"""Statuses by which a server asks to come back later."""
MOST_SECONDS = 15.0
"""A longer wait is the user's to decide on."""
_FIRST_SECONDS = 0.5


def seconds_before_retry(headers: Message, num_refusals: int) -> float:
    """Return how long to wait: as long as the server asks for, else twice as long after every refusal.

    Args:
        headers: of the refusal; `Retry-After` gives seconds or a date.
        num_refusals: how often the request was turned down, this time included.

    Returns:
        Seconds, 0 or more; over `MOST_SECONDS` where the server asks for a longer wait than is made here.
    """
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdecimal():
        return float(told)
    try:
        wait = (parsedate_to_datetime(told).astimezone(UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return _FIRST_SECONDS * float(1 << (num_refusals - 1))
    return max(wait, 0.0)
