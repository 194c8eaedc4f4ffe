"""Tests of which arrays of a file belong to one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import LayerHint, Skipped
from tests.helpers.builders import ArraysInMemory, torch_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_flax_keeps_statistics_and_parameters_in_two_trees() -> None:
    mean, var, scale = (np.arange(3) + start for start in (0.0, 10.0, 20.0))
    names = {"batch_stats.block.bn.mean": mean, "batch_stats.block.bn.var": var, "params.block.bn.scale": scale}
    (layer,) = discover(ArraysInMemory(names | {"params.ln.scale": scale, "metrics.mean": mean})).layers
    assert (layer.name, layer.framework, layer.bias) == ("block.bn", "flax", None)
    np.testing.assert_array_equal(layer.weight, scale)
    assert (layer.eps, layer.momentum) == (Setting(1e-5, "assumed"), Setting(0.01, "assumed"))


def test_flax_nnx_keeps_statistics_and_parameters_side_by_side() -> None:
    mean, var, scale = (np.arange(3) + start for start in (0.0, 10.0, 20.0))
    (layer,) = discover(ArraysInMemory({"block.bn.mean": mean, "block.bn.scale": scale, "block.bn.var": var})).layers
    assert (layer.name, layer.framework, layer.bias) == ("block.bn", "flax", None)
    np.testing.assert_array_equal(layer.running_var, var)
    assert (layer.eps, layer.momentum) == (Setting(1e-5, "assumed"), Setting(0.01, "assumed"))


@pytest.mark.parametrize(
    "arrays",
    [
        {"mean": np.ones(3), "var": np.ones(3)},
        {"mean": np.ones(3), "scale": np.ones(3), "bias": np.ones(3)},
        {"mean": np.ones(3), "var": np.ones(3), "scale": np.ones(2)},
        {"mean": np.ones((4, 3)), "var": np.ones((4, 3)), "scale": np.ones((4, 3))},
    ],
)
def test_common_words_that_are_not_those_of_a_whole_layer_are_neither_layer_nor_fault(
    arrays: dict[str, NDArray[np.float64]],
) -> None:
    others = {f"normalizer.{name}": values for name, values in arrays.items()}
    found = discover(ArraysInMemory(torch_arrays() | others))
    assert [layer.name for layer in found.layers] == ["bn"]
    assert found.skipped == ()


def test_tied_memory_is_one_layer_with_an_alias() -> None:
    shared = torch_arrays("first")
    tied = {f"second.{name.removeprefix('first.')}": values for name, values in shared.items()}
    (layer,) = discover(ArraysInMemory(shared | tied)).layers
    assert layer.name == "first"
    assert layer.aliases == ("second",)


@pytest.mark.parametrize("own", [("weight",), ("bias",), ("weight", "bias")])
def test_layers_that_share_their_statistics_and_no_scale_or_shift_are_layers_each(own: tuple[str, ...]) -> None:
    shared, other = torch_arrays("first"), torch_arrays("first", seed=1)
    second = {
        f"second.{role}": (other if role in own else shared)[name]
        for name in shared
        for role in [name.removeprefix("first.")]
    }
    layers = discover(ArraysInMemory(shared | second)).layers
    assert [(layer.name, layer.aliases) for layer in layers] == [("first", ()), ("second", ())]


def test_a_layer_without_the_scale_that_another_of_the_same_statistics_has_is_one_of_its_own() -> None:
    shared = torch_arrays("first")
    second = {f"second.{role}": shared[f"first.{role}"] for role in ("running_mean", "running_var")}
    assert [layer.aliases for layer in discover(ArraysInMemory(shared | second)).layers] == [(), ()]


def test_equal_values_in_different_memory_are_two_layers() -> None:
    assert len(discover(ArraysInMemory(torch_arrays("a", seed=3) | torch_arrays("b", seed=3))).layers) == 2


def test_a_layer_whose_roles_the_file_tells_needs_no_known_names() -> None:
    arrays = {name: np.arange(3.0) + shift for shift, name in enumerate(("m", "v", "g", "unused"))}
    roles = {"running_mean": "m", "running_var": "v", "weight": "g"}
    hint = LayerHint("norm", "BatchNormalization", {"eps": 1e-3}, roles, training_mode=True, framework="onnx")
    (layer,) = discover(ArraysInMemory(arrays, {"norm": hint})).layers
    assert (layer.name, layer.framework, layer.training_mode) == ("norm", "onnx", True)
    assert layer.tensors == roles
    assert layer.bias is None
    assert (layer.eps, layer.momentum) == (Setting(1e-3, "stored"), Setting(0.1, "assumed"))


def test_arrays_of_a_told_layer_are_not_found_again_by_their_names() -> None:
    roles = {role: f"bn.{role}" for role in ("running_mean", "running_var")}
    hint = LayerHint("other", roles=roles, framework="onnx")
    (layer,) = discover(ArraysInMemory(torch_arrays("bn"), {"other": hint})).layers
    assert (layer.name, layer.framework) == ("other", "onnx")


def test_a_layer_that_the_format_could_not_use_is_none_by_name_either() -> None:
    skipped = (Skipped("bn", "weight is computed, not stored"),)
    found = discover(ArraysInMemory(torch_arrays("bn") | torch_arrays("good"), skipped=skipped))
    assert [layer.name for layer in found.layers] == ["good"]
    assert found.skipped == skipped


def test_a_layer_at_the_top_has_an_empty_name() -> None:
    assert discover(ArraysInMemory(torch_arrays(""))).layers[0].name == ""
