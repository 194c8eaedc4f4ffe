"""A zip laid out as torch does, a file of its own or inside another one: a pickle, and a member for each storage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bncli.formats.pickled_objects.tensor_machine import TensorMachine
from bncli.formats.pickled_objects.torch_storages import storage_of
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bncli.formats.element_types import ByteOrder
    from bncli.formats.pickled_objects.torch_storages import Storage
    from bncli.formats.regions import Region
    from bncli.formats.zip_archive import ZipArchive

_PICKLE = "data.pkl"
_MAX_PICKLE_BYTES = 256 * 1024**2
_MAX_NOTE_BYTES = 16


@dataclass(frozen=True, slots=True)
class TorchArchive:
    """What `torch.save` or `torch.jit.save` put into a zip."""

    archive: ZipArchive
    root: str
    """The folder in the zip under which everything lies, with its slash; empty for the top."""
    objects: Any
    """What the pickle holds, inert."""
    named_globals: frozenset[str]
    """Classes and functions that the pickle names."""
    byte_order: ByteOrder
    """Of the elements of all storages."""

    @property
    def storage_region(self) -> Callable[[Storage], Region]:
        """What returns the bytes of a storage. It does not keep the objects, of which most can go when they were read.

        Raises:
            LookupError: the zip lacks the storage.
            ValueError: it is shorter than the pickle says.
        """
        return partial(_storage_region, self.archive, f"{self.root}data/")


def read_torch_archive(archive: ZipArchive, owner: str) -> TorchArchive:
    """Run the pickle in a zip of torch's, inertly.

    Args:
        archive: the zip.
        owner: the file, for messages.

    Raises:
        ValueError: the archive or the pickle is broken.
        UnsafeFile: the pickle names something whose only use is to run a program.
    """
    names = pickle_names(archive.members)
    if len(names) != 1:
        raise ValueError(f"{len(names)} members are called {_PICKLE}")
    root = names[0].removesuffix(_PICKLE)
    machine = TensorMachine(archive.read_whole(names[0], _MAX_PICKLE_BYTES), owner, storage_of)
    objects, _ = machine.run()
    return TorchArchive(archive, root, objects, frozenset(machine.globals), read_byte_order(archive, root))


def _storage_region(archive: ZipArchive, folder: str, storage: Storage) -> Region:
    region = archive.region(f"{folder}{storage.key}")
    if region.size < storage.size_bytes:
        raise ValueError(f"a storage of {storage.size_bytes} bytes of which {region.size} are there")
    return region


def pickle_names(members: Iterable[str]) -> list[str]:
    """Return the members that are torch's pickle: `data.pkl` at the top or in a folder at the top."""
    # Most members are storages, of which there may be 100,000.
    candidates = [name for name in members if name.endswith(_PICKLE)]
    return [name for name in candidates if name.split("/")[-1] == _PICKLE and name.count("/") <= 1]


def read_byte_order(archive: ZipArchive, root: str) -> ByteOrder:
    """Return the byte order that an archive notes; little-endian where it notes none.

    Raises:
        ValueError: the note is neither little nor big.
    """
    name = f"{root}byteorder"
    if name not in archive.members:
        return "<"
    note = archive.read_whole(name, _MAX_NOTE_BYTES)
    orders: dict[bytes, ByteOrder] = {b"little": "<", b"big": ">"}
    if note not in orders:
        raise ValueError("the byte order is neither little nor big")
    return orders[note]
