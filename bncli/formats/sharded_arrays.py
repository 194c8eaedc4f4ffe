"""The arrays of a checkpoint in several files: each file is opened when one of its arrays is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.core.named_arrays import NamedArrays, Skipped
from bncli.errors import InputNotFound, MalformedFile, near_miss
from bncli.formats.specs_on_demand import SpecsOnDemand
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bncli.core.named_arrays import Array, ArraySpec
    from bncli.formats.located_shards import LocatedShards


class ShardedArrays(NamedArrays):
    """Named arrays over an index and the files that it names.

    Args:
        path: the index or its folder, as the user named it.
        format_name: name of the format.
        index_bytes: size of the index, which was read whole.
        file_of: the file of each array, by the array's name, in the order of the index.
        shards: which of the files are there.
        open_shard: opens one of them.
    """

    def __init__(
        self,
        path: Path,
        format_name: str,
        index_bytes: int,
        file_of: Mapping[str, str],
        shards: LocatedShards,
        open_shard: Callable[[Path], NamedArrays],
    ) -> None:
        self.path = path
        self.format = format_name
        self.size_bytes = index_bytes + shards.size_bytes
        self.hints = {}
        self.aliases = {}
        self._index_bytes = index_bytes
        self._file_of = {name: file for name, file in file_of.items() if file not in shards.missing}
        self._shards = shards
        self._open_shard = open_shard
        self._opened: dict[str, NamedArrays] = {}
        self._starts = shards.starts(index_bytes)
        self.specs = SpecsOnDemand(self._file_of, self._spec)
        self.skipped = tuple(_missing(file_of, shards))

    @property
    def bytes_read(self) -> int:
        """Bytes that were read from the index and all opened files up to now."""
        return self._index_bytes + sum(shard.bytes_read for shard in self._opened.values())

    def read(self, name: str) -> Array:
        """Return one whole array; see `NamedArrays.read`."""
        return self._shard_with(name).read(name)

    def read_flat(self, name: str, start: int, stop: int) -> Array:
        """Return elements `start` to `stop` of one array in C order; see `NamedArrays.read_flat`."""
        return self._shard_with(name).read_flat(name, start, stop)

    def position(self, name: str) -> int:
        """Return where the array starts if all files stood one after the other, the index first."""
        shard = self._shard_with(name)
        return self._starts[self._file_of[name]] + shard.position(name)

    def close(self) -> None:
        """Close all files."""
        for shard in self._opened.values():
            shard.close()

    def _spec(self, name: str) -> ArraySpec:
        spec = self._shard_with(name).specs[name]
        # Two files may tell the memory of their arrays by the same key.
        identity = None if spec.identity is None else (self._file_of[name], spec.identity)
        return replace(spec, identity=identity)

    def _shard_with(self, name: str) -> NamedArrays:
        file = self._file_of.get(name)
        if file is None:
            raise InputNotFound(f"{self.path}: no array {name!r}", hint=near_miss(name, self._file_of))
        if file not in self._opened:
            self._opened[file] = self._open_shard(self._shards.paths[file])
            self.named_globals |= self._opened[file].named_globals
        shard = self._opened[file]
        if name not in shard.specs:
            raise MalformedFile(
                f"{self.path}: says that array {name!r} is in {file!r}, which does not hold it",
                hint="the index and the files are of different checkpoints; fetch them again",
            )
        return shard


def _missing(file_of: Mapping[str, str], shards: LocatedShards) -> Iterator[Skipped]:
    counts = Counter(file for file in file_of.values() if file in shards.missing)
    for file, num_arrays in counts.items():
        yield Skipped(file, f"is not there; {count(num_arrays, 'array')} should be in it")
