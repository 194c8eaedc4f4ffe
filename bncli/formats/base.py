"""The contract of a file format: how it is recognized, and how it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe


@dataclass(frozen=True, slots=True)
class Format:
    """One file format that bncli reads."""

    name: str
    """As it stands in reports and JSON, such as `torch-zip`."""
    suffixes: tuple[str, ...]
    """Usual endings of file names, for messages only: recognition goes by content."""
    recognizes: Callable[[FileProbe], bool]
    """Whether the first bytes (or the names in a zip or a directory) are of this format; reads no more than the probe
    holds."""
    open: Callable[[Path], NamedArrays]
    """Open the file or the directory for reading.

    Raises:
        MalformedFile: the file breaks the format's rules.
        UnsafeFile: the file asks for a program to be run.
    """

    def open_probed(self, probe: FileProbe) -> NamedArrays:
        """Open what the first look was at; errors as of `open`."""
        return self.open(probe.path)
