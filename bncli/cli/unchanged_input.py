"""Notices that a file changed while it was being read: two passes over it would then see two different arrays."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bncli.errors import MalformedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Compare a file's identity, size and time of change before the block and after it.

    Raises:
        MalformedFile: they differ.
    """
    before = _stamp(path)
    yield
    if _stamp(path) != before:
        raise MalformedFile(
            f"{path}: changed while it was read, so nothing was written",
            hint="run again when nothing writes to it any more",
        )


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
