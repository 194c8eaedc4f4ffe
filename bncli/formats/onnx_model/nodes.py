"""Nodes of an ONNX graph and their attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bncli.formats.protobuf.repeated_numbers import RepeatedNumbers
from bncli.formats.protobuf.wire import WireType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.formats.protobuf.wire import Field, Message

_DEFAULT_DOMAIN = "ai.onnx"


# Plain numbers: to compare with members of enumerations took a tenth of the time that a large model takes.


class _NodeField:
    """Fields of onnx.NodeProto."""

    INPUT = 1
    OUTPUT = 2
    NAME = 3
    OP_TYPE = 4
    ATTRIBUTE = 5
    DOMAIN = 7


class _AttributeField:
    """Fields of onnx.AttributeProto."""

    NAME = 1
    FLOAT = 2
    INT = 3
    TENSOR = 5
    GRAPH = 6
    FLOATS = 7
    GRAPHS = 11
    REFERENCE = 21


@dataclass(slots=True)
class Attribute:
    """One attribute of a node; what it does not hold is `None` or empty."""

    name: str = ""
    float32: float | None = None
    integer: int | None = None
    tensor: Message | None = None
    graphs: list[Message] = field(default_factory=list)
    floats: RepeatedNumbers = field(default_factory=lambda: RepeatedNumbers(WireType.FIXED32))
    reference: str = ""
    """Name of the attribute of a function's call that stands for this one."""


@dataclass(slots=True)
class Node:
    """One node of a graph; attributes are left in the file until asked for."""

    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    name: str = ""
    op_type: str = ""
    domain: str = ""
    attribute_fields: list[Field] = field(default_factory=list)

    @property
    def operator(self) -> str:
        """The operator with its domain, which ONNX's own operators have none of."""
        return f"{self.domain}.{self.op_type}" if self.domain else self.op_type

    @property
    def path(self) -> str:
        """A name for the node: its own, or that of what it computes."""
        return self.name or next(filter(None, self.outputs), "") or self.op_type

    def attributes(self, of_call: Mapping[str, Attribute]) -> dict[str, Attribute]:
        """Return the attributes by name.

        Args:
            of_call: what the references of a node in a function stand for.

        Raises:
            ValueError: an attribute is broken.
        """
        found = [_read_attribute(item.message()) for item in self.attribute_fields]
        resolved = [of_call.get(attribute.reference, attribute) for attribute in found]
        return {attribute.name: value for attribute, value in zip(found, resolved, strict=True)}


def read_node(message: Message) -> Node:
    """Return a node.

    Raises:
        ValueError: it is broken.
    """
    node = Node()
    for item in message.fields():
        match item.number:
            case _NodeField.INPUT:
                node.inputs.append(item.text())
            case _NodeField.OUTPUT:
                node.outputs.append(item.text())
            case _NodeField.NAME:
                node.name = item.text()
            case _NodeField.OP_TYPE:
                node.op_type = item.text()
            case _NodeField.ATTRIBUTE:
                node.attribute_fields.append(item)
            case _NodeField.DOMAIN:
                domain = item.text()
                node.domain = "" if domain == _DEFAULT_DOMAIN else domain
            case _:
                pass
    return node


def _read_attribute(message: Message) -> Attribute:
    attribute = Attribute()
    for item in message.fields():
        match item.number:
            case _AttributeField.NAME:
                attribute.name = item.text()
            case _AttributeField.FLOAT:
                attribute.float32 = item.float32()
            case _AttributeField.INT:
                attribute.integer = item.integer()
            case _AttributeField.TENSOR:
                attribute.tensor = item.message()
            case _AttributeField.GRAPH | _AttributeField.GRAPHS:
                attribute.graphs.append(item.message())
            case _AttributeField.FLOATS:
                attribute.floats.add(item)
            case _AttributeField.REFERENCE:
                attribute.reference = item.text()
            case _:
                pass
    return attribute
