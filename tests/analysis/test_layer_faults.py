"""Tests of why arrays that seem to be a layer are no usable one."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.named_arrays import LayerHint, Skipped
from tests.helpers.builders import ArraysInMemory, torch_arrays


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


def test_a_told_layer_that_contradicts_itself_is_skipped() -> None:
    hint = LayerHint("bn", roles={"running_mean": "m", "running_var": "v"}, framework="onnx")
    arrays = ArraysInMemory({"m": np.ones(3), "v": np.ones(4), **torch_arrays("good")}, {"bn": hint})
    found = discover(arrays)
    assert [layer.name for layer in found.layers] == ["good"]
    assert found.skipped == (Skipped("bn", "running_var has shape [4], running_mean [3]", "shape-mismatch"),)


def test_batch_normalization_without_statistics_is_told_where_the_file_names_its_class() -> None:
    classes = {"free": "torch.nn.modules.batchnorm.BatchNorm1d", "bn": "m.BatchNorm1d", "in": "m.InstanceNorm1d"}
    hints = {name: LayerHint(name, class_name) for name, class_name in classes.items()}
    found = discover(ArraysInMemory({"free.weight": np.ones(3), "free.bias": np.ones(3), **torch_arrays("bn")}, hints))
    assert [layer.name for layer in found.layers] == ["bn"]
    assert found.skipped == (Skipped("free", "is BatchNorm1d and keeps no running statistics"),)


def test_a_layer_is_skipped_once() -> None:
    hints = {"bn": LayerHint("bn", "m.BatchNorm1d"), "out": LayerHint("out", "m.BatchNorm1d")}
    skipped = (Skipped("out", "is not read"),)
    arrays = ArraysInMemory(torch_arrays(running_var=None) | torch_arrays("good"), hints, skipped=skipped)
    assert [each.name for each in discover(arrays).skipped] == ["out", "bn"]
