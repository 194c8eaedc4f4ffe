"""Which layers were updated several times in each step: their counters are a whole multiple of the others'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

RATIO_TOLERANCE = 0.005
"""Steps of a warm-up or of a probing forward pass keep the ratio from being exact."""
_FEWEST_UPDATES = 4
"""Below this every ratio is near a whole number."""
MOST_REPEATS = 8
"""A greater multiple is more likely a difference of stages than of passes in one step."""


@dataclass(frozen=True, slots=True)
class RepeatedUpdates:
    """Layers that were updated `times` in each step of the others."""

    times: int
    labels: tuple[str, ...]


def repeated_updates(updates: Mapping[str, int | float | None]) -> tuple[RepeatedUpdates, ...]:
    """Return the groups of layers whose numbers of updates are 2, 3, ... times the smallest number.

    Args:
        updates: number of updates by layer; those of layers that were not updated tell nothing.
    """
    counted = {
        label: number
        for label, number in updates.items()
        if isinstance(number, int) and number >= _FEWEST_UPDATES  # a float is no count but an average
    }
    base = min(counted.values(), default=0)
    by_times: dict[int, list[str]] = {}
    for label, number in counted.items():
        times = whole_multiple(base, number)
        if times is not None:
            by_times.setdefault(times, []).append(label)
    return tuple(RepeatedUpdates(times, tuple(labels)) for times, labels in sorted(by_times.items()))


def whole_multiple(part: float, whole: float) -> int | None:
    """Return the multiple, from 2 on, that one number of updates is of another, within 0.5 %; `None` if it is none.

    Of fewer than four updates nothing is told.
    """
    if part < _FEWEST_UPDATES:
        return None
    times = round(whole / part)
    is_near = abs(whole - times * part) <= RATIO_TOLERANCE * times * part
    return times if is_near and 1 < times <= MOST_REPEATS else None
