"""The files of a folder that a library is going to read by itself: regular ones, and all inside the folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bncli.errors import UnsafeFile
from bncli.formats.contained_path import contained_path

_MAX_FILES = 1_000_000


def size_of_contained_files(folder: Path) -> int:
    """Return the size in bytes of all files below a folder, after a look at each of them.

    Args:
        folder: the folder; it may itself be reached by a link.

    Raises:
        UnsafeFile: a link leads out of the folder, or there is something that is no regular file, as a pipe is.
        ValueError: there are too many files.
        OSError: a folder cannot be listed.
    """
    size = num_files = 0
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                    continue
                size += _checked_size(folder, entry)
                num_files += 1
                if num_files > _MAX_FILES:
                    raise ValueError(f"more than {_MAX_FILES} files")
    return size


def _checked_size(folder: Path, entry: os.DirEntry[str]) -> int:
    if entry.is_symlink():
        inside = Path(entry.path).relative_to(folder)
        return contained_path(folder / "_METADATA", inside.as_posix()).stat().st_size
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFile(f"{entry.path}: is no regular file", hint="a checkpoint holds files and folders only")
    return status.st_size
