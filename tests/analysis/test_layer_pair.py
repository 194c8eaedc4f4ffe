from __future__ import annotations

from bncli.analysis.layer_pair import LayerPair, take_out
from tests.helpers.layer_pairs import named


def test_the_layers_of_pairs_leave_both_lists_and_the_others_keep_their_order() -> None:
    before, after = [named("a"), named("b"), named("c")], [named("x"), named("y")]
    take_out(before, after, [LayerPair(before[1], after[0], "prefix")])
    assert [layer.name for layer in before] == ["a", "c"]
    assert [layer.name for layer in after] == ["y"]
