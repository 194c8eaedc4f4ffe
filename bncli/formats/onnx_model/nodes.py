"""Nodes of an ONNX graph and their attributes."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from bncli.formats.protobuf.heads import WireType, key_of, number_of
from bncli.formats.protobuf.repeated_numbers import RepeatedNumbers
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.formats.protobuf.heads import Head
    from bncli.formats.protobuf.wire import Message

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


_INPUT = key_of(_NodeField.INPUT, WireType.BYTES)
_OUTPUT = key_of(_NodeField.OUTPUT, WireType.BYTES)
_NAME = key_of(_NodeField.NAME, WireType.BYTES)
_OP_TYPE = key_of(_NodeField.OP_TYPE, WireType.BYTES)
_ATTRIBUTE = key_of(_NodeField.ATTRIBUTE, WireType.BYTES)
_DOMAIN = key_of(_NodeField.DOMAIN, WireType.BYTES)
_NODE_FIELDS = frozenset(number_of(key) for key in (_INPUT, _OUTPUT, _NAME, _OP_TYPE, _ATTRIBUTE, _DOMAIN))


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

    message: Message
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    name: str = ""
    op_type: str = ""
    operator: str = ""
    """The operator with its domain, which ONNX's own operators have none of."""
    attribute_heads: list[Head] = field(default_factory=list)

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
        found = [_read_attribute(self.message.field(head).message()) for head in self.attribute_heads]
        resolved = [of_call.get(attribute.reference, attribute) for attribute in found]
        return {attribute.name: value for attribute, value in zip(found, resolved, strict=True)}


def read_node(message: Message) -> Node:
    """Return a node.

    Raises:
        ValueError: it is broken.
    """
    node = Node(message)
    text = message.file.text
    domain = ""
    for head in message.heads():
        key, start, stop, _ = head
        if key == _INPUT:
            node.inputs.append(text(start, stop))
        elif key == _OUTPUT:
            node.outputs.append(text(start, stop))
        elif key == _ATTRIBUTE:
            node.attribute_heads.append(head)
        elif key == _OP_TYPE:
            node.op_type = text(start, stop)
        elif key == _NAME:
            node.name = text(start, stop)
        elif key == _DOMAIN:
            domain = text(start, stop)
        elif number_of(key) in _NODE_FIELDS:
            raise message.field(head).mistyped()
    node.operator = operator_name(domain, node.op_type)
    return node


def operator_name(domain: str, op_type: str) -> str:
    """Return the name of an operator with its domain; ONNX's own operators, whose domain has two names, have none."""
    return f"{domain}.{op_type}" if domain and domain != _DEFAULT_DOMAIN else op_type


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
