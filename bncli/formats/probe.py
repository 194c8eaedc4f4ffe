"""The first look at a file: what recognition by content needs, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bncli.errors import MalformedFile
from bncli.formats.byte_source import opening
from bncli.formats.zip_archive import ZipArchive

if TYPE_CHECKING:
    from pathlib import Path

_HEAD_BYTES = 4096
_ZIP_SIGNATURE = b"PK\3\4"


@dataclass(frozen=True)
class FileProbe:
    """A regular file's size and beginning, and the names in it if it is a zip."""

    path: Path
    size_bytes: int
    head: bytes
    """The first 4 KiB, or the whole file where it is shorter."""

    @cached_property
    def zip_names(self) -> tuple[str, ...]:
        """Names of the members, in the order of the zip directory; none if the file does not begin as a zip.

        Raises:
            MalformedFile: the file begins as a zip, but its directory cannot be read.
        """
        if not self.head.startswith(_ZIP_SIGNATURE):
            return ()
        with opening(self.path, "a zip archive") as source:
            names = tuple(ZipArchive(source).members)
        source.close()
        return names


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
        raise MalformedFile(f"{path}: the file is empty", hint="a save or a download was cut off; fetch it again")
    return FileProbe(path, source.size, head)
