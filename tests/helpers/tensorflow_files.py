"""TensorFlow checkpoints and the graphs of SavedModels, put together by hand."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tests.helpers.protobuf_bytes import bytes_field, float_field, number_field, varint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np

    Arrays = Mapping[str, np.ndarray[Any, Any]]

MAGIC = 0xDB4775248B80FB57
DATA_TYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "bool": 10, "float16": 19}
GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def field(number: int, value: int | float | str | bytes) -> bytes:
    """Return a field of the type that the value has; a negative number as int64."""
    if isinstance(value, int):
        return number_field(number, value % 2**64)
    return float_field(number, value) if isinstance(value, float) else bytes_field(number, value)


def block(entries: Mapping[bytes, bytes]) -> bytes:
    """Return a block of a table: keys share what they have in common with the one before."""
    encoded, last = b"", b""
    for key, value in entries.items():
        shared = next((at for at, pair in enumerate(zip(last, key, strict=False)) if len(set(pair)) > 1), len(last))
        shared = min(shared, len(key))
        encoded += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return encoded + struct.pack("<II", 0, 1)


def table(entries: Mapping[bytes, bytes], entries_per_block: int = 3, compression: int = 0) -> bytes:
    """Return a table of several blocks; the keys are taken in the order in which they come."""
    trailer = bytes([compression]) + bytes(4)
    content, places = b"", {}
    keys = list(entries)
    for at in range(0, len(keys), entries_per_block):
        part = block({key: entries[key] for key in keys[at : at + entries_per_block]})
        places[keys[min(at + entries_per_block, len(keys)) - 1]] = varint(len(content)) + varint(len(part))
        content += part + trailer
    handles = b""
    for part in (block({}), block(places)):
        handles += varint(len(content)) + varint(len(part))
        content += part + bytes(5)
    return content + handles.ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def header(num_shards: int = 1, endianness: int = 0) -> bytes:
    """Return the entry that describes all others."""
    return field(1, num_shards) + (field(2, endianness) if endianness else b"") + field(3, field(1, 1))


def entry(data_type: int, shape: tuple[int, ...], offset: int, size: int, shard: int = 0) -> bytes:
    """Return the entry of a tensor."""
    axes = b"".join(field(2, field(1, length)) for length in shape)
    place = (field(3, shard) if shard else b"") + (field(4, offset) if offset else b"")
    return field(1, data_type) + field(2, axes) + place + field(5, size)


def object_graph(full_names: Mapping[str, str]) -> bytes:
    """Return the tensor that holds the graph of objects: full name by key."""
    attributes = (field(1, "VARIABLE_VALUE") + field(2, full) + field(3, key) for key, full in full_names.items())
    graph = b"".join(field(1, field(2, attribute)) for attribute in attributes)
    return varint(len(graph)) + bytes(4) + graph


def write_bundle(path: Path, arrays: Arrays, full_names: Mapping[str, str] | None = None) -> None:
    """Write a checkpoint: an index at the path, and the data file beside it."""
    content = b""
    entries = {}
    for key, values in arrays.items():
        entries[key.encode()] = entry(DATA_TYPES[values.dtype.name], values.shape, len(content), values.nbytes)
        content += values.tobytes()
    if full_names is not None:
        graph = object_graph(full_names)
        entries[GRAPH_KEY.encode()] = entry(7, (), len(content), len(graph))
        content += graph
    path.write_bytes(table({b"": header(), **dict(sorted(entries.items()))}))
    path.with_name(f"{path.name.removesuffix('.index')}.data-00000-of-00001").write_bytes(content)


def node(name: str, operator: str, **attributes: float) -> bytes:
    """Return a node of a graph with attributes of float32."""
    encoded = (field(5, field(1, key) + field(2, field(4, float(value)))) for key, value in attributes.items())
    return field(1, name) + field(2, operator) + b"".join(encoded)


def saved_model(*nodes: bytes, in_function: tuple[bytes, ...] = ()) -> bytes:
    """Return the graph of a SavedModel."""
    function = field(2, field(1, b"".join(field(3, item) for item in in_function)))
    graph = b"".join(field(1, item) for item in nodes) + function
    return field(1, 1) + field(2, field(1, b"") + field(2, graph))
