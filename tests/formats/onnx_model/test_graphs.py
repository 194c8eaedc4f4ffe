from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from bncli.core.batch_norm_layer import Setting
from bncli.errors import MalformedFile
from bncli.formats.onnx import open_onnx
from tests.helpers.onnx_models import ROLES, batch_norm, found, layer_arrays, model, tensors
from tests.helpers.protobuf_bytes import bytes_field, number_field

if TYPE_CHECKING:
    from pathlib import Path


ARRAYS = layer_arrays()
NAMES = list(ARRAYS)


def inner_graph(nodes: list[onnx.NodeProto], initializers: list[onnx.TensorProto] | None = None) -> onnx.GraphProto:
    output = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    return helper.make_graph(nodes, "inner", [], [output], initializers or [])


def test_layers_inside_nodes_are_found_under_the_path_of_the_node(tmp_path: Path) -> None:
    own = layer_arrays(seed=1)
    branches = {
        "then_branch": inner_graph([batch_norm(NAMES, ["a"])], tensors(own)),
        "else_branch": inner_graph([batch_norm(NAMES, ["b"])]),
    }
    proto = model([helper.make_node("If", ["x"], ["y"], name="choice", **branches)], tensors(ARRAYS))
    layers = {layer.name: layer for layer in found(tmp_path / "model", proto).layers}
    assert set(layers) == {"choice.then_branch.bn", "bn"}
    np.testing.assert_array_equal(layers["choice.then_branch.bn"].running_mean, own["bn.running_mean"])
    np.testing.assert_array_equal(layers["bn"].running_mean, ARRAYS["bn.running_mean"])


def test_nodes_of_one_name_keep_their_layers_apart(tmp_path: Path) -> None:
    own = [layer_arrays(seed=seed) for seed in (1, 2)]
    nodes = [
        helper.make_node(
            "If", ["x"], [f"y{index}"], name="same", then_branch=inner_graph([batch_norm(NAMES)], tensors(arrays))
        )
        for index, arrays in enumerate(own)
    ]
    layers = found(tmp_path / "model", model(nodes)).layers
    assert [layer.name for layer in layers] == ["same.then_branch.bn", "same.then_branch#2.bn"]
    for layer, arrays in zip(layers, own, strict=True):
        np.testing.assert_array_equal(layer.running_mean, arrays["bn.running_mean"])


def test_a_tensor_that_is_called_as_one_inside_a_node_is_broken(tmp_path: Path) -> None:
    graph = inner_graph([batch_norm(NAMES)], tensors(ARRAYS))
    outer = {"choice.then_branch.bn.weight": ARRAYS["bn.weight"]}
    proto = model([helper.make_node("If", ["x"], ["y"], name="choice", then_branch=graph)], tensors(outer))
    with pytest.raises(MalformedFile, match=r"two tensors are named 'choice\.then_branch\.bn\.weight'"):
        found(tmp_path / "model", proto)


def test_layers_in_functions_are_found_once_for_each_call(tmp_path: Path) -> None:
    body = batch_norm(ROLES)
    reference = body.attribute.add(name="epsilon", ref_attr_name="small", type=onnx.AttributeProto.FLOAT)
    assert reference.ref_attr_name
    function = helper.make_function(
        "my.own", "Normalize", ["x", *ROLES], ["y"], [body], [helper.make_opsetid("", 17)], ["small"]
    )
    other = layer_arrays(seed=1, prefix="other.")
    calls = [
        helper.make_node("Normalize", ["x", *NAMES], ["a"], name="first", domain="my.own", small=0.5),
        helper.make_node("Normalize", ["a", *other], ["b"], name="second", domain="my.own", small=0.25),
    ]
    layers = found(tmp_path / "model", model(calls, tensors(ARRAYS | other), functions=[function])).layers
    assert [(layer.name, layer.eps) for layer in layers] == [
        ("bn", Setting(0.5, "stored")),
        ("other", Setting(0.25, "stored")),
    ]
    np.testing.assert_array_equal(layers[1].running_var, other["other.running_var"])


def test_a_function_that_calls_itself_is_refused(tmp_path: Path) -> None:
    call = helper.make_node("Again", ["x"], ["y"], domain="my.own")
    function = helper.make_function("my.own", "Again", ["x"], ["y"], [call], [helper.make_opsetid("", 17)])
    with pytest.raises(MalformedFile, match="functions call each other over 32 deep"):
        found(tmp_path / "model", model([call], functions=[function]))


def test_functions_that_call_each_other_in_a_bush_end_at_the_budget_of_fields(tmp_path: Path) -> None:
    functions = []
    for level in range(30):
        calls = [helper.make_node(f"F{level + 1}", ["x"], [f"y{number}"], domain="my.own") for number in range(8)]
        functions.append(
            helper.make_function("my.own", f"F{level}", ["x"], ["y0"], calls, [helper.make_opsetid("", 17)])
        )
    with pytest.raises(MalformedFile, match="too many fields"):
        found(
            tmp_path / "model",
            model([helper.make_node("F0", ["x"], ["y"], domain="my.own")], functions=functions),
        )


def test_graphs_nested_without_end_are_refused(tmp_path: Path) -> None:
    graph = b""
    for _ in range(40):
        graph = bytes_field(1, bytes_field(4, "If") + bytes_field(5, bytes_field(1, "branch") + bytes_field(6, graph)))
    path = tmp_path / "model"
    path.write_bytes(number_field(1, 8) + bytes_field(7, graph) + bytes_field(8, number_field(2, 17)))
    with pytest.raises(MalformedFile, match="nested over"):
        open_onnx(path)


def test_two_nodes_that_compute_the_same_are_broken(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"])] * 2
    with pytest.raises(MalformedFile, match="two nodes compute 'y'"):
        found(tmp_path / "model", model(nodes))
