"""Addresses of files on other machines, as paths that are carried about and printed like any other."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bncli.errors import UnsupportedFormat

if TYPE_CHECKING:
    from bncli.formats.remote.remote_file import RemoteFile

    _SystemPath = Path
else:
    _SystemPath = type(Path())

_SCHEMES = ("https", "s3", "gs", "hf", "http")
_SCHEME_PART = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


class RemotePath(_SystemPath):
    """A file on another machine.

    It is a `Path` so that all that only carries and prints paths needs no second kind; its bytes come through
    `byte_source`. Nothing makes one but `as_typed`: a path that a file names never becomes one.
    """

    @property
    def scheme(self) -> str:
        """How the file is reached, such as `https`."""
        return self.parts[0].removesuffix(":").lower()

    @property
    def address(self) -> str:
        """The whole address, which may hold a signature or a password: for connections, never for messages."""
        return f"{self.scheme}://{'/'.join(self.parts[1:])}"

    @cached_property
    def file(self) -> RemoteFile:
        """The file, opened on first use. What was transferred for the first look serves the reading as well."""
        from bncli.formats.remote.opening import open_remote  # noqa: PLC0415 - of use for remote files only

        return open_remote(self.scheme, self.address, str(self))

    def __str__(self) -> str:
        """Return the address without what may give access: user, password, query."""
        address = self.address
        if self.scheme in {"http", "https"}:
            address = re.split("[?#]", address, maxsplit=1)[0]
        start, host, rest = re.fullmatch(r"(\w+://)([^/]*)(.*)", address, re.DOTALL).groups()  # type: ignore[union-attr]
        return f"{start}{host.rpartition('@')[2]}{rest}"


def as_typed(path: Path) -> Path:
    """Return the path that a user typed, as a `RemotePath` if it is an address.

    Raises:
        UnsupportedFormat: it is an address of a kind that is not read.
    """
    if isinstance(path, RemotePath) or len(path.parts) < 2:  # noqa: PLR2004 - a scheme, and something after it
        return path
    scheme = _SCHEME_PART.fullmatch(path.parts[0])
    if scheme is None:
        return path
    if scheme[1].lower() not in _SCHEMES:
        raise UnsupportedFormat(
            f"{scheme[1]}: addresses of this kind are not read", hint="bncli reads local files, https, s3, gs and hf"
        )
    return RemotePath(path)
