from __future__ import annotations

import pytest

from bncli.analysis.time_of_death import latest_update_of_life

COUNTERS = [100, 200, 300, 400]


def falling_from(update: int, momentum: float = 0.1) -> list[float]:
    """Return the variance at each counter of a channel that is 1 up to an update and falls from there on."""
    return [(1 - momentum) ** max(counter - update, 0) for counter in COUNTERS]


@pytest.mark.parametrize("update", [101, 150, 199, 200, 201, 290, 350])
def test_the_update_of_death_is_found_whichever_interval_it_lies_in(update: int) -> None:
    found = latest_update_of_life(COUNTERS, falling_from(update), 3, 0.1)
    assert found is not None
    assert abs(found - update) <= 1


def test_a_channel_that_is_dead_from_the_start_died_before_it() -> None:
    assert latest_update_of_life(COUNTERS, falling_from(50), 3, 0.1) is None


def test_at_the_floor_the_channel_may_have_died_earlier_than_told() -> None:
    variances = [1.0, 1.0, 1.0, 5.6e-45]
    assert latest_update_of_life([0, 10_000, 20_000, 30_000], variances, 3, 0.1) == 30_000 - 967


@pytest.mark.parametrize(
    ("counters", "last", "momentum"), [([None] * 4, 1e-20, 0.1), (COUNTERS, 0.0, 0.1), (COUNTERS, 1e-20, None)]
)
def test_without_counters_momentum_or_a_positive_variance_nothing_is_told(
    counters: list[int | None], last: float, momentum: float | None
) -> None:
    assert latest_update_of_life(counters, [1.0, 1.0, 1.0, last], 3, momentum) is None
