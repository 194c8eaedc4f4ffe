"""The files of a distributed checkpoint, each opened when its first byte is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.byte_source import ByteSource
from bncli.formats.open_files import OpenFiles

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.formats.located_shards import LocatedShards


class ShardFiles:
    """The metadata and the files that they name, as one source of bytes.

    Args:
        path: the folder, as the user named it.
        metadata_bytes: size of the metadata, which were read whole.
        shards: where the files are.
    """

    def __init__(self, path: Path, metadata_bytes: int, shards: LocatedShards) -> None:
        self.path = path
        self.size = metadata_bytes + shards.size_bytes
        self._metadata_bytes = metadata_bytes
        self._starts = shards.starts(metadata_bytes)
        self._files = OpenFiles(lambda location: ByteSource(shards.paths[location]))

    @property
    def bytes_read(self) -> int:
        """Bytes that were read from all files up to now."""
        return self._metadata_bytes + self._files.bytes_read

    def start_of(self, location: str) -> int:
        """Return where a file would start if all stood one after the other, the metadata first."""
        return self._starts[location]

    def opened(self, location: str) -> ByteSource:
        """Return a file, open for reading until the next one is asked for."""
        return self._files.opened(location)

    def close(self) -> None:
        """Close all files."""
        self._files.close()
