from __future__ import annotations

import pytest

from bncli.formats.regions import MemoryRegion
from bncli.formats.tensorflow_checkpoint.object_graph import full_names
from tests.helpers.protobuf_bytes import varint
from tests.helpers.tensorflow_files import field, object_graph

NAMES = {"variables/0/.ATTRIBUTES/VARIABLE_VALUE": "bn/gamma", "variables/1/.ATTRIBUTES/VARIABLE_VALUE": "bn/beta"}


def test_the_graph_tells_the_name_of_each_variable() -> None:
    assert full_names(MemoryRegion(object_graph(NAMES))) == NAMES


def test_nodes_without_variables_and_attributes_without_names_tell_nothing() -> None:
    nodes = field(1, field(1, field(2, "child"))) + field(1, field(2, field(1, "VARIABLE_VALUE"))) + field(2, b"")
    assert full_names(MemoryRegion(varint(len(nodes)) + bytes(4) + nodes)) == {}


@pytest.mark.parametrize(
    "content", [b"", b"\xff", object_graph(NAMES)[:-1], object_graph(NAMES) + b"\0", b"\1\0\0\0\0\7"]
)
def test_a_broken_graph_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        full_names(MemoryRegion(content))
