from __future__ import annotations

import pytest

from bncli.analysis.repeated_updates import RepeatedUpdates, repeated_updates, whole_multiple


def test_layers_that_counted_twice_as_often_are_one_group() -> None:
    updates = {"stem": 1000, "block1": 2000, "block2": 2001, "head": 1000}
    assert repeated_updates(updates) == (RepeatedUpdates(2, ("block1", "block2")),)


def test_several_multiples_are_several_groups() -> None:
    assert [found.times for found in repeated_updates({"a": 100, "b": 200, "c": 300})] == [2, 3]


@pytest.mark.parametrize(
    "updates",
    [
        {},
        {"a": 100, "b": 100},
        {"a": 100, "b": 150},
        {"a": 0, "b": 200},
        {"a": None, "b": 200},
        {"a": -100, "b": -200},
        {"a": 1, "b": 2},
        {"a": 10, "b": 1000},
    ],
)
def test_other_numbers_of_updates_tell_of_no_repetition(updates: dict[str, int | None]) -> None:
    assert repeated_updates(updates) == ()


def test_a_multiple_is_whole_within_half_a_percent() -> None:
    assert whole_multiple(1000, 2009) == 2
    assert whole_multiple(1000, 2011) is None
    assert whole_multiple(1000, 1000) is None
