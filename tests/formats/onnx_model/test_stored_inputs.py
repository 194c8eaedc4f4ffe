from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from bncli.analysis.layer_discovery import discover
from bncli.errors import MalformedFile, NoBatchNormLayers
from bncli.formats.onnx import open_onnx
from tests.helpers.onnx_models import batch_norm, found, layer_arrays, model, tensors

if TYPE_CHECKING:
    from pathlib import Path


ARRAYS = layer_arrays()
NAMES = list(ARRAYS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


def without(name: str) -> list[onnx.TensorProto]:
    return tensors({each: values for each, values in ARRAYS.items() if each != name})


def expand(name: str, value: str = "one") -> onnx.NodeProto:
    return helper.make_node("Expand", [value, "shape"], [name])


ONE = helper.make_node("Constant", [], ["one"], value_floats=[1.5])
SHAPE_OF_X = helper.make_node("Shape", ["x"], ["shape"], start=1, end=2)


def stored_shape(*lengths: int) -> onnx.NodeProto:
    return helper.make_node("Constant", [], ["shape"], value=numpy_helper.from_array(np.array(lengths, np.int64)))


@pytest.mark.parametrize("shape", [SHAPE_OF_X, stored_shape(4)])
@pytest.mark.parametrize("is_initializer", [True, False])
def test_one_value_that_is_expanded_to_every_channel_is_read(
    path: Path, shape: onnx.NodeProto, *, is_initializer: bool
) -> None:
    one = tensors({"one": np.array(1.5, np.float32)} if is_initializer else {})
    nodes = [shape, expand("bn.weight"), batch_norm(NAMES)]
    (layer,) = found(path, model(nodes if is_initializer else [ONE, *nodes], [*without("bn.weight"), *one])).layers
    expanded = ReferenceEvaluator(model([ONE, *nodes[:2]])).run(None, {"x": np.zeros((2, 4), np.float32)})
    assert layer.weight is not None
    np.testing.assert_array_equal(layer.weight, expanded[0])
    assert layer.bias is not None
    np.testing.assert_array_equal(layer.bias, ARRAYS["bn.bias"])


def test_one_value_that_is_expanded_for_several_layers_is_read_for_each(path: Path) -> None:
    narrow, wide = (layer_arrays(width, prefix=f"l{width}.") for width in (3, 5))
    stored = {name: values for name, values in (narrow | wide).items() if not name.endswith("weight")}
    nodes = [ONE, SHAPE_OF_X]
    nodes += [expand(f"l{width}.weight") for width in (3, 5)]
    nodes += [batch_norm(list(narrow), ["a"]), batch_norm(list(wide), ["b"])]
    layers = found(path, model(nodes, tensors(stored))).layers
    assert [layer.weight.tolist() for layer in layers if layer.weight is not None] == [[1.5] * 3, [1.5] * 5]


def test_a_value_that_is_expanded_to_more_than_memory_holds_is_no_weight(path: Path) -> None:
    nodes = [ONE, stored_shape(2**40), expand("bn.weight"), batch_norm(NAMES)]
    path.write_bytes(model(nodes, without("bn.weight")).SerializeToString())
    with open_onnx(path) as arrays:
        assert arrays.specs["bn.weight"].shape == (2**40,)
        with pytest.raises(MalformedFile, match="cannot be read"):
            arrays.read("bn.weight")
        with pytest.raises(NoBatchNormLayers):
            discover(arrays)


@pytest.mark.parametrize(
    ("name", "nodes", "reason"),
    [
        ("weight", [ONE, stored_shape(2, 2), expand("bn.weight")], "expanded to other than a number of channels"),
        ("weight", [ONE, stored_shape(-4), expand("bn.weight")], "expanded to other than a number of channels"),
        ("weight", [stored_shape(4), expand("bn.weight", "bn.bias")], "computed by an Expand node, not stored"),
        ("weight", [ONE, expand("bn.weight")], "is 'shape', which nothing in the model defines"),
        ("weight", [stored_shape(4), expand("bn.weight", "bn.weight")], "expanded twice, not stored"),
        ("weight", [helper.make_node("Expand", [], ["bn.weight"])], "is '', which nothing in the model defines"),
        ("running_mean", [ONE, SHAPE_OF_X, expand("bn.running_mean")], "computed by an Expand node, not stored"),
    ],
)
def test_what_is_expanded_in_another_way_is_told(
    path: Path, name: str, nodes: list[onnx.NodeProto], reason: str
) -> None:
    path.write_bytes(model([*nodes, batch_norm(NAMES)], without(f"bn.{name}")).SerializeToString())
    with open_onnx(path) as arrays:
        (skipped,) = arrays.skipped
    assert skipped.reason.startswith(name)
    assert reason in skipped.reason
