"""torch's old stream: five pickles, one after the other, then the bytes of the storages; a file, or a part of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bncli.formats.pickled_objects.torch_storages import storage_of
from bncli.formats.pickles.errors import BrokenPickle, TruncatedPickle
from bncli.formats.pickles.machine import Machine
from bncli.formats.regions import SubRegion
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.formats.pickled_objects.torch_storages import Storage
    from bncli.formats.regions import Region

MAGIC = 0x1950A86A20F9469CFC6C
"""The first of the pickles."""
_PROTOCOL = 1001
_FIRST_WINDOW_BYTES = 64 * 1024
_MAX_PICKLE_BYTES = 256 * 1024**2
_COUNT_BYTES = 8


@dataclass(frozen=True, slots=True)
class LegacyStream:
    """What a stream holds."""

    objects: Any
    named_globals: frozenset[str]
    regions: Mapping[str, Region]
    """The bytes of each storage, by its key."""


def read_legacy_stream(content: Region, owner: str, max_pickle_bytes: int = _MAX_PICKLE_BYTES) -> LegacyStream:
    """Read the pickles of a stream, and find its storages.

    Args:
        content: the stream.
        owner: the file, for messages.
        max_pickle_bytes: how long the pickles may be, all together.

    Raises:
        ValueError: a pickle is broken, or a storage is not where it should be.
        EOFError: the stream ends within a storage.
        UnsafeFile: a pickle names something whose only use is to run a program.
    """
    front = _read_front(content, owner, max_pickle_bytes)
    return LegacyStream(front.objects, front.named_globals, _locate_storages(content, front))


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


def _read_front(source: Region, owner: str, max_pickle_bytes: int) -> _Front:
    """Read the pickles at the front, whose length only they know: by a window that grows until they fit."""
    window = min(_FIRST_WINDOW_BYTES, max_pickle_bytes, source.size)
    content = bytes(source.read(0, window))
    while True:
        try:
            return _parse_front(content, owner)
        except TruncatedPickle as fault:
            # A length that reaches past the end is a lie, for which nothing more is read.
            limit = min(source.size, max_pickle_bytes)
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
    if magic != MAGIC or protocol != _PROTOCOL:
        raise BrokenPickle("the magic number or the protocol version is not torch's")
    _system, at = plain.run(at)
    machine = Machine(content, owner, resolve)
    objects, at = machine.run(at)
    keys, at = plain.run(at)
    if type(keys) is not list or any(type(key) not in (str, int) for key in keys):
        raise BrokenPickle("the keys of the storages are not a list")
    return _Front(objects, frozenset(machine.globals), tuple(str(key) for key in keys), storages, at)


def _locate_storages(source: Region, front: _Front) -> dict[str, Region]:
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
        regions[key] = SubRegion(source, start, storage.size_bytes)
    return regions
