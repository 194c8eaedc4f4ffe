"""Opening of an HDF5 file, and what closes together with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.errors import MissingDependency
from bncli.formats.hdf5.checked_file import CheckedFile

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.formats.opened_file import OpenSource
    from bncli.formats.regions import Region


class OpenedHdf5:
    """An HDF5 file that h5py reads through a run of bytes, so that every byte is counted and no other file is opened.

    Args:
        source: what the bytes come from; closed together with this.
        content: the HDF5 file: all of the source, or a member of an archive in it.

    Attributes:
        root: h5py's file.

    Raises:
        MissingDependency: h5py is not installed.
        OSError: the bytes are no HDF5 file.
        ValueError: they are one that is not read safely.
    """

    def __init__(self, source: OpenSource, content: Region) -> None:
        self.path: Path = source.path
        self.size = source.size
        self.content = content
        self._source = source
        self.root: Any = _h5py(source.path).File(CheckedFile(content), "r")

    @property
    def bytes_read(self) -> int:
        """Bytes that were read up to now."""
        return self._source.bytes_read

    def close(self) -> None:
        """Close the file and what its bytes come from."""
        self.root.close()
        self._source.close()


def _h5py(path: Path) -> Any:
    try:
        import h5py  # noqa: PLC0415 - an extra, and only this format needs it
    except ImportError as error:
        raise MissingDependency(
            f"{path}: files of Keras and HDF5 are read with h5py, which is not installed",
            hint="pip install 'bncli[keras]'",
        ) from error
    return h5py
