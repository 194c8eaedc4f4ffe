from __future__ import annotations

import pytest

from bncli.formats.regions import MemoryRegion
from bncli.formats.tensorflow_checkpoint.graph_epsilons import epsilons_by_layer
from tests.helpers.tensorflow_files import node, saved_model


def epsilons(content: bytes) -> dict[str, float]:
    return epsilons_by_layer(MemoryRegion(content))


def test_nodes_of_the_graph_and_of_its_functions_tell_the_epsilon_of_their_layer() -> None:
    content = saved_model(
        node("model/bn_1/FusedBatchNormV3", "FusedBatchNormV3", exponential_avg_factor=0.5, epsilon=1e-3),
        node("model/conv/Conv2D", "Conv2D", epsilon=7.0),
        in_function=(node("bn_2/FusedBatchNormV3_1", "FusedBatchNormV3", epsilon=1e-3),),
    )
    assert epsilons(content) == {"bn_1": 0.001, "bn_2": 0.001}


def test_nodes_that_disagree_tell_nothing() -> None:
    nodes = [node(f"bn_{epsilon}/FusedBatchNorm", "FusedBatchNorm", epsilon=epsilon) for epsilon in (1e-3, 1e-5)]
    assert epsilons(saved_model(*nodes)) == {}


def test_nodes_without_an_epsilon_or_a_scope_tell_nothing() -> None:
    assert epsilons(saved_model(node("bn/FusedBatchNormV3", "FusedBatchNormV3", momentum=0.9))) == {}
    assert epsilons(saved_model(node("FusedBatchNormV3", "FusedBatchNormV3", epsilon=1e-3))) == {}


def test_a_broken_graph_is_refused() -> None:
    with pytest.raises(EOFError, match="reaches past"):
        epsilons(saved_model(node("bn/FusedBatchNormV3", "FusedBatchNormV3", epsilon=1e-3))[:-3] + b"\x7a\x40")
