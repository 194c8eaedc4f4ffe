from __future__ import annotations

from bncli.analysis.comparison import compare
from bncli.reports.comparison_story import story, updates_text
from tests.helpers.layer_pairs import leaked, leaky_backbone, named, trained


def test_the_most_alarming_comes_first_with_its_code_and_its_size() -> None:
    first, second = story(leaky_backbone()).split("; ")
    assert first.startswith("backbone (2 layers): frozen, but the statistics drift: leaky freeze (BN701) (50 updates, ")
    assert "sigma in the median channel" in first
    assert second.startswith("head.bn1: trained (50 updates")


def test_equal_files_are_one_clause() -> None:
    layers = [named("a"), named("b")]
    assert story(compare(layers, layers)) == "all 2 layers: identical"


def test_files_without_a_common_layer_say_so() -> None:
    assert story(compare([named("a"), named("b")], [named("c")])) == "the files have no layer in common"


def test_updates_are_one_number_or_a_range_or_not_counted() -> None:
    def text(*after: object) -> str:
        before = [named("a"), named("b")]
        return updates_text(compare(before, list(after)).changes)  # type: ignore[arg-type]

    assert text(trained("a", 1000), trained("b", 1000)) == "1,000 updates"
    assert text(trained("a", 1), trained("b", 1)) == "1 update"
    assert text(trained("a", 1000), trained("b", 2000)) == "1,000 to 2,000 updates"
    assert text(leaked("a", num_batches_tracked=None), leaked("b", num_batches_tracked=None)) == "not counted"


def test_a_choice_that_leaves_no_layer_says_nothing_of_the_files() -> None:
    assert story(compare([], [])) == "no layer was chosen"


def test_ranks_lie_apart_and_runs_move() -> None:
    before, after = [named("a")], [leaked("a", 0)]
    assert "sigma apart in the median channel" in story(compare(before, after, are_ranks=True))
    assert "means moved by" in story(compare(before, [trained("a")]))
