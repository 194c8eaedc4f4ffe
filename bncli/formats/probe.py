"""The first look at a file or a directory: what recognition by content needs, and no more."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from bncli.errors import BncliError, MalformedFile
from bncli.formats.byte_source import CUT_OFF_HINT, opening
from bncli.formats.regions import FileRegion
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.formats.zip_directory import ZipDirectory

_HEAD_BYTES = 4096
_MAX_ENTRIES = 100_000
_ZIP_SIGNATURE = b"PK\3\4"


@dataclass(frozen=True)
class FileProbe:
    """A regular file's size and beginning, and the names in it if it is a zip; or the names in a directory."""

    path: Path
    size_bytes: int
    """Size of the file; zero for a directory."""
    head: bytes
    """The first 4 KiB, or the whole file where it is shorter; empty for a directory."""
    is_directory: bool = False
    entry_names: tuple[str, ...] = ()
    """What lies in the directory, sorted, a folder with a slash at its end; none for a file."""

    @property
    def is_zip(self) -> bool:
        """Whether the file begins as a zip."""
        return self.head.startswith(_ZIP_SIGNATURE)

    @cached_property
    def zip_directory(self) -> ZipDirectory | None:
        """The directory of a zip, checked as `ZipArchive` does; `None` if the file does not begin as one.

        Raises:
            MalformedFile: the file begins as a zip, but its directory cannot be read.
        """
        if not self.is_zip:
            return None
        from bncli.formats.zip_archive import ZipArchive  # noqa: PLC0415 - of use for a zip only

        with opening(self.path, "a zip archive") as source:
            directory = ZipArchive(FileRegion(source, 0, source.size)).directory
        source.close()
        return directory

    @cached_property
    def zip_names(self) -> tuple[str, ...]:
        """Names of the members, in the order of the zip directory; none if the file does not begin as a zip.

        Raises:
            MalformedFile: the file begins as a zip, but its directory cannot be read.
        """
        return () if self.zip_directory is None else tuple(entry.name for entry in self.zip_directory.entries)


def probe_path(path: Path) -> FileProbe:
    """Take the first look at what a path leads to.

    Raises:
        InputNotFound: there is nothing.
        UnsupportedFormat: it is a FIFO or a device.
        MalformedFile: it is an empty file.
        BncliError: it is a directory that cannot be listed.
    """
    return _probe_directory(path) if path.is_dir() else probe_file(path)


def probe_file(path: Path) -> FileProbe:
    """Read the first bytes of a file.

    Raises:
        InputNotFound: there is no such file.
        UnsupportedFormat: the path is a directory, a FIFO or a device.
        MalformedFile: the file is empty.
    """
    with opening(path, "a file") as source:
        head = bytes(source.read(0, min(_HEAD_BYTES, source.size)))
    source.close()
    if not head:
        raise MalformedFile(f"{path}: the file is empty", hint=CUT_OFF_HINT)
    return FileProbe(path, source.size, head)


def _probe_directory(path: Path) -> FileProbe:
    names = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                names.append(f"{entry.name}/" if _is_directory(entry) else entry.name)
                if len(names) > _MAX_ENTRIES:
                    raise MalformedFile(f"{path}: a directory of more than {_MAX_ENTRIES} entries")
    except OSError as error:
        raise BncliError(f"{path}: the directory cannot be listed: {error.strerror or error}") from error
    return FileProbe(path, 0, b"", is_directory=True, entry_names=tuple(sorted(names)))


def _is_directory(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry leads to a directory; a symbolic link that leads in a circle leads nowhere."""
    try:
        return entry.is_dir()
    except OSError:
        return False
