from __future__ import annotations

import pytest

from bncli.analysis.parallel_trees import join_trees

TREES = ("batch_stats", "params")
LEAVES = ("mean", "var", "scale", "bias")


def join(*names: str) -> dict[str, dict[str, str]]:
    return join_trees(names, TREES, LEAVES)


@pytest.mark.parametrize("separator", [".", "/"])
@pytest.mark.parametrize(("before", "inside"), [("", "bn"), ("model", "block bn"), ("a b", "bn"), ("ema", "")])
def test_a_layer_is_the_path_without_the_tree(separator: str, before: str, inside: str) -> None:
    def path(tree: str, leaf: str) -> str:
        return separator.join([*before.split(), tree, *inside.split(), leaf])

    names = [path("batch_stats", "mean"), path("batch_stats", "var"), path("params", "scale"), path("params", "bias")]
    assert join(*names) == {separator.join([*before.split(), *inside.split()]): dict(zip(LEAVES, names, strict=True))}


def test_parameters_may_be_absent_and_one_statistic_is_enough_to_speak_of_a_layer() -> None:
    assert join("batch_stats.bn.mean") == {"bn": {"mean": "batch_stats.bn.mean"}}


def test_parameters_under_another_path_are_those_of_another_layer() -> None:
    assert join("a.batch_stats.bn.mean", "b.params.bn.scale", "a.params.x.bn.scale") == {
        "a.bn": {"mean": "a.batch_stats.bn.mean"}
    }


@pytest.mark.parametrize(
    "name", ["params.bn.scale", "my_batch_stats.bn.mean", "batch_stats.bn.means", "batch_stats", "bn.mean"]
)
def test_other_names_are_of_no_layer(name: str) -> None:
    assert join(name) == {}
