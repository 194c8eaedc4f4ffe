"""Files and pickles put together by hand, as no library would write them."""

from __future__ import annotations

import pickle
import struct
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROTOCOL_2 = b"\x80\x02"
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


def text(value: str) -> bytes:
    """Return the instruction that pushes text."""
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def integer(value: int) -> bytes:
    """Return the instruction that pushes an integer in decimal, of any size."""
    return b"L%dL\n" % value


def tuple_of(*items: bytes) -> bytes:
    """Return the instructions that push a tuple."""
    return b"(" + b"".join(items) + b"t"


def global_(name: str) -> bytes:
    """Return the instruction that pushes a class or function."""
    module, _, attribute = name.rpartition(".")
    return f"c{module}\n{attribute}\n".encode()


def call(name: str, *args: bytes) -> bytes:
    """Return the instructions that call a function."""
    return global_(name) + tuple_of(*args) + b"R"


def storage(key: str = "0", num_elements: int = 4, kind: str = "torch.FloatStorage") -> bytes:
    """Return the instructions that push a storage of a torch zip."""
    return tuple_of(text("storage"), global_(kind), text(key), text("cpu"), integer(num_elements)) + b"Q"


def tensor(
    shape: tuple[int, ...] = (4,),
    strides: tuple[int, ...] = (1,),
    offset: int = 0,
    of: bytes | None = None,
) -> bytes:
    """Return the instructions that push a tensor; by default the four elements of the storage "0"."""
    return call(
        "torch._utils._rebuild_tensor_v2",
        storage() if of is None else of,
        integer(offset),
        tuple_of(*map(integer, shape)),
        tuple_of(*map(integer, strides)),
        b"\x89",
        call("collections.OrderedDict"),
    )


def dictionary(**items: bytes) -> bytes:
    """Return the instructions that push a dictionary."""
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def write_torch_zip(
    path: Path,
    value: bytes,
    storages: Mapping[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
    **members: bytes,
) -> Path:
    """Write a torch zip whose pickle pushes a value; by default with the storage "0" of four floats."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", PROTOCOL_2 + value + b".")
        for key, content in ({"0": struct.pack("<4f", 1, 2, 3, 4)} if storages is None else storages).items():
            archive.writestr(f"archive/data/{key}", content)
        for name, content in members.items():
            archive.writestr(f"archive/{name}", content)
    return path


def legacy_front(value: bytes, keys: list[Any]) -> bytes:
    """Return the five pickles of torch's old format."""
    heads = [pickle.dumps(head, 2) for head in (LEGACY_MAGIC, 1001, {"little_endian": True})]
    return b"".join([*heads, PROTOCOL_2 + value + b".", pickle.dumps(keys, 2)])


def legacy_storage(key: str = "0", num_elements: int = 4, view: bytes = b"N") -> bytes:
    """Return the instructions that push a storage of torch's old format."""
    return (
        tuple_of(text("storage"), global_("torch.FloatStorage"), text(key), text("cpu"), integer(num_elements), view)
        + b"Q"
    )
