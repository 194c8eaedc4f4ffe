from __future__ import annotations

from bncli.analysis.counted_updates import updates_between
from tests.helpers.builders import layer


def counting(counter: int | float | None) -> int | float | None:
    """Return the updates since a counter of 100."""
    return updates_between(layer(num_batches_tracked=100), layer(num_batches_tracked=counter))


def test_updates_are_what_the_counter_grew_by() -> None:
    assert [counting(counter) for counter in (150, 100, 40, 100.5)] == [50, 0, -60, 0.5]


def test_without_both_counters_nothing_is_told() -> None:
    assert counting(None) is None
    assert updates_between(layer(num_batches_tracked=None), layer(num_batches_tracked=1)) is None
