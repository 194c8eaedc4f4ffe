from __future__ import annotations

import numpy as np
import pytest
from onnx import NodeProto, helper, numpy_helper

from bncli.formats.onnx_model.nodes import Node, read_node
from bncli.formats.protobuf.wire import WireFile
from bncli.formats.regions import MemoryRegion


def read(proto: NodeProto) -> Node:
    return read_node(WireFile(MemoryRegion(proto.SerializeToString())).root())


def test_a_node_comes_back_as_it_was_written() -> None:
    node = read(helper.make_node("Conv", ["x", "w"], ["y", "", "z"], name="conv", domain="my.own"))
    assert (node.inputs, node.outputs, node.name) == (["x", "w"], ["y", "", "z"], "conv")
    assert node.operator == "my.own.Conv"


@pytest.mark.parametrize("domain", ["", "ai.onnx"])
def test_onnxs_own_operators_need_no_domain(domain: str) -> None:
    assert read(helper.make_node("Conv", ["x"], ["y"], domain=domain)).operator == "Conv"


def test_a_node_without_a_name_is_called_as_what_it_computes() -> None:
    assert read(helper.make_node("Conv", ["x"], ["", "y"])).path == "y"
    assert read(helper.make_node("Conv", ["x"], [])).path == "Conv"


def test_attributes_come_by_name_as_their_types() -> None:
    tensor = numpy_helper.from_array(np.ones(2))
    node = read(helper.make_node("A", [], [], f=0.25, i=-3, t=tensor, fs=[1.0, 2.0], s="text"))
    attributes = node.attributes({})
    assert attributes["f"].float32 == 0.25
    assert attributes["i"].integer == -3
    assert attributes["t"].tensor is not None
    assert attributes["fs"].floats.num_bytes == 8
    assert attributes["s"].float32 is None


def test_a_reference_stands_for_the_attribute_of_the_call() -> None:
    proto = helper.make_node("A", [], [])
    proto.attribute.add(name="epsilon", ref_attr_name="small", type=1)
    of_call = read(helper.make_node("F", [], [], small=0.5)).attributes({})
    assert read(proto).attributes(of_call)["epsilon"].float32 == 0.5
    assert read(proto).attributes({})["epsilon"].float32 is None
