"""Tests of how layers are found by the names of their arrays."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.layer_discovery import GivenSettings, discover, survey
from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import LayerHint, Skipped
from bncli.errors import NoBatchNormLayers
from tests.helpers.builders import ArraysInMemory, torch_arrays


def test_a_layer_is_a_running_mean_and_a_running_variance_side_by_side() -> None:
    arrays = ArraysInMemory({"conv.weight": np.ones((3, 2)), **torch_arrays("features.1.bn"), "ln.weight": np.ones(4)})
    (layer,) = discover(arrays).layers
    assert layer.name == "features.1.bn"
    assert layer.framework == "torch"
    assert layer.num_features == 4
    assert layer.num_batches_tracked == 100
    assert layer.tensors["running_var"] == "features.1.bn.running_var"


def test_only_the_arrays_of_layers_are_read() -> None:
    arrays = ArraysInMemory({"conv.weight": np.ones((300, 200)), **torch_arrays()})
    discover(arrays)
    assert sorted(arrays.names_read) == sorted(torch_arrays())


def test_a_layer_at_the_top_has_an_empty_name() -> None:
    assert discover(ArraysInMemory(torch_arrays(""))).layers[0].name == ""


@pytest.mark.parametrize("missing", [{"weight": None, "bias": None}, {"num_batches_tracked": None}, {"bias": None}])
def test_parameters_and_counter_may_be_absent(missing: dict[str, None]) -> None:
    (layer,) = discover(ArraysInMemory(torch_arrays(**missing))).layers
    assert all(getattr(layer, role) is None for role in missing)


@pytest.mark.parametrize(
    ("framework", "names", "eps", "momentum"),
    [
        ("keras", ("block/bn/moving_mean:0", "block/bn/moving_variance:0", "block/bn/gamma:0"), 1e-3, 0.01),
        ("paddle", ("bn._mean", "bn._variance", "bn.weight"), 1e-5, 0.1),
        ("mxnet", ("bn.running_mean", "bn.running_var", "bn.gamma"), 1e-5, 0.1),
    ],
)
def test_other_frameworks_names_are_translated(
    framework: str, names: tuple[str, str, str], eps: float, momentum: float
) -> None:
    mean, var, weight = (np.arange(3) + start for start in (0.0, 10.0, 20.0))
    (layer,) = discover(ArraysInMemory(dict(zip(names, (mean, var, weight), strict=True)))).layers
    assert layer.framework == framework
    np.testing.assert_array_equal(layer.running_mean, mean)
    np.testing.assert_array_equal(layer.running_var, var)
    np.testing.assert_array_equal(layer.weight, weight)
    assert (layer.eps, layer.momentum) == (Setting(eps, "assumed"), Setting(momentum, "assumed"))


def test_flax_keeps_statistics_and_parameters_in_two_trees() -> None:
    mean, var, scale = (np.arange(3) + start for start in (0.0, 10.0, 20.0))
    names = {"batch_stats.block.bn.mean": mean, "batch_stats.block.bn.var": var, "params.block.bn.scale": scale}
    (layer,) = discover(ArraysInMemory(names | {"params.ln.scale": scale, "metrics.mean": mean})).layers
    assert (layer.name, layer.framework, layer.bias) == ("block.bn", "flax", None)
    np.testing.assert_array_equal(layer.weight, scale)
    assert (layer.eps, layer.momentum) == (Setting(1e-5, "assumed"), Setting(0.01, "assumed"))


def test_settings_come_from_the_command_line_before_the_file_and_from_the_file_before_the_default() -> None:
    stored = {"bn": LayerHint("bn", "torch.nn.modules.batchnorm.BatchNorm2d", {"eps": 1e-3, "momentum": None})}
    (layer,) = discover(ArraysInMemory(torch_arrays(), stored)).layers
    assert (layer.eps, layer.momentum) == (Setting(1e-3, "stored"), Setting(None, "stored"))
    (layer,) = discover(ArraysInMemory(torch_arrays(), stored), GivenSettings(0.5, Setting(0.2, "given"))).layers
    assert (layer.eps, layer.momentum) == (Setting(0.5, "given"), Setting(0.2, "given"))
    (layer,) = discover(ArraysInMemory(torch_arrays())).layers
    assert (layer.eps.source, layer.momentum.source) == ("assumed", "assumed")


def test_a_counter_that_averaging_made_a_float_stays_a_float() -> None:
    (layer,) = discover(ArraysInMemory(torch_arrays(num_batches_tracked=np.array(99.5)))).layers
    assert layer.num_batches_tracked == 99.5
    (layer,) = discover(ArraysInMemory(torch_arrays(num_batches_tracked=np.array(99.0)))).layers
    assert isinstance(layer.num_batches_tracked, float)


def test_tied_memory_is_one_layer_with_an_alias() -> None:
    shared = torch_arrays("first")
    tied = {f"second.{name.removeprefix('first.')}": values for name, values in shared.items()}
    (layer,) = discover(ArraysInMemory(shared | tied)).layers
    assert layer.name == "first"
    assert layer.aliases == ("second",)


def test_equal_values_in_different_memory_are_two_layers() -> None:
    assert len(discover(ArraysInMemory(torch_arrays("a", seed=3) | torch_arrays("b", seed=3))).layers) == 2


def test_an_instance_norm_that_the_file_names_is_left_out_and_told() -> None:
    hint = {"norm": LayerHint("norm", "torch.nn.modules.instancenorm.InstanceNorm2d")}
    found = discover(ArraysInMemory(torch_arrays("norm") | torch_arrays("bn"), hint))
    assert [layer.name for layer in found.layers] == ["bn"]
    assert found.skipped == (Skipped("norm", "is InstanceNorm2d, not batch normalization"),)


@pytest.mark.parametrize(
    ("changed", "reason", "fault"),
    [
        ({"running_var": None}, "has running_mean but no running_var", "missing-statistic"),
        ({"running_mean": None}, "has running_var but no running_mean", "missing-statistic"),
        ({"running_var": np.ones(3, np.float32)}, "running_var has shape [3]", "shape-mismatch"),
        ({"weight": np.ones((4, 1), np.float32)}, "weight has shape [4, 1]", "shape-mismatch"),
        ({"running_mean": np.ones((2, 2), np.float32)}, "not one value per channel", "shape-mismatch"),
        ({"running_mean": np.ones(4, np.int64)}, "not floating-point", "element-type"),
        (
            {"running_var": None, "running_std": np.ones(4)},
            "has running_std in place of running_var",
            "foreign-statistic",
        ),
    ],
)
def test_a_layer_that_cannot_be_used_is_skipped_with_its_reason(
    changed: dict[str, object], reason: str, fault: str
) -> None:
    found = discover(ArraysInMemory(torch_arrays("good") | torch_arrays("bad", **changed)))
    assert [layer.name for layer in found.layers] == ["good"]
    (skipped,) = found.skipped
    assert skipped.name == "bad"
    assert reason in skipped.reason
    assert skipped.fault == fault


def test_a_survey_of_a_file_with_only_broken_layers_tells_them() -> None:
    found = survey(ArraysInMemory(torch_arrays(running_var=None)))
    assert found.layers == ()
    assert [skipped.fault for skipped in found.skipped] == ["missing-statistic"]


def test_a_file_may_say_that_a_layer_is_in_training_mode() -> None:
    hints = {"bn": LayerHint("bn", training_mode=True)}
    found = discover(ArraysInMemory(torch_arrays() | torch_arrays("other"), hints))
    assert [layer.training_mode for layer in found.layers] == [True, False]


def test_a_layer_whose_roles_the_file_tells_needs_no_known_names() -> None:
    arrays = {name: np.arange(3.0) + shift for shift, name in enumerate(("m", "v", "g", "unused"))}
    roles = {"running_mean": "m", "running_var": "v", "weight": "g"}
    hint = LayerHint("norm", "BatchNormalization", {"eps": 1e-3}, roles, training_mode=True, framework="onnx")
    (layer,) = discover(ArraysInMemory(arrays, {"norm": hint})).layers
    assert (layer.name, layer.framework, layer.training_mode) == ("norm", "onnx", True)
    assert layer.tensors == roles
    assert layer.bias is None
    assert (layer.eps, layer.momentum) == (Setting(1e-3, "stored"), Setting(0.1, "assumed"))


@pytest.mark.parametrize(
    ("framework", "mean", "eps", "momentum"),
    [
        ("onnx", "m", 1e-5, 0.1),
        ("caffe", "m", 1e-5, 0.001),
        ("mxnet", "bn_moving_mean", 1e-3, 0.1),
        ("mxnet", "bn_running_mean", 1e-5, 0.1),
    ],
)
def test_what_a_told_layer_does_not_hold_is_its_frameworks_default(
    framework: str, mean: str, eps: float, momentum: float
) -> None:
    hint = LayerHint("bn", roles={"running_mean": mean, "running_var": "v"}, framework=framework)
    (layer,) = discover(ArraysInMemory({mean: np.ones(3), "v": np.ones(3)}, {"bn": hint})).layers
    assert (layer.eps, layer.momentum) == (Setting(eps, "assumed"), Setting(momentum, "assumed"))


def test_arrays_of_a_told_layer_are_not_found_again_by_their_names() -> None:
    roles = {role: f"bn.{role}" for role in ("running_mean", "running_var")}
    hint = LayerHint("other", roles=roles, framework="onnx")
    (layer,) = discover(ArraysInMemory(torch_arrays("bn"), {"other": hint})).layers
    assert (layer.name, layer.framework) == ("other", "onnx")


def test_a_told_layer_that_contradicts_itself_is_skipped() -> None:
    hint = LayerHint("bn", roles={"running_mean": "m", "running_var": "v"}, framework="onnx")
    arrays = ArraysInMemory({"m": np.ones(3), "v": np.ones(4), **torch_arrays("good")}, {"bn": hint})
    found = discover(arrays)
    assert [layer.name for layer in found.layers] == ["good"]
    assert found.skipped == (Skipped("bn", "running_var has shape [4], running_mean [3]", "shape-mismatch"),)


def test_a_layer_that_the_format_could_not_use_is_none_by_name_either() -> None:
    skipped = (Skipped("bn", "weight is computed, not stored"),)
    found = discover(ArraysInMemory(torch_arrays("bn") | torch_arrays("good"), skipped=skipped))
    assert [layer.name for layer in found.layers] == ["good"]
    assert found.skipped == skipped


def test_a_file_that_says_why_it_has_no_layers_is_quoted() -> None:
    arrays = ArraysInMemory({"conv.weight": np.ones(3)})
    arrays.without_layers = "52 Conv, 0 BatchNormalization: folded at export"
    with pytest.raises(NoBatchNormLayers, match="52 Conv, 0 BatchNormalization: folded at export"):
        discover(arrays)


def test_a_file_without_layers_is_an_error_that_says_what_a_layer_is() -> None:
    with pytest.raises(NoBatchNormLayers, match="no batch-normalization layer among 1 arrays") as caught:
        discover(ArraysInMemory({"conv.weight": np.ones(3)}))
    assert "running_mean and a running_var" in str(caught.value.hint)


def test_a_file_with_only_broken_layers_says_what_is_broken() -> None:
    with pytest.raises(NoBatchNormLayers, match="has running_mean but no running_var"):
        discover(ArraysInMemory(torch_arrays(running_var=None)))
