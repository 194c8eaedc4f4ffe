"""Makes a small ONNX model of BatchNormalization nodes side by side, each alone or behind a Gemm, whole in memory."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from bncli.formats.protobuf.heads import CONTINUES, WireType, key_of
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bncli.core.named_arrays import Array

_ROLES = ("weight", "bias", "running_mean", "running_var")
"""What inputs 1 to 4 of a node are; input 0 is what it normalizes."""
_LINEAR_ROLES = ("linear.weight", "linear.bias")
_IR_VERSION = 8
_OPSET = 17
_FLOAT = 1
"""Of onnx.TensorProto.DataType."""
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT = 1, 2
"""Of onnx.AttributeProto.AttributeType."""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Attributes of the nodes."""

    epsilon: float = 1e-5
    decay: float = 0.9
    """Weight of the old value in the running average, which ONNX calls momentum."""
    training_mode: bool = False


def onnx_file(arrays: Mapping[str, Array], layers: Sequence[str], settings: NodeSettings) -> bytes:
    """Return a model that applies each layer to an input of its own, `NAME.x`, and gives `NAME.y`.

    Where there is an array `NAME.linear.weight`, the input goes through a linear layer first, with the bias
    `NAME.linear.bias` if that is there too.

    The field numbers are those of onnx.proto3, version 8 of the format.

    Args:
        arrays: float32 arrays by name, four for each layer: `NAME.weight`, `.bias`, `.running_mean`, `.running_var`. A
            `NAME.linear.weight` has shape (C, C), a `NAME.linear.bias` (C,), for C channels.
        layers: names of the layers in their order, at least one.
        settings: the same for all nodes.
    """
    linear = {name: [each for each in _names(name, _LINEAR_ROLES) if each in arrays] for name in layers}
    graph = b"".join(_nodes(name, linear[name], settings) for name in layers) + _text(2, "graph")
    for name in layers:
        for each in (*_names(name, _ROLES), *linear[name]):
            graph += _message(5, _tensor(each, arrays[each]))
        num_features = arrays[f"{name}.running_mean"].size
        graph += _message(11, _value(f"{name}.x", num_features)) + _message(12, _value(f"{name}.y", num_features))
    opset = _text(1, "") + _number(2, _OPSET)
    return _number(1, _IR_VERSION) + _text(2, "bncli") + _message(7, graph) + _message(8, opset)


def _names(layer: str, roles: Sequence[str]) -> list[str]:
    return [f"{layer}.{role}" for role in roles]


def _nodes(name: str, linear: Sequence[str], settings: NodeSettings) -> bytes:
    """Return the nodes of one layer as fields of the graph; `linear` names the arrays of a Gemm before it, if any."""
    if not linear:
        return _message(1, _batch_norm(name, f"{name}.x", settings))
    normalized = f"{name}.linear"
    return _message(1, _gemm(normalized, [f"{name}.x", *linear])) + _message(1, _batch_norm(name, normalized, settings))


def _gemm(name: str, inputs: Sequence[str]) -> bytes:
    """Return a node that multiplies with the transpose of its second input, as PyTorch's `Linear` does."""
    transposed = _text(1, "transB") + _number(3, 1) + _number(20, _ATTRIBUTE_INT)
    body = b"".join(_text(1, each) for each in inputs) + _text(2, name)
    return body + _text(3, name) + _text(4, "Gemm") + _message(5, transposed)


def _batch_norm(name: str, normalized: str, settings: NodeSettings) -> bytes:
    inputs = (normalized, *_names(name, _ROLES))
    attributes = [
        _text(1, "epsilon") + _float(2, settings.epsilon) + _number(20, _ATTRIBUTE_FLOAT),
        _text(1, "momentum") + _float(2, settings.decay) + _number(20, _ATTRIBUTE_FLOAT),
        _text(1, "training_mode") + _number(3, settings.training_mode) + _number(20, _ATTRIBUTE_INT),
    ]
    body = b"".join(_text(1, each) for each in inputs) + _text(2, f"{name}.y")
    body += _text(3, name) + _text(4, "BatchNormalization")
    return body + b"".join(_message(5, attribute) for attribute in attributes)


def _tensor(name: str, array: Array) -> bytes:
    body = b"".join(_number(1, size) for size in array.shape) + _number(2, _FLOAT)
    return body + _text(8, name) + _message(9, np.ascontiguousarray(array, "<f4").tobytes())


def _value(name: str, num_features: int) -> bytes:
    """Return a description of an input or output: a float tensor of shape (N, C)."""
    shape = _message(1, _text(2, "N")) + _message(1, _number(1, num_features))
    return _text(1, name) + _message(2, _message(1, _number(1, _FLOAT) + _message(2, shape)))


def _message(field: int, body: bytes) -> bytes:
    return _varint(key_of(field, WireType.BYTES)) + _varint(len(body)) + body


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _number(field: int, number: int) -> bytes:
    return _varint(key_of(field, WireType.VARINT)) + _varint(number)


def _float(field: int, number: float) -> bytes:
    return _varint(key_of(field, WireType.FIXED32)) + struct.pack("<f", number)


def _varint(number: int) -> bytes:
    """Return a number that is not negative, seven bits a byte, the lowest first."""
    body = bytearray()
    while number >= CONTINUES:
        body.append(number % CONTINUES | CONTINUES)
        number //= CONTINUES
    return bytes([*body, number])
