"""Which of the files that an index names are there: all are looked for at once, none is opened."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from bncli.errors import InputNotFound
from bncli.formats.contained_path import contained_path
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_MAX_SHARDS = 10_000


@dataclass(frozen=True, slots=True)
class LocatedShards:
    """The files in which the arrays of one checkpoint lie."""

    paths: Mapping[str, Path]
    """Where each file that is there lies, by the path that the index gives."""
    sizes: Mapping[str, int]
    """Bytes of each file that is there."""
    missing: frozenset[str]
    """Those that are not there."""

    @property
    def size_bytes(self) -> int:
        """Bytes of all files that are there."""
        return sum(self.sizes.values())

    def starts(self, index_bytes: int) -> dict[str, int]:
        """Return where each file would start if all stood one after the other, after an index of so many bytes."""
        ends = accumulate(self.sizes.values(), initial=index_bytes)
        return dict(zip(self.sizes, ends, strict=False))


def locate_shards(owner: Path, locations: Iterable[str]) -> LocatedShards:
    """Look for the files that an index names.

    Args:
        owner: the index.
        locations: paths relative to the owner's folder, as the index gives them.

    Raises:
        UnsafeFile: a path leads out of the owner's folder, or to something that is no regular file.
        ValueError: there are far too many.
    """
    distinct = dict.fromkeys(locations)
    if len(distinct) > _MAX_SHARDS:
        raise ValueError(f"{len(distinct)} files are named, and at most {_MAX_SHARDS} are looked for")
    paths: dict[str, Path] = {}
    missing = set()
    for location in distinct:
        try:
            paths[location] = contained_path(owner, location)
        except InputNotFound:
            missing.add(location)
    return LocatedShards(paths, {location: path.stat().st_size for location, path in paths.items()}, frozenset(missing))
