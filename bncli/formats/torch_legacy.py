"""torch's format before 1.6: five pickles one after the other, then the bytes of the storages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bncli.errors import BncliError
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.pickled_objects.opened_tree import open_tree
from bncli.formats.pickled_objects.torch_storages import storage_of
from bncli.formats.pickles.errors import BrokenPickle, TruncatedPickle
from bncli.formats.pickles.machine import Machine
from bncli.formats.regions import FileRegion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.byte_source import ByteSource
    from bncli.formats.pickled_objects.torch_storages import Storage
    from bncli.formats.probe import FileProbe
    from bncli.formats.regions import Region

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_FIRST_WINDOW_BYTES = 64 * 1024
_MAX_PICKLE_BYTES = 256 * 1024**2
_COUNT_BYTES = 8


def recognizes(probe: FileProbe) -> bool:
    """Whether the first pickle of the file is torch's magic number."""
    try:
        magic, _ = Machine(probe.head, str(probe.path)).run()
    except (BrokenPickle, BncliError):
        return False
    return type(magic) is int and magic == _MAGIC


def open_torch_legacy(path: Path) -> NamedArrays:
    """Open a checkpoint that torch before 1.6 wrote, or a later one when asked for the old format.

    Raises:
        MalformedFile: a pickle is broken, or a storage is not where it should be.
        UnsafeFile: a pickle names something whose only use is to run a program.
    """
    with opening(path, "a torch checkpoint of the old format") as source:
        front = _read_front(source)
        regions = _locate_storages(source, front)

        def storage_region(storage: Storage) -> Region:
            return regions[storage.key]

        # On disk the storages are little-endian whatever machine wrote them.
        return open_tree(source, FORMAT.name, front.objects, front.named_globals, storage_region, "<")


@dataclass(frozen=True, slots=True)
class _Front:
    """What the pickles hold."""

    objects: Any
    named_globals: frozenset[str]
    keys: tuple[str, ...]
    """Keys of the storages, in the order in which they follow."""
    storages: Mapping[str, Storage]
    """The storages whole, by key, as the objects refer to them."""
    end: int
    """Where the pickles end and the storages begin."""


def _read_front(source: ByteSource) -> _Front:
    """Read the pickles at the front of the file, whose length only they know: by a window that grows until they fit."""
    window = min(_FIRST_WINDOW_BYTES, source.size)
    content = bytes(source.read(0, window))
    while True:
        try:
            return _parse_front(content, str(source.path))
        except TruncatedPickle as fault:
            # A length that reaches past the end of the file is a lie, for which nothing more is read.
            limit = min(source.size, _MAX_PICKLE_BYTES)
            if len(content) == limit or fault.needed > limit:
                raise
            more = min(limit, max(fault.needed, 4 * len(content))) - len(content)
            content += source.read(len(content), more)


def _parse_front(content: bytes, owner: str) -> _Front:
    storages: dict[str, Storage] = {}

    def resolve(persistent_id: Any) -> Any:
        if type(persistent_id) is tuple and persistent_id[:1] == ("module",):
            # ("module", class, source file, source text): the class is all that matters.
            return persistent_id[1]
        storage = storage_of(persistent_id)
        whole = replace(storage, num_elements=persistent_id[4], offset=0)
        if storages.setdefault(storage.key, whole) != whole:
            raise BrokenPickle(f"storage {storage.key} has two types or lengths")
        return storage

    plain = Machine(content, owner)
    magic, at = plain.run()
    protocol, at = plain.run(at)
    if magic != _MAGIC or protocol != _PROTOCOL:
        raise BrokenPickle("the magic number or the protocol version is not torch's")
    _system, at = plain.run(at)
    machine = Machine(content, owner, resolve)
    objects, at = machine.run(at)
    keys, at = plain.run(at)
    if type(keys) is not list or any(type(key) not in (str, int) for key in keys):
        raise BrokenPickle("the keys of the storages are not a list")
    return _Front(objects, frozenset(machine.globals), tuple(str(key) for key in keys), storages, at)


def _locate_storages(source: ByteSource, front: _Front) -> dict[str, Region]:
    """Find each storage: its number of elements in 8 bytes, then the elements, one storage after the other.

    Raises:
        ValueError: a storage is listed twice, is referred to by nothing, or has another length than the objects say.
        EOFError: the file ends within a storage.
    """
    regions: dict[str, Region] = {}
    at = front.end
    for key in front.keys:
        storage = front.storages.get(key)
        if storage is None or key in regions:
            raise ValueError(f"storage {key} is listed, and no tensor or another entry has it")
        stored = int.from_bytes(source.read(at, _COUNT_BYTES), "little")
        start = at + _COUNT_BYTES
        at = start + storage.size_bytes
        if stored != storage.num_elements:
            raise ValueError(f"storage {key} has {stored} elements, and the objects speak of {storage.num_elements}")
        if at > source.size:
            raise EOFError(f"the file ends within storage {key}, is it cut short?")
        regions[key] = FileRegion(source, start, storage.size_bytes)
    return regions


FORMAT = Format("torch-legacy", (".pt", ".pth", ".th", ".tar"), recognizes, open_torch_legacy)
