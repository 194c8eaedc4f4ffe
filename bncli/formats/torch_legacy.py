"""torch's format before 1.6: five pickles one after the other, then the bytes of the storages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.errors import BncliError
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.pickled_objects.legacy_stream import MAGIC, read_legacy_stream
from bncli.formats.pickled_objects.opened_tree import open_tree
from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.machine import Machine
from bncli.formats.regions import FileRegion

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.pickled_objects.torch_storages import Storage
    from bncli.formats.probe import FileProbe
    from bncli.formats.regions import Region


def recognizes(probe: FileProbe) -> bool:
    """Whether the first pickle of the file is torch's magic number."""
    try:
        magic, _ = Machine(probe.head, str(probe.path)).run()
    except (BrokenPickle, BncliError):
        return False
    return type(magic) is int and magic == MAGIC


def open_torch_legacy(path: Path) -> NamedArrays:
    """Open a checkpoint that torch before 1.6 wrote, or a later one when asked for the old format.

    Raises:
        MalformedFile: a pickle is broken, or a storage is not where it should be.
        UnsafeFile: a pickle names something whose only use is to run a program.
    """
    with opening(path, "a torch checkpoint of the old format") as source:
        stream = read_legacy_stream(FileRegion(source, 0, source.size), str(path))

        regions = stream.regions

        def storage_region(storage: Storage) -> Region:
            return regions[storage.key]

        # On disk the storages are little-endian whatever machine wrote them.
        return open_tree(source, FORMAT.name, stream.objects, stream.named_globals, storage_region, "<")


FORMAT = Format("torch-legacy", (".pt", ".pth", ".th", ".tar"), recognizes, open_torch_legacy)
