"""The ONNX format: the graph tells which stored tensors are batch normalization; only those are read."""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum
from typing import TYPE_CHECKING

from bncli.core.named_arrays import Skipped
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.companion_files import CompanionFiles
from bncli.formats.onnx_model.batch_norms import BatchNorms
from bncli.formats.onnx_model.graphs import GraphWalk, Scope, read_function
from bncli.formats.opened_file import OpenedFile
from bncli.formats.protobuf.first_fields import first_fields
from bncli.formats.protobuf.heads import WireType
from bncli.formats.protobuf.wire import WireFile
from bncli.formats.regions import FileRegion
from bncli.formats.stored_array import StoredArray
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.byte_source import ByteSource
    from bncli.formats.onnx_model.graphs import Function
    from bncli.formats.probe import FileProbe
    from bncli.formats.protobuf.wire import Message

_CONVOLUTIONS = ("Conv", "ConvTranspose", "ConvInteger", "QLinearConv")


class _ModelField(IntEnum):
    """Fields of onnx.ModelProto."""

    IR_VERSION = 1
    PRODUCER_NAME = 2
    PRODUCER_VERSION = 3
    DOMAIN = 4
    MODEL_VERSION = 5
    DOC_STRING = 6
    GRAPH = 7
    OPSET_IMPORT = 8
    METADATA_PROPS = 14
    TRAINING_INFO = 20
    FUNCTIONS = 25
    CONFIGURATION = 26


class _OpsetField(IntEnum):
    """Fields of onnx.OperatorSetIdProto."""

    DOMAIN = 1
    VERSION = 2


_NUMBERS = frozenset({_ModelField.IR_VERSION, _ModelField.MODEL_VERSION})
_KNOWN_FIELDS = frozenset(_ModelField)
_MAX_IR_VERSION = 1000
_FIRST_IR_VERSION_WITH_OPSET = 3


def recognizes(probe: FileProbe) -> bool:
    """Whether the file begins with the fields of a model, among them the graph or the operators' version."""
    fields = first_fields(probe.head)
    if not fields or fields[0].number != _ModelField.IR_VERSION or not 0 < fields[0].value < _MAX_IR_VERSION:
        return False
    for item in fields:
        wire_type = WireType.VARINT if item.number in _NUMBERS else WireType.BYTES
        if item.number not in _KNOWN_FIELDS or item.wire_type is not wire_type:
            return False
    return any(item.number in (_ModelField.GRAPH, _ModelField.OPSET_IMPORT) for item in fields)


def open_onnx(path: Path) -> NamedArrays:
    """Open an ONNX model. Initializers are listed under their names, and layers by the nodes that use them.

    A node whose statistics are inputs of the graph, or are computed in it, is listed as skipped.

    Raises:
        MalformedFile: the file is broken.
        UnsafeFile: a tensor lies in a file that is not beside the model.
    """
    with opening(path, "an ONNX model") as source:
        return _opened(source)


@dataclass(slots=True)
class _Parts:
    """What the fields of a model hold, as far as it matters here."""

    ir_version: int = 0
    graphs: list[Message] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    has_opset: bool = False
    opset: int = 1
    """Version of ONNX's own operators; 1 where the model uses none of them, or is older than the entry."""


def _opened(source: ByteSource) -> OpenedFile:
    parts = _read_parts(WireFile(FileRegion(source, 0, source.size)).root())
    companions = CompanionFiles(source, allows_hard_links=False)
    walk = GraphWalk(companions, parts.functions)
    walk.walk(parts.graphs[0], Scope())
    layers = BatchNorms(walk.scopes, parts.opset, companions, walk.used)
    arrays = dict(layers.constants)
    skipped: list[Skipped] = []
    for name, tensor in (pair for scope in walk.scopes for pair in scope.tensors()):
        if name in arrays:
            raise ValueError(f"two tensors are named {name!r}")
        if isinstance(tensor.values, StoredArray):
            arrays[name] = tensor.values
        else:
            skipped.append(Skipped(name, tensor.values))
    opened = OpenedFile(
        companions,
        FORMAT.name,
        arrays,
        # Every tensor of a model has bytes of its own, so that its name tells which memory it is.
        identities={name: name for name in arrays},
        hints=layers.hints.values(),
        skipped=layers.skipped + skipped,
    )
    opened.without_layers = _without_layers(walk.num_nodes)
    return opened


def _read_parts(model: Message) -> _Parts:
    parts = _Parts()
    for item in model.fields():
        match item.number:
            case _ModelField.IR_VERSION:
                parts.ir_version = item.integer()
            case _ModelField.GRAPH:
                parts.graphs.append(item.message())
            case _ModelField.OPSET_IMPORT:
                parts.has_opset = True
                parts.opset = _version_of_onnx(item.message()) or parts.opset
            case _ModelField.FUNCTIONS:
                function = read_function(item.message())
                parts.functions[function.operator] = function
            case _:
                pass
    if len(parts.graphs) != 1:
        raise ValueError(f"holds {len(parts.graphs)} graphs")
    if not parts.has_opset and parts.ir_version >= _FIRST_IR_VERSION_WITH_OPSET:
        raise ValueError("does not say which version of the operators it uses")
    return parts


def _version_of_onnx(message: Message) -> int | None:
    """Return the version of ONNX's own operators, or `None` where the entry is about others."""
    domain, version = "", 0
    for item in message.fields():
        if item.number == _OpsetField.DOMAIN:
            domain = item.text()
        elif item.number == _OpsetField.VERSION:
            version = item.integer()
    return version if domain in ("", "ai.onnx") else None


def _without_layers(num_nodes: Counter[str]) -> str | None:
    if num_nodes["BatchNormalization"]:
        return None
    convolutions = [f"{num_nodes[name]} {name}" for name in _CONVOLUTIONS if num_nodes[name]]
    if not convolutions:
        return f"0 BatchNormalization among {num_nodes.total()} nodes"
    return f"{', '.join(convolutions)}, 0 BatchNormalization: folded at export, if the model had any"


FORMAT = Format("onnx", (".onnx",), recognizes, open_onnx)
