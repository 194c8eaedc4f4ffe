"""Which of the files that an index names are there: all are looked for at once, none is opened."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from bncli.core.named_arrays import Skipped
from bncli.errors import InputNotFound
from bncli.formats.contained_path import contained_path
from bncli.light_dataclass import dataclass
from bncli.wording import count

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

    def skipped(self, num_arrays: Mapping[str, int]) -> list[Skipped]:
        """Return each file that is not there, and how many arrays are missed by that.

        Args:
            num_arrays: how many arrays each file holds, by the path that the index gives.
        """
        return [
            Skipped(location, f"is not there; {count(num_arrays[location], 'array')} should be in it")
            for location in sorted(self.missing)
        ]


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
