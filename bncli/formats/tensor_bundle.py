"""TensorFlow's checkpoints (`x.index` beside `x.data-00000-of-00001`), as they are or inside a SavedModel."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from bncli.core.named_arrays import Skipped
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.companion_files import CompanionFiles
from bncli.formats.opened_file import OpenedFile
from bncli.formats.protobuf.first_fields import first_fields
from bncli.formats.protobuf.heads import WireType
from bncli.formats.regions import FileRegion
from bncli.formats.tensorflow_checkpoint import object_graph
from bncli.formats.tensorflow_checkpoint.bundle_entries import STRING, UnreadEntryError, read_entry, read_header
from bncli.formats.tensorflow_checkpoint.graph_epsilons import epsilons_by_layer
from bncli.formats.tensorflow_checkpoint.sorted_table import read_table
from bncli.formats.tensorflow_checkpoint.variable_names import layers_of_averages, layers_with_epsilons, names_by_key
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.byte_source import ByteSource
    from bncli.formats.probe import FileProbe
    from bncli.formats.regions import Region
    from bncli.formats.stored_array import StoredArray
    from bncli.formats.tensorflow_checkpoint.bundle_entries import Entry, Header

_SUFFIX = ".index"
_GRAPH = "saved_model.pb"
_VARIABLES = ("variables", "variables.index")
"""Where a SavedModel has its checkpoint."""
_SLICE_MARK = b"\0"
"""How the keys of a tensor's slices begin."""
_HEADER_START = b"\0\0"
_MOST_HEADER_BYTES = 256
_HEADER_FIELDS = frozenset({1, 2, 3})
_SAVED_MODEL_START = b"\x08\x01\x12"
"""Version 1, then the first graph."""


def recognizes(probe: FileProbe) -> bool:
    """Whether this is an index, or the graph of a SavedModel whose variables lie beside it, or the folder of either."""
    if _GRAPH in probe.entry_names or probe.head.startswith(_SAVED_MODEL_START):
        folder = probe.path if probe.is_directory else probe.path.parent
        return folder.joinpath(*_VARIABLES).is_file()
    return len(_indexes_among(probe.entry_names)) == 1 or _begins_as_index(probe.head)


def open_tensor_bundle(path: Path) -> NamedArrays:
    """Open a checkpoint by its index or a SavedModel by its graph, either of them also by its folder.

    Tensors are listed under their variables' names.

    Raises:
        MalformedFile: the index or the graph of objects is broken.
        InputNotFound: a data file is not there.
        UnsafeFile: a data file is a link that leads to another folder.
    """
    named = _named_in(path) if path.is_dir() else path
    with opening(named, "a TensorFlow checkpoint") as first:
        if _begins_as_index(bytes(first.read(0, min(first.size, _MOST_HEADER_BYTES)))):
            return _open_index(first, path, {})
        epsilons = epsilons_by_layer(FileRegion(first, 0, first.size))
    first.close()
    with opening(named.parent.joinpath(*_VARIABLES), "the index of a SavedModel") as index:
        opened = _open_index(index, path, epsilons)
        opened.size_bytes += first.size
        return opened


def _indexes_among(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.endswith(_SUFFIX)]


def _named_in(folder: Path) -> Path:
    """Return the file by which a folder is opened."""
    graph = folder / _GRAPH
    return graph if graph.is_file() else next(folder.glob(f"*{_SUFFIX}"))


def _begins_as_index(head: bytes) -> bool:
    """Whether bytes begin with an empty key and the header that all indexes have under it."""
    if not head.startswith(_HEADER_START) or len(head) < len(_HEADER_START) + 1:
        return False
    start = len(_HEADER_START) + 1
    stop = start + head[start - 1]
    fields = first_fields(head[start:stop])
    return (
        bool(fields) and fields[0].wire_type is WireType.VARINT and {item.number for item in fields} <= _HEADER_FIELDS
    )


def _open_index(source: ByteSource, path: Path, epsilons: Mapping[str, float]) -> OpenedFile:
    table = read_table(FileRegion(source, 0, source.size))
    key, first = next(table, (b"no key", b""))
    if key:
        raise ValueError("its first entry does not describe the others")
    header = read_header(first)
    entries = {key.decode(): read_entry(entry) for key, entry in table if not key.startswith(_SLICE_MARK)}
    companions = CompanionFiles(source)
    try:
        opened = _opened(companions, _DataFiles(companions, header), entries, epsilons)
    except BaseException:
        companions.close()
        raise
    opened.path = path
    return opened


def _opened(
    companions: CompanionFiles, files: _DataFiles, entries: dict[str, Entry], epsilons: Mapping[str, float]
) -> OpenedFile:
    graph = entries.pop(object_graph.KEY, None)
    in_order = sorted(entries, key=lambda key: (entries[key].shard, entries[key].offset))
    names = names_by_key(in_order, {} if graph is None else object_graph.full_names(files.region(graph)))
    arrays: dict[str, StoredArray] = {}
    skipped = []
    for key in in_order:
        entry = entries[key]
        if entry.data_type == STRING:
            continue
        try:
            arrays[names[key]] = entry.stored_array(files.region(entry), files.header.byte_order)
        except UnreadEntryError as reason:
            skipped.append(Skipped(names[key], str(reason)))
        except ValueError as fault:
            raise ValueError(f"tensor {names[key]!r}: {fault}") from fault
    hints = [*layers_of_averages(arrays), *layers_with_epsilons(arrays, epsilons)]
    opened = OpenedFile(companions, FORMAT.name, arrays, hints=hints, skipped=skipped)
    opened.size_bytes += files.size_of_all(entries.values())
    return opened


@dataclass(frozen=True, slots=True)
class _DataFiles:
    """The files beside an index that hold the values."""

    companions: CompanionFiles
    header: Header

    def region(self, entry: Entry) -> Region:
        """Return the bytes of a tensor."""
        return self.companions.region(self._name(entry.shard), entry.offset, entry.size)

    def size_of_all(self, entries: Iterable[Entry]) -> int:
        """Return the size in bytes of the files that hold any tensor, as far as they are there."""
        size = 0
        for shard in {entry.shard for entry in entries}:
            with contextlib.suppress(OSError):
                size += (self.companions.path.parent / self._name(shard)).stat().st_size
        return size

    def _name(self, shard: int) -> str:
        if shard >= self.header.num_shards:
            raise ValueError(f"data file {shard} of {self.header.num_shards}")
        prefix = self.companions.path.name.removesuffix(_SUFFIX)
        return f"{prefix}.data-{shard:05d}-of-{self.header.num_shards:05d}"


FORMAT = Format("tf-bundle", (".index", "saved_model.pb"), recognizes, open_tensor_bundle)
