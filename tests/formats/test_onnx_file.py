"""Tests that ONNX's own library accepts and reads what is written."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from bncli.formats.onnx_file import NodeSettings, onnx_file
from tests.helpers.onnx_models import layer_arrays

ARRAYS = {**layer_arrays(prefix="stem.bn.", seed=1), **layer_arrays(prefix="block.bn.", seed=2)}
LAYERS = ("stem.bn", "block.bn")


@pytest.mark.parametrize("training_mode", [False, True])
def test_a_model_holds_the_arrays_and_the_settings_of_its_layers(training_mode: bool) -> None:
    settings = NodeSettings(epsilon=1e-3, decay=0.75, training_mode=training_mode)
    model = onnx.load_from_string(onnx_file(ARRAYS, LAYERS, settings))
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    assert stored.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(stored[name], array)
    for name, node in zip(LAYERS, model.graph.node, strict=True):
        assert (node.name, node.op_type) == (name, "BatchNormalization")
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        assert attributes == {
            "epsilon": pytest.approx(1e-3),
            "momentum": pytest.approx(0.75),
            "training_mode": training_mode,
        }


def test_a_model_is_valid_and_computes_each_of_its_layers() -> None:
    model = onnx.load_from_string(onnx_file(ARRAYS, LAYERS, NodeSettings()))
    onnx.checker.check_model(model, full_check=True)
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    outputs = ReferenceEvaluator(model).run(None, {f"{layer}.x": x for layer in LAYERS})
    for layer, y in zip(LAYERS, outputs, strict=True):
        weight, bias, mean, var = (
            ARRAYS[f"{layer}.{role}"].astype(np.float64) for role in ("weight", "bias", "running_mean", "running_var")
        )
        np.testing.assert_allclose(y, (x - mean) / np.sqrt(var + 1e-5) * weight + bias, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("with_bias", [False, True])
def test_a_layer_may_stand_behind_a_linear_one(with_bias: bool) -> None:
    rng = np.random.default_rng(3)
    weight, bias = rng.normal(size=(4, 4)).astype(np.float32), rng.normal(size=4).astype(np.float32)
    linear = {"stem.bn.linear.weight": weight} | ({"stem.bn.linear.bias": bias} if with_bias else {})
    model = onnx.load_from_string(onnx_file(ARRAYS | linear, LAYERS, NodeSettings()))
    onnx.checker.check_model(model, full_check=True)
    alone = onnx.load_from_string(onnx_file(ARRAYS, LAYERS, NodeSettings()))
    x = rng.normal(size=(5, 4)).astype(np.float32)
    outputs = ReferenceEvaluator(model).run(None, {"stem.bn.x": x, "block.bn.x": x})
    expected = ReferenceEvaluator(alone).run(None, {"stem.bn.x": x @ weight.T + with_bias * bias, "block.bn.x": x})
    for y, of_layer in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(y, of_layer, rtol=1e-5, atol=1e-5)
