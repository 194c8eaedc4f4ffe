"""Files that are opened as they are needed, of which those that were least recently needed are closed again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_OPEN = 128
"""Systems allow a process 1024 open files, and some 256."""
_PART_OF_LIMIT = 4
"""One in so many of the files that a process may open: it opens others, and may have two checkpoints at once."""


class _File(Protocol):
    @property
    def bytes_read(self) -> int: ...

    def close(self) -> None: ...


T = TypeVar("T", bound=_File)


class OpenFiles(Generic[T]):
    """The files of one checkpoint, however many, of which few are open at once.

    Args:
        open_file: opens one of them by its location, whenever it is not open.
    """

    def __init__(self, open_file: Callable[[str], T]) -> None:
        self._open_file = open_file
        self._opened: dict[str, T] = {}
        """That which was needed last stands last."""
        self._bytes_read_of_closed = 0
        self._most_open = most_open()

    @property
    def bytes_read(self) -> int:
        """Bytes that were read from all of them up to now; of a file that was opened anew, each time."""
        return self._bytes_read_of_closed + sum(file.bytes_read for file in self._opened.values())

    def opened(self, location: str) -> T:
        """Return an open file, to be used before the next one is asked for: that may close this one."""
        if location in self._opened:
            file = self._opened.pop(location)
        else:
            if len(self._opened) >= self._most_open:
                self._close(next(iter(self._opened)))
            file = self._open_file(location)
        self._opened[location] = file
        return file

    def close(self) -> None:
        """Close all that are open."""
        for location in list(self._opened):
            self._close(location)

    def _close(self, location: str) -> None:
        file = self._opened.pop(location)
        self._bytes_read_of_closed += file.bytes_read
        file.close()


def most_open() -> int:
    """Return how many files of one checkpoint are open at once: fewer where the system allows a process but few."""
    if sys.platform != "win32":  # whose limit is far away
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit != resource.RLIM_INFINITY:
            return min(MOST_OPEN, max(limit // _PART_OF_LIMIT, 1))
    return MOST_OPEN
