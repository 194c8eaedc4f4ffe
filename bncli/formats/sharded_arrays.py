"""The arrays of a checkpoint in several files: each file is opened when one of its arrays is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.core.named_arrays import NamedArrays
from bncli.errors import InputNotFound, MalformedFile, near_miss
from bncli.formats.mapping_on_demand import MappingOnDemand
from bncli.formats.open_files import OpenFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from bncli.core.named_arrays import Array, ArraySpec
    from bncli.formats.located_shards import LocatedShards


class ShardedArrays(NamedArrays):
    """Named arrays over an index and the files that it names.

    What an index does not tell comes to light when a file is opened: hints, aliases, and what it holds that cannot be
    used. Arrays among that are taken from `specs`.

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
        self._files = OpenFiles(self._open)
        self._known: set[str] = set()
        self._starts = shards.starts(index_bytes)
        self.specs = MappingOnDemand(self._file_of, self._spec)
        self.skipped = tuple(shards.skipped(Counter(file_of.values())))

    @property
    def bytes_read(self) -> int:
        """Bytes that were read from the index and all opened files up to now."""
        return self._index_bytes + self._files.bytes_read

    def read(self, name: str) -> Array:
        """Return one whole array; see `NamedArrays.read`."""
        return self._shard_with(name).read(name)

    def read_many(self, names: Iterable[str]) -> dict[str, Array]:
        """Return several whole arrays by name, file after file; see `NamedArrays.read_many`."""
        by_file: dict[str, list[str]] = {}
        for name in tuple(names):  # of `specs`, names are taken as files are opened
            self._shard_with(name)
            by_file.setdefault(self._file_of[name], []).append(name)
        values: dict[str, Array] = {}
        for file in sorted(by_file, key=self._starts.__getitem__):
            values |= self._files.opened(file).read_many(by_file[file])
        return values

    def read_flat(self, name: str, start: int, stop: int) -> Array:
        """Return elements `start` to `stop` of one array in C order; see `NamedArrays.read_flat`."""
        return self._shard_with(name).read_flat(name, start, stop)

    def position(self, name: str) -> int:
        """Return where the array starts if all files stood one after the other, the index first."""
        shard = self._shard_with(name)
        return self._starts[self._file_of[name]] + shard.position(name)

    def close(self) -> None:
        """Close all files."""
        self._files.close()

    def _spec(self, name: str) -> ArraySpec:
        self._files.opened(self._file_of[name])
        # Known only now: a file that holds the array and cannot use it has taken the name away.
        file = self._file_of[name]
        spec = self._shard_with(name).specs[name]
        # Two files may tell the memory of their arrays by the same key.
        return replace(spec, identity=None if spec.identity is None else (file, spec.identity))

    def _shard_with(self, name: str) -> NamedArrays:
        file = self._file_of.get(name)
        shard = None if file is None else self._files.opened(file)
        # A file that holds the array and cannot use it has taken the name away by now.
        if shard is None or name not in self._file_of:
            raise InputNotFound(f"{self.path}: no array {name!r}", hint=near_miss(name, self._file_of))
        if name not in shard.specs:
            raise MalformedFile(
                f"{self.path}: says that array {name!r} is in {file!r}, which does not hold it",
                hint="the index and the files are of different checkpoints; fetch them again",
            )
        return shard

    def _open(self, file: str) -> NamedArrays:
        shard = self._open_shard(self._shards.paths[file])
        if file not in self._known:
            self._known.add(file)
            self._take_over(file, shard)
        return shard

    def _take_over(self, file: str, shard: NamedArrays) -> None:
        """Add to what is known of the checkpoint what one of its files tells."""
        self.named_globals |= shard.named_globals
        self.hints = {**self.hints, **shard.hints}
        self.aliases = {**self.aliases, **shard.aliases}
        self.skipped = (*self.skipped, *shard.skipped)
        for skipped in shard.skipped:
            if self._file_of.get(skipped.name) == file:
                del self._file_of[skipped.name]
