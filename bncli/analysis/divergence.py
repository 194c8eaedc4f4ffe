"""Whether the statistics of a layer run away over the checkpoints of a run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

_RUNAWAY_GROWTH = 10.0
"""Growth over the run from which on it is called one."""
_FEWEST_FOR_GROWTH = 3


Statistic: TypeAlias = Literal["mean", "variance", "scale"]


@dataclass(frozen=True, slots=True)
class Divergence:
    """A statistic that runs away."""

    kind: Literal["not-finite", "growing"]
    statistic: Statistic
    since: int
    """Index of the checkpoint in which it is not finite for the first time, or from which on it grows."""


def divergence(mean: Sequence[float], var: Sequence[float], scale: Sequence[float]) -> Divergence | None:
    """Return the divergence of a layer; `None` for one that settles.

    It diverges if a value is not finite, or if it grows tenfold or more over the last checkpoints, from each to the
    next, without slowing down at the end. A scale may grow as it likes: it follows a weight or a variance.

    Args:
        mean: size of the running mean at each checkpoint.
        var: running variance at each checkpoint.
        scale: size of weight / sqrt(running_var + eps) at each checkpoint.
    """
    statistics: tuple[tuple[Statistic, Sequence[float]], ...] = (("variance", var), ("mean", mean))
    broken = [
        Divergence("not-finite", statistic, since)
        for statistic, values in (*statistics, ("scale", scale))
        if (since := next((i for i, value in enumerate(values) if not math.isfinite(value)), None)) is not None
    ]
    if broken:
        return min(broken, key=lambda found: found.since)
    for statistic, values in statistics:
        start = _start_of_growth(values)
        if start is not None:
            return Divergence("growing", statistic, start)
    return None


def _start_of_growth(values: Sequence[float]) -> int | None:
    """Return where the unbroken growth up to the last value starts, if it is a runaway."""
    start = len(values) - 1
    while start > 0 and 0 < values[start - 1] < values[start]:
        start -= 1
    num_steps = len(values) - 1 - start
    if num_steps + 1 < _FEWEST_FOR_GROWTH or values[-1] < _RUNAWAY_GROWTH * values[start]:
        return None
    mean_growth = math.log(values[-1] / values[start]) / num_steps
    return start if math.log(values[-1] / values[-2]) >= mean_growth else None
