"""Which connection serves an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.remote.remote_file import RemoteFile

if TYPE_CHECKING:
    from bncli.formats.remote.ranges import Ranges


def open_remote(scheme: str, address: str, shown: str) -> RemoteFile:
    """Open a remote file for reading in ranges.

    Args:
        scheme: how the file is reached, such as `https`.
        address: the whole address, with what may give access.
        shown: the address without it, for messages.

    Raises:
        InputNotFound: there is no such file.
        MissingDependency: a package is missing that this kind of address needs.
        BncliError: the file cannot be reached, or its parts cannot be asked for.
    """
    return RemoteFile(_ranges_of(scheme, address, shown))


def _ranges_of(scheme: str, address: str, shown: str) -> Ranges:
    if scheme in {"http", "https"}:
        from bncli.formats.remote.web_ranges import WebRanges  # noqa: PLC0415

        return WebRanges(address, shown)
    from bncli.formats.remote.cloud_ranges import open_cloud_file  # noqa: PLC0415

    return open_cloud_file(address, shown)
