from __future__ import annotations

import pytest

from bncli.errors import OutputExists, UserCodeFailed
from bncli.recording.rank_group import SoloGroup
from bncli.recording.rank_loop import on_first_rank
from tests.helpers.ranks import on_ranks


def test_only_the_first_rank_acts() -> None:
    acted: list[int] = []
    assert on_ranks(3, lambda group: on_first_rank(group, lambda: acted.append(group.rank) or "done")) == [
        "done", None, None,
    ]  # fmt: skip
    assert acted == [0]


def test_what_it_raises_stops_all() -> None:
    def fail() -> None:
        raise OutputExists("there already")

    first, second = on_ranks(2, lambda group: on_first_rank(group, fail))
    assert isinstance(first, OutputExists)
    assert isinstance(second, UserCodeFailed)


def test_alone_it_is_a_plain_call() -> None:
    def fail() -> None:
        raise OutputExists("there already")

    assert on_first_rank(SoloGroup(), lambda: 5) == 5
    with pytest.raises(OutputExists):
        on_first_rank(SoloGroup(), fail)
