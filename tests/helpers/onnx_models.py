"""Small ONNX models, made by ONNX's own library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
from onnx import TensorProto, helper, numpy_helper

from bncli.analysis.layer_discovery import discover
from bncli.formats.onnx import open_onnx
from tests.helpers.builders import torch_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bncli.core.batch_norm_layer import Checkpoint

ROLES = ("weight", "bias", "running_mean", "running_var")
"""What the inputs of a node are after the first."""


def layer_arrays(num_features: int = 4, seed: int = 0, prefix: str = "bn.") -> dict[str, NDArray[Any]]:
    """Return the arrays of a layer by the names that torch's exporter gives them."""
    arrays = torch_arrays("bn", num_features, seed)
    return {f"{prefix}{role}": arrays[f"bn.{role}"] for role in ROLES}


def found(path: Path, proto: onnx.ModelProto) -> Checkpoint:
    """Write a model to a file, and return the layers that are found in it."""
    path.write_bytes(proto.SerializeToString())
    with open_onnx(path) as arrays:
        return discover(arrays)


def tensors(arrays: Mapping[str, NDArray[Any]]) -> list[onnx.TensorProto]:
    """Return arrays as tensors whose bytes lie in `raw_data`."""
    return [numpy_helper.from_array(values, name) for name, values in arrays.items()]


def batch_norm(names: Sequence[str], outputs: Sequence[str] = ("y",), **attributes: Any) -> onnx.NodeProto:
    """Return a node that normalizes `x`; `names` are those of its inputs after it."""
    return helper.make_node("BatchNormalization", ["x", *names], list(outputs), **attributes)


def model(
    nodes: Sequence[onnx.NodeProto],
    initializers: Sequence[onnx.TensorProto] = (),
    opset: int = 17,
    inputs: Sequence[str] = (),
    functions: Sequence[onnx.FunctionProto] = (),
) -> onnx.ModelProto:
    """Return a model with the input `x`, and the output of the last node as its output."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", *inputs)]
    output = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "graph", values, [output], initializers)
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(item.domain, 1) for item in functions[:1])]
    return helper.make_model(graph, opset_imports=opsets, functions=functions)


def one_layer_model(opset: int = 17, outputs: Sequence[str] = ("y",), **attributes: Any) -> onnx.ModelProto:
    """Return a model that is one layer of four channels."""
    arrays = layer_arrays()
    return model([batch_norm(list(arrays), outputs, **attributes)], tensors(arrays), opset)
