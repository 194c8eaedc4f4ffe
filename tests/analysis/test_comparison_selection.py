from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.channel_filter import ChannelFilter
from bncli.analysis.comparison import compare
from bncli.analysis.comparison_selection import select_changes
from bncli.errors import InputNotFound, InvalidUsage
from tests.helpers.builders import layer


def named(*names: str) -> list[object]:
    return [layer(name=name, label=name) for name in names]


COMPARISON = compare(named("bn1", "bn2", "gone"), named("net.bn1", "net.bn2", "new", "newer"))  # type: ignore[arg-type]


def test_without_globs_everything_stays() -> None:
    assert select_changes(COMPARISON, ()) is COMPARISON


@pytest.mark.parametrize("glob", ["bn1", "net.bn1", "*bn1"])
def test_a_layer_answers_to_its_old_name_and_to_its_new_one(glob: str) -> None:
    chosen = select_changes(COMPARISON, (glob,))
    assert [change.pair.after.name for change in chosen.changes] == ["net.bn1"]
    assert (chosen.matching.added, chosen.matching.removed) == ((), ())


def test_layers_of_one_file_alone_can_be_chosen() -> None:
    chosen = select_changes(COMPARISON, ("new*", "gone"))
    assert [each.name for each in chosen.matching.added] == ["new", "newer"]
    assert [each.name for each in chosen.matching.removed] == ["gone"]
    assert chosen.changes == ()


def test_a_glob_that_is_longer_than_any_name_is_refused() -> None:
    with pytest.raises(InvalidUsage, match="--layer has 1025 characters; at most 1024 are read"):
        select_changes(COMPARISON, ("*" * 1025,))


def test_a_glob_that_matches_nothing_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(InputNotFound, match="'gon'") as caught:
        select_changes(COMPARISON, ("gon",))
    assert "gone" in str(caught.value.hint)


def test_a_condition_keeps_the_layers_with_such_a_channel_in_either_file() -> None:
    def with_mean(name: str, mean: float) -> object:
        return layer(name=name, label=name, running_mean=np.array([0.0, mean, 0.0, 0.0], np.float32))

    before = [with_mean("a", 9.0), with_mean("b", 0.0), with_mean("c", 0.0)]
    after = [with_mean("a", 0.0), with_mean("b", 9.0), with_mean("c", 0.0), with_mean("new", 9.0)]
    everything = compare(before, after)  # type: ignore[arg-type]
    chosen = select_changes(everything, (), ChannelFilter.parse("running_mean > 5"))
    assert [change.pair.after.name for change in chosen.changes] == ["a", "b"]
    assert [each.name for each in chosen.matching.added] == ["new"]
    both = select_changes(everything, ("b", "c"), ChannelFilter.parse("running_mean > 5"))
    assert [change.pair.after.name for change in both.changes] == ["b"]
