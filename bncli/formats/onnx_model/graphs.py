"""Graphs of an ONNX model, with those inside nodes and the bodies of functions, as scopes in which names are sought."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from bncli.core.name_length import require_short
from bncli.formats.onnx_model.nodes import operator_name, read_node
from bncli.formats.onnx_model.tensors import read_sparse_tensor, read_tensor
from bncli.formats.protobuf.heads import WireType, key_of
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bncli.formats.companion_files import CompanionFiles
    from bncli.formats.onnx_model.nodes import Attribute, Node
    from bncli.formats.onnx_model.tensors import Tensor
    from bncli.formats.protobuf.wire import Field, Message

_OPERATORS_WITH_GRAPHS = frozenset({"If", "Loop", "Scan", "SequenceMap"})
_KEPT_PRODUCERS = frozenset({"Constant", "Expand", "Identity"})
_OPERATORS_WITH_BIAS = frozenset({"Conv", "ConvTranspose", "Gemm"})
_BIAS = 2
"""Which input of theirs it is; they can do without."""
_MAX_NESTING = 32


# Plain numbers: to compare with members of enumerations took a tenth of the time that a large model takes.


class _GraphField:
    """Fields of onnx.GraphProto."""

    NODE = 1
    INITIALIZER = 5
    INPUT = 11
    OUTPUT = 12
    SPARSE_INITIALIZER = 15


_NODE = key_of(_GraphField.NODE, WireType.BYTES)
_INITIALIZER = key_of(_GraphField.INITIALIZER, WireType.BYTES)


class _FunctionField:
    """Fields of onnx.FunctionProto."""

    NAME = 1
    INPUT = 4
    NODE = 7
    DOMAIN = 10


_VALUE_NAME = 1
"""Field of onnx.ValueInfoProto."""


@dataclass(slots=True)
class Scope:
    """The names that can be used in one graph or in one call of a function."""

    path: str = ""
    """Empty for the model's main graph; for others the path of the node that holds them, and a dot."""
    parent: Scope | None = None
    """The graph around this one, whose names can be used too; `None` for the main graph and for functions."""
    depth: int = 0
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    """Of the call, in a function."""
    arguments: Mapping[str, tuple[Scope, str]] = field(default_factory=dict)
    """The function's inputs, as names in the scope of the call."""
    inputs: set[str] = field(default_factory=set)
    initializers: dict[str, Tensor] = field(default_factory=dict)
    producers: dict[str, Node | str] = field(default_factory=dict)
    """What computes a name: the node where that may lead to stored values, else its operator."""
    biases: dict[str, str] = field(default_factory=dict)
    """Of what convolutions and matrix products compute: the name of the bias that they add last."""
    batch_norms: list[Node] = field(default_factory=list)

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Return the initializers by their paths in the model."""
        for name, tensor in self.initializers.items():
            yield self.path + name, tensor


class GraphWalk:
    """Walks a model's graphs and collects what matters for batch normalization.

    Args:
        companions: the files that hold external data.
        functions: the model's functions, by operator.

    Attributes:
        scopes: every graph, in the order in which their nodes begin.
        num_nodes: how many nodes there are of each operator.
        used: the names that nodes take and graphs give, as often as they do, whatever scope they are of.
    """

    def __init__(self, companions: CompanionFiles, functions: Mapping[str, Function]) -> None:
        self._companions = companions
        self._functions = functions
        self._num_scopes_at: Counter[str] = Counter()
        self.scopes: list[Scope] = []
        self.num_nodes: Counter[str] = Counter()
        self.used: list[str] = []

    def walk(self, graph: Message, scope: Scope) -> None:
        """Collect a graph, and then the graphs inside its nodes.

        Raises:
            ValueError: the graph is broken: two values have one name, for instance.
            UnsafeFile: a tensor names a file that does not lie beside the model.
        """
        if scope.depth > _MAX_NESTING:
            raise ValueError(f"graphs are nested over {_MAX_NESTING} deep")
        self.scopes.append(scope)
        nesting: list[Node] = []
        for head in graph.heads():
            key, start, stop, _ = head
            if key == _NODE:
                self._take_node(read_node(graph.inner(start, stop)), scope, nesting)
            elif key == _INITIALIZER:
                _keep(scope, read_tensor(graph.inner(start, stop), self._companions))
            else:
                self._take_other(graph.field(head), scope)
        self._walk_nested(nesting, scope)

    def _take_other(self, item: Field, scope: Scope) -> None:
        """Take a field that is neither a node nor an initializer, or is one of them and written as another type."""
        match item.number:
            case _GraphField.NODE | _GraphField.INITIALIZER:
                raise item.mistyped()
            case _GraphField.SPARSE_INITIALIZER:
                _keep(scope, read_sparse_tensor(item.message()))
            case _GraphField.INPUT:
                scope.inputs.update(_value_names(item.message()))
            case _GraphField.OUTPUT:
                self.used.extend(_value_names(item.message()))
            case _:
                pass

    def call(self, node: Node, caller: Scope) -> None:
        """Collect the body of a function for one call of it."""
        function = self._functions[node.operator]
        arguments = {name: (caller, value) for name, value in zip(function.inputs, node.inputs, strict=False)}
        scope = Scope(
            path=self._path_below(caller, node.path),
            depth=caller.depth + 1,
            attributes=node.attributes(caller.attributes),
            arguments=arguments,
        )
        if scope.depth > _MAX_NESTING:
            raise ValueError(f"functions call each other over {_MAX_NESTING} deep")
        self.scopes.append(scope)
        nesting: list[Node] = []
        for item in function.body.fields():
            if item.number == _FunctionField.NODE:
                self._take_node(read_node(item.message()), scope, nesting)
        self._walk_nested(nesting, scope)

    def _path_below(self, scope: Scope, name: str) -> str:
        """Return the path of a new scope; nodes may share a name, and are counted then."""
        path = f"{scope.path}{name}"
        require_short([path])
        self._num_scopes_at[path] += 1
        count = self._num_scopes_at[path]
        return f"{path}." if count == 1 else f"{path}#{count}."

    def _take_node(self, node: Node, scope: Scope, nesting: list[Node]) -> None:
        self.num_nodes[node.operator] += 1
        kept = node if node.operator in _KEPT_PRODUCERS else node.operator
        for output in filter(None, node.outputs):
            if output in scope.producers:
                raise ValueError(f"two nodes compute {output!r}")
            scope.producers[output] = kept
        self.used += node.inputs
        if node.operator in _OPERATORS_WITH_BIAS and len(node.inputs) > _BIAS:
            scope.biases.update(dict.fromkeys(node.outputs, node.inputs[_BIAS]))
        if node.operator == "BatchNormalization":
            scope.batch_norms.append(node)
        elif node.operator in _OPERATORS_WITH_GRAPHS or node.operator in self._functions:
            nesting.append(node)

    def _walk_nested(self, nesting: list[Node], scope: Scope) -> None:
        for node in nesting:
            if node.operator in self._functions:
                self.call(node, scope)
                continue
            for name, attribute in node.attributes(scope.attributes).items():
                for index, graph in enumerate(attribute.graphs):
                    number = f"[{index}]" if len(attribute.graphs) > 1 else ""
                    path = self._path_below(scope, f"{node.path}.{name}{number}")
                    inner = Scope(path, scope, scope.depth + 1, scope.attributes, scope.arguments)
                    self.walk(graph, inner)


def _keep(scope: Scope, tensor: Tensor) -> None:
    if tensor.name in scope.initializers:
        raise ValueError(f"two tensors are named {tensor.name!r}")
    scope.initializers[tensor.name] = tensor


def _value_names(message: Message) -> Iterator[str]:
    return (part.text() for part in message.fields() if part.number == _VALUE_NAME)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a model defines, to be used as an operator."""

    operator: str
    """Its name as nodes call it, with the domain."""
    inputs: tuple[str, ...]
    body: Message


def read_function(message: Message) -> Function:
    """Return a function; its nodes are read when it is called.

    Raises:
        ValueError: it is broken.
    """
    name = domain = ""
    inputs: list[str] = []
    for item in message.fields():
        match item.number:
            case _FunctionField.NAME:
                name = item.text()
            case _FunctionField.DOMAIN:
                domain = item.text()
            case _FunctionField.INPUT:
                inputs.append(item.text())
            case _:
                pass
    return Function(operator_name(domain, name), tuple(inputs), message)
