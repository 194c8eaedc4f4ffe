"""Which connection serves an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.remote.remote_file import RemoteFile

if TYPE_CHECKING:
    from bncli.formats.remote.ranges import Ranges
    from bncli.formats.remote.remote_path import RemotePath


def open_remote(path: RemotePath) -> RemoteFile:
    """Open a remote file for reading in ranges.

    Raises:
        InputNotFound: there is no such file.
        MissingDependency: a package is missing that this kind of address needs.
        BncliError: the file cannot be reached, or its parts cannot be asked for.
    """
    return RemoteFile(_ranges_of(path))


def _ranges_of(path: RemotePath) -> Ranges:
    if path.scheme in {"http", "https"}:
        from bncli.formats.remote.web_ranges import WebRanges  # noqa: PLC0415

        return WebRanges(path.address, str(path))
    from bncli.formats.remote.cloud_ranges import open_cloud_file  # noqa: PLC0415

    return open_cloud_file(path.address, str(path))
