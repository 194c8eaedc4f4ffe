"""At which update a channel died, as its variance over several checkpoints tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.age_of_death import fewest_updates

if TYPE_CHECKING:
    from collections.abc import Sequence

_COUNTING_ERROR = 1
"""Rounding of a whole number of updates."""


def latest_update_of_life(
    counters: Sequence[int | float | None], variances: Sequence[float], dead: int, momentum: float | None
) -> int | None:
    """Return the update after which nothing can have reached a channel any more, at the latest.

    From the checkpoint in which it is dead we go back through those between which its variance fell as fast as it can;
    in the interval before them it died, as many updates before its end as the fall there takes.

    Args:
        counters: number of updates at each checkpoint.
        variances: the channel's running variance at each.
        dead: index of a checkpoint in which it is dead.
        momentum: weight of the new batch; `None` is the cumulative average.

    Returns:
        `None` without whole counters, for a variance of 0, or if it was dead from the first checkpoint on.
    """
    for index in range(dead, 0, -1):
        start, end = counters[index - 1], counters[index]
        fall = fewest_updates(variances[index - 1], variances[index], momentum)
        if not (isinstance(start, int) and isinstance(end, int)) or fall is None:
            return None
        if fall < end - start - _COUNTING_ERROR:
            return end - fall
    return None
