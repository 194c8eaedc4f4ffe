"""The contract of a format whose files are zips: what the first look read of the directory serves to open them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bncli.formats.base import Format
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe
    from bncli.formats.zip_directory import ZipDirectory


class OpenZip(Protocol):
    """Opens a zip for reading, with the directory that was read before, if it was."""

    def __call__(self, path: Path, directory: ZipDirectory | None = None, /) -> NamedArrays:
        """Open the file; errors as of `Format.open`."""


@dataclass(frozen=True, slots=True)
class ZipFormat(Format):
    """A file format of which every file is a zip."""

    open: OpenZip

    def open_probed(self, probe: FileProbe) -> NamedArrays:
        """Open the file without parsing its directory, which may be long, a second time."""
        return self.open(probe.path, probe.zip_directory)
