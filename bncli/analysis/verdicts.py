"""What happened to a layer between two checkpoints: the truth table of counter, statistics and parameters."""

from __future__ import annotations

from enum import StrEnum

from bncli.light_dataclass import dataclass


class Verdict(StrEnum):
    """What happened to a layer, the most alarming first."""

    LEAKY_FREEZE = "leaky-freeze"
    """Updates moved the statistics and no parameter: frozen by `requires_grad`, but left in train mode."""
    MOMENTUM_ZERO_OR_DEAD = "momentum-zero-or-dead"
    """Updates were counted and moved no statistic."""
    RANKS_DISAGREE = "ranks-disagree"
    """Equal counters and parameters, other statistics: two ranks of one run that never shared them."""
    AVERAGED_OR_EDITED = "averaged-or-edited"
    """The statistics moved without an update: a moving average, a merge or an edit."""
    REWOUND = "rewound"
    """The counter went back, statistics and parameters differ: the second file is older, or of another run."""
    RE_ESTIMATED = "re-estimated"
    """The counter went back and only the statistics differ: they were reset and estimated anew."""
    STATISTICS_CHANGED = "statistics-changed"
    """Only the statistics differ, and no counter says how they came to."""
    STATS_FROZEN = "stats-frozen"
    """Only the parameters were trained (`norm_eval`)."""
    TRAINED = "trained"
    """Statistics and parameters moved."""
    FULLY_FROZEN = "fully-frozen"
    """Nothing moved, while other layers did."""
    IDENTICAL = "identical"
    """Nothing moved, in any layer."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What differs in one layer."""

    delta: int | float | None
    """Difference of the counters; `None` where one file has none."""
    statistics_moved: bool
    affine_moved: bool
    has_affine: bool
    """Whether there are parameters that could have moved."""
    counter_became_float: bool = False
    """Whether the second counter alone is no integer any more, as averaging tools leave it."""


def verdict_of(movement: Movement) -> Verdict:
    """Return the verdict on one layer by itself, by the truth table; `in_company` adds what only the whole tells."""
    if movement.counter_became_float:
        return Verdict.AVERAGED_OR_EDITED
    if not movement.delta:
        return _without_updates(movement)
    if movement.delta < 0:
        return _with_fewer_updates(movement)
    if not movement.statistics_moved:
        return Verdict.MOMENTUM_ZERO_OR_DEAD
    return Verdict.LEAKY_FREEZE if movement.has_affine and not movement.affine_moved else Verdict.TRAINED


def _without_updates(movement: Movement) -> Verdict:
    """Return the verdict where the counter stands, or where there is none."""
    if not movement.statistics_moved:
        return Verdict.STATS_FROZEN if movement.affine_moved else Verdict.FULLY_FROZEN
    if movement.delta is not None:
        return Verdict.AVERAGED_OR_EDITED
    is_trained = movement.affine_moved or not movement.has_affine
    return Verdict.TRAINED if is_trained else Verdict.STATISTICS_CHANGED


def _with_fewer_updates(movement: Movement) -> Verdict:
    if not movement.statistics_moved:
        return Verdict.AVERAGED_OR_EDITED
    return Verdict.REWOUND if movement.affine_moved else Verdict.RE_ESTIMATED


def in_company(movements: tuple[Movement, ...], *, are_ranks: bool) -> tuple[Verdict, ...]:
    """Return the verdicts on all layers of two checkpoints, in order.

    Two readings need more than the layer. Nothing moved anywhere is `identical`. Equal counters and parameters beside
    other statistics are what an edit leaves as well as what two ranks save: that `are_ranks` must be known.
    """
    verdicts = tuple(map(verdict_of, movements))
    if all(verdict is Verdict.FULLY_FROZEN for verdict in verdicts):
        return (Verdict.IDENTICAL,) * len(verdicts)
    return tuple(
        Verdict.RANKS_DISAGREE if are_ranks and is_as_between_ranks(movement) else verdict
        for movement, verdict in zip(movements, verdicts, strict=True)
    )


def is_as_between_ranks(movement: Movement) -> bool:
    """Return whether only the statistics differ, under equal counters or without any."""
    has_equal_parameters = movement.has_affine and not movement.affine_moved
    return not movement.delta and movement.statistics_moved and has_equal_parameters
