"""Files in Amazon's, Google's and Hugging Face's stores, through fsspec and the package that each of them needs."""

from __future__ import annotations

import logging
import re
from typing import IO, TYPE_CHECKING, Any

from bncli.errors import BncliError, InputNotFound, MissingDependency

if TYPE_CHECKING:
    from bncli.formats.remote.ranges import Ranges

_INSTALL = "pip install 'bncli[remote]'"
_TALKATIVE = ("asyncio", "fsspec", "gcsfs", "huggingface_hub", "s3fs")
_QUERY = re.compile(r"\?\S+")


def open_cloud_file(address: str, shown: str) -> Ranges:
    """Open a file by an address of fsspec's, with the credentials that the store's own tools would use.

    Args:
        address: such as `s3://bucket/key`.
        shown: the address, for messages.

    Raises:
        MissingDependency: fsspec or the store's package is not installed.
        InputNotFound: there is no such file.
        BncliError: the store refuses.
    """
    for package in _TALKATIVE:
        # They log what they also raise, tracebacks included, which goes to stderr where no one set logging up.
        logger = logging.getLogger(package)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    try:
        from fsspec import filesystem  # noqa: PLC0415 - an extra

        store = filesystem(address.partition("://")[0])
    except (ImportError, ValueError) as error:
        raise MissingDependency(f"{shown}: needs a package that is not installed", hint=_INSTALL) from error
    try:
        # Without a cache of its own: it would transfer megabytes around each of many small arrays.
        file = store.open(address, "rb", cache_type="none")
        return CloudRanges(file, file.size, shown)
    except Exception as error:
        raise _told(error, shown) from error


class CloudRanges:
    """Ranges of an open file of fsspec's.

    Args:
        file: the file, which reads no more than it is asked for.
        size: its bytes.
        shown: its address, for messages.
    """

    num_at_once = 1

    def __init__(self, file: IO[bytes] | Any, size: int, shown: str) -> None:
        self.size = size
        self.bytes_received = 0
        self._file = file
        self._shown = shown

    def fetch(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes from `start` to `stop`; see `Ranges.fetch`."""
        try:
            self._file.seek(start)
            content: bytes = self._file.read(stop - start)
        except Exception as error:
            raise _told(error, self._shown) from error
        self.bytes_received += len(content)
        if len(content) != stop - start:
            raise BncliError(f"{self._shown}: the store sent {len(content)} bytes, not the {stop - start} asked for")
        return content

    def close(self) -> None:
        """Do nothing: the store's package keeps its own connections."""


def _told(error: Exception, shown: str) -> BncliError:
    """Return what a store's package raised, of whatever kind, as one line without signatures or tokens."""
    if isinstance(error, FileNotFoundError | IsADirectoryError):
        return InputNotFound(f"{shown}: no such file", hint="check the address")
    lines = _QUERY.sub("?...", str(error)).splitlines()
    said = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return BncliError(f"{shown}: cannot be read: {said}", hint="check the address, and that you are signed in")
