"""torch's zip format, since 1.6: a pickle of the objects, and a member of the archive for each storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.pickled_objects.opened_tree import open_tree
from bncli.formats.pickled_objects.torch_storages import storage_of
from bncli.formats.pickles.machine import Machine
from bncli.formats.zip_archive import ZipArchive

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.element_types import ByteOrder
    from bncli.formats.pickled_objects.torch_storages import Storage
    from bncli.formats.probe import FileProbe
    from bncli.formats.regions import Region

_PICKLE = "data.pkl"
_MAX_PICKLE_BYTES = 256 * 1024**2
_MAX_NOTE_BYTES = 16


def recognizes(probe: FileProbe) -> bool:
    """Whether the file is a zip with a `data.pkl` at the top or in a folder at the top."""
    return bool(_pickle_names(probe.zip_names))


def open_torch_zip(path: Path) -> NamedArrays:
    """Open a checkpoint that `torch.save` wrote.

    Raises:
        MalformedFile: the archive or the pickle is broken, or a tensor needs bytes that are not there.
        UnsafeFile: the pickle names something whose only use is to run a program.
    """
    return open_archive(path, FORMAT.name)


def open_archive(path: Path, format_name: str) -> NamedArrays:
    """Open a zip file laid out as torch does; see `open_torch_zip`."""
    with opening(path, "a torch checkpoint") as source:
        archive = ZipArchive(source)
        root = _root(archive)
        machine = Machine(archive.read_whole(f"{root}{_PICKLE}", _MAX_PICKLE_BYTES), str(path), storage_of)
        objects, _ = machine.run()
        regions: dict[str, Region] = {}

        def storage_region(storage: Storage) -> Region:
            region = regions.setdefault(storage.key, archive.region(f"{root}data/{storage.key}"))
            if region.size < storage.size_bytes:
                raise ValueError(f"a storage of {storage.size_bytes} bytes of which {region.size} are there")
            return region

        return open_tree(source, format_name, objects, machine.globals, storage_region, _byte_order(archive, root))


def _pickle_names(members: Iterable[str]) -> list[str]:
    return [name for name in members if name.split("/")[-1] == _PICKLE and name.count("/") <= 1]


def _root(archive: ZipArchive) -> str:
    """Return the folder of the checkpoint, with its slash; empty for the top of the archive."""
    names = _pickle_names(archive.members)
    if len(names) != 1:
        raise ValueError(f"{len(names)} members are called {_PICKLE}")
    return names[0].removesuffix(_PICKLE)


def _byte_order(archive: ZipArchive, root: str) -> ByteOrder:
    name = f"{root}byteorder"
    if name not in archive.members:
        return "<"
    note = archive.read_whole(name, _MAX_NOTE_BYTES)
    orders: dict[bytes, ByteOrder] = {b"little": "<", b"big": ">"}
    if note not in orders:
        raise ValueError("the byte order is neither little nor big")
    return orders[note]


FORMAT = Format("torch-zip", (".pt", ".pth", ".th", ".ckpt", ".bin"), recognizes, open_torch_zip)
