"""The epsilon of each layer as the graph of a SavedModel has it, in the attributes of its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.decimal_settings import shortest_float32
from bncli.formats.protobuf.wire import WireFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.formats.protobuf.wire import Field, Message
    from bncli.formats.regions import Region

_META_GRAPHS = 2
"""Field of tensorflow.SavedModel."""
_GRAPH = 2
"""Field of tensorflow.MetaGraphDef."""
_NODE, _LIBRARY = 1, 2
"""Fields of tensorflow.GraphDef."""
_FUNCTION, _FUNCTION_NODE = 1, 3
"""Fields of tensorflow.FunctionDefLibrary and of tensorflow.FunctionDef."""
_NODE_NAME, _NODE_OPERATOR, _NODE_ATTRIBUTE = 1, 2, 5
"""Fields of tensorflow.NodeDef."""
_KEY, _VALUE, _FLOAT = 1, 2, 4
"""Fields of an attribute, and of tensorflow.AttrValue."""
_OPERATORS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})


def epsilons_by_layer(content: Region) -> dict[str, float]:
    """Return the epsilon of each layer by the last part of its name; none at all where the nodes disagree.

    A layer runs its node in a scope of its own name, but TensorFlow numbers scopes that are entered again, so that the
    scope of one layer can have the name of another: only what all nodes say is certain. Layers that normalize without
    such a node, as those over matrices do, are not found.

    Raises:
        ValueError: the graph is broken.
        EOFError: its bytes end inside a field.
    """
    layers: set[str] = set()
    epsilons: set[float] = set()
    for node in _nodes(WireFile(content).root()):
        fields = list(node.message().fields())
        texts = {item.number: item for item in fields if item.number in (_NODE_NAME, _NODE_OPERATOR)}
        if _NODE_OPERATOR not in texts or texts[_NODE_OPERATOR].text() not in _OPERATORS or _NODE_NAME not in texts:
            continue
        layers.update(texts[_NODE_NAME].text().split("/")[-2:-1])
        for item in fields:
            epsilon = _epsilon(item.message()) if item.number == _NODE_ATTRIBUTE else None
            if epsilon is not None:
                epsilons.add(shortest_float32(epsilon))
    return dict.fromkeys(layers, epsilons.pop()) if len(epsilons) == 1 else {}


def _nodes(model: Message) -> Iterator[Field]:
    for graph in _nested(model, _META_GRAPHS, _GRAPH):
        yield from _nested(graph.message(), _NODE)
        for library in _nested(graph.message(), _LIBRARY):
            yield from _nested(library.message(), _FUNCTION, _FUNCTION_NODE)


def _nested(message: Message, *path: int) -> Iterator[Field]:
    """Return the fields that lie under a path of field numbers."""
    for item in message.fields():
        if item.number == path[0]:
            if len(path) == 1:
                yield item
            else:
                yield from _nested(item.message(), *path[1:])


def _epsilon(attribute: Message) -> float | None:
    fields = {item.number: item for item in attribute.fields()}
    if _KEY not in fields or _VALUE not in fields or fields[_KEY].text() != "epsilon":
        return None
    return next((item.float32() for item in fields[_VALUE].message().fields() if item.number == _FLOAT), None)
