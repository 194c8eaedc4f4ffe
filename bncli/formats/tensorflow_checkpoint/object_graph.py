"""The graph of Python objects in a TensorFlow checkpoint, for the names that variables had in the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.protobuf.wire import Message, WireFile

if TYPE_CHECKING:
    from bncli.formats.regions import Region

KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
"""The key under which a checkpoint stores the graph."""
_CHECKSUM_BYTES = 4
_NODES = 1
"""Field of tensorflow.TrackableObjectGraph."""
_ATTRIBUTES = 2
"""Field of a node."""
_FULL_NAME, _CHECKPOINT_KEY = 2, 3
"""Fields of an attribute."""


def full_names(content: Region) -> dict[str, str]:
    """Return the full name of each variable, such as `block/bn/gamma`, by the key of its tensor in the checkpoint.

    Args:
        content: the tensor that holds the graph: one string, after its length and a checksum of that.

    Raises:
        ValueError: the graph is broken.
    """
    file = WireFile(content)
    length, start = file.varint(0, content.size)
    start += _CHECKSUM_BYTES
    if start + length != content.size:
        raise ValueError(f"the graph of objects takes {length} bytes of {content.size}")
    names: dict[str, str] = {}
    for node in Message(file, start, content.size, 0).fields():
        if node.number != _NODES:
            continue
        for attribute in node.message().fields():
            if attribute.number == _ATTRIBUTES:
                texts = {item.number: item for item in attribute.message().fields()}
                if _FULL_NAME in texts and _CHECKPOINT_KEY in texts:
                    names[texts[_CHECKPOINT_KEY].text()] = texts[_FULL_NAME].text()
    return names
