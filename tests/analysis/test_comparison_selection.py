from __future__ import annotations

import pytest

from bncli.analysis.comparison import compare
from bncli.analysis.comparison_selection import select_changes
from bncli.errors import InputNotFound
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


def test_a_glob_that_matches_nothing_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(InputNotFound, match="'gon'") as caught:
        select_changes(COMPARISON, ("gon",))
    assert "gone" in str(caught.value.hint)
