"""Inputs of nodes, followed to what is stored of them: through copies, calls, and repetitions of one value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.onnx_model.tensors import read_tensor
from bncli.formats.stored_array import StoredArray
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.companion_files import CompanionFiles
    from bncli.formats.onnx_model.graphs import Scope
    from bncli.formats.onnx_model.nodes import Node

_MAX_STEPS = 100


class NotStoredError(Exception):
    """An input of a node is not stored in the model; the text says what it is instead."""


@dataclass(frozen=True, slots=True)
class StoredInput:
    """An input of a node that is stored."""

    path: str
    values: StoredArray
    is_initializer: bool = False
    """Whether it is one of the tensors that the model lists."""
    is_per_channel: bool = False
    """Whether this is one value that stands for every channel."""

    def repeated(self, count: int) -> StoredInput:
        """Return one value as a vector of as many as wanted; no memory is taken for them yet."""
        return StoredInput(self.path, replace(self.values, shape=(count,), strides=(0,)))


def stored_input(role: str, name: str, scope: Scope, companions: CompanionFiles) -> StoredInput:
    """Return the array that a name stands for.

    Args:
        role: what it is to the node, for messages.
        name: of the input.
        scope: of the node.
        companions: the files that hold external data.

    Raises:
        NotStoredError: it is an input of the graph, is computed, or is stored as what bncli does not read.
    """
    producer, scope, name = _followed(role, name, scope)
    if producer is None or producer.op_type == "Constant":
        return _stored(role, name, producer, scope, companions)
    return _expansion(role, name, producer, scope, companions)


def _followed(role: str, name: str, scope: Scope) -> tuple[Node | None, Scope, str]:
    """Return the node that holds or repeats a value, `None` for an initializer; and the scope and the name there."""
    sought: Scope | None = scope
    for _ in range(_MAX_STEPS):
        if sought is None:
            raise NotStoredError(f"{role} is {name!r}, which nothing in the model defines")
        if name in sought.initializers:
            return None, sought, name
        producer = sought.producers.get(name)
        if isinstance(producer, str):
            raise NotStoredError(f"{role} is computed by a {producer} node, not stored")
        if producer is not None and producer.op_type != "Identity":
            return producer, sought, name
        if producer is not None:
            name = next(iter(producer.inputs), "")
        elif name in sought.inputs:
            raise NotStoredError(f"{role} is an input of the graph, not stored")
        elif name in sought.arguments:
            sought, name = sought.arguments[name]
        else:
            sought = sought.parent
    raise NotStoredError(f"{role} is a copy of a copy, over {_MAX_STEPS} times")


def _stored(role: str, name: str, constant: Node | None, scope: Scope, companions: CompanionFiles) -> StoredInput:
    path = scope.path + name
    values = scope.initializers[name].values if constant is None else _constant(role, constant, scope, companions)
    if isinstance(values, str):
        raise NotStoredError(f"{role} {path!r} cannot be read: {values}")
    return StoredInput(path, values, is_initializer=constant is None)


def _constant(role: str, constant: Node, scope: Scope, companions: CompanionFiles) -> StoredArray | str:
    attributes = constant.attributes(scope.attributes)
    tensor, numbers = (attributes.get(key) for key in ("value", "value_floats"))
    if tensor is not None and tensor.tensor is not None:
        return read_tensor(tensor.tensor, companions).values
    if numbers is not None:
        element = ELEMENT_TYPES["float32"]
        count = numbers.floats.num_bytes // element.itemsize
        return StoredArray(numbers.floats.region(element.itemsize, count), element, "<", (count,), (1,))
    kind = "sparse Constant" if "sparse_value" in attributes else "Constant without a tensor"
    raise NotStoredError(f"{role} is a {kind}")


def _expansion(role: str, name: str, expand: Node, scope: Scope, companions: CompanionFiles) -> StoredInput:
    """Return what repeats one stored value, as torch's exporter writes the parameters of a layer without any."""
    value_name, shape_name = (*expand.inputs, "", "")[:2]
    value = _plainly_stored(role, value_name, scope, companions)
    if value.size != 1:
        raise NotStoredError(f"{role} is computed by an Expand node, not stored")
    path = scope.path + name
    if scope.producers.get(shape_name) == "Shape":
        # The shape of what is normalized: a node has as many parameters as that has channels.
        return StoredInput(path, value, is_per_channel=True)
    shape = _plainly_stored(role, shape_name, scope, companions)
    lengths = shape.whole().tolist() if len(shape.shape) == shape.size == 1 else []
    if not lengths or type(lengths[0]) is not int or lengths[0] < 1:
        raise NotStoredError(f"{role} is expanded to other than a number of channels")
    return StoredInput(path, value).repeated(lengths[0])


def _plainly_stored(role: str, name: str, scope: Scope, companions: CompanionFiles) -> StoredArray:
    """Return what a node expands: not what another one has expanded, of which there could be any number."""
    producer, scope, name = _followed(role, name, scope)
    if producer is not None and producer.op_type != "Constant":
        raise NotStoredError(f"{role} is expanded twice, not stored")
    return _stored(role, name, producer, scope, companions).values
