"""Writes several files below a folder, each whole or not at all, and none if one of them is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.atomic_file import atomic_file, check_writable
from bncli.errors import OutputExists, OutputFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePosixPath


def write_folder(folder: Path, files: Mapping[PurePosixPath, bytes], *, force: bool) -> None:
    """Write files below a folder, which is made if it is not there.

    Raises:
        OutputExists: one of the files is there already, and `force` is not given; nothing was written then.
        OutputFailed: the folder cannot be made, or a file not written.
    """
    for path in files:
        if (folder / path).exists() and not force:
            raise OutputExists(
                f"{folder / path}: exists already", hint="name another folder, or --force overwrites its files"
            )
    for parent in dict.fromkeys((folder / path).parent for path in files):
        try:
            parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputFailed(f"{parent}: cannot be made a folder: {error.strerror}") from error
    for path in files:
        check_writable(folder / path, force=force)
    for path, content in files.items():
        with atomic_file(folder / path, force=force) as file:
            file.write(content)
