"""Files behind web addresses, by requests for ranges."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bncli.errors import BncliError, InputNotFound
from bncli.formats.remote.retry_wait import BUSY
from bncli.formats.remote.web_connections import PARTIAL, WHOLE, WebConnections, redirected, require_permitted

if TYPE_CHECKING:
    from bncli.formats.remote.web_connections import Answer

_FIRST_BYTES = 64 * 1024
_MOST_WHOLE_BYTES = 32 * 1024**2
"""A file that the server sends only whole is taken whole up to this size."""
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DENIED = frozenset({401, 403})
_MISSING = frozenset({404, 410})
_BEYOND_END = 416
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18})", re.ASCII)
_MOST_DIGITS = 18


class WebRanges:
    """Ranges of a file on a web server. The first request follows redirects; later ones go where it arrived.

    Args:
        address: the whole address, which is never shown.
        shown: the address for messages.

    Raises:
        InputNotFound: the server has no such file.
        BncliError: the server cannot be reached, refuses, or sends no parts of a file that is large.
    """

    num_at_once = 8

    def __init__(self, address: str, shown: str) -> None:
        self._shown = shown
        self._connections = WebConnections(shown)
        self._address, answer = self._first_answer(address)
        self._version = _version_of(answer)
        self._beginning = answer.content
        self.size = self._size_by(answer)

    @property
    def bytes_received(self) -> int:
        """Bytes of the file that were transferred up to now."""
        return self._connections.bytes_received

    def fetch(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes from `start` to `stop`; see `Ranges.fetch`."""
        if stop <= len(self._beginning):
            return self._beginning[start:stop]
        answer = self._connections.ask(self._address, start, stop)
        if answer.status not in {PARTIAL, WHOLE, _BEYOND_END}:
            raise self._refusal(answer)
        is_same = _version_of(answer) == self._version and _range_of(answer) == (start, stop, self.size)
        if not is_same or len(answer.content) != stop - start:
            raise BncliError(f"{self._shown}: the server sends other bytes than asked for, or the file was changed")
        return answer.content

    def close(self) -> None:
        """Close idle connections; see `Ranges.close`."""
        self._connections.close()

    def _first_answer(self, address: str) -> tuple[str, Answer]:
        """Ask for the beginning, and return where it was found, and the answer."""
        require_permitted(address, self._shown)
        for _ in range(_MOST_REDIRECTS):
            answer = self._connections.ask(address, 0, _FIRST_BYTES, _MOST_WHOLE_BYTES)
            if answer.status not in _REDIRECTS:
                return address, answer
            self._connections.close()
            address = redirected(address, answer.headers.get("Location", ""), self._shown)
        raise BncliError(f"{self._shown}: the server redirects more than {_MOST_REDIRECTS} times")

    def _size_by(self, answer: Answer) -> int:
        """Return the size of the file, of which the answer holds the beginning or all."""
        if answer.status == WHOLE:
            told = answer.headers.get("Content-Length", "")
            if told != str(len(answer.content)):
                is_number = told.isdecimal() and len(told) <= _MOST_DIGITS
                amount = f"all of its {int(told):,} bytes" if is_number else "a file of unknown size"
                raise BncliError(
                    f"{self._shown}: the server sends no parts of files, and {amount} is not fetched",
                    hint="download it, and name the local file",
                )
            return len(answer.content)
        if answer.status not in {PARTIAL, _BEYOND_END}:
            raise self._refusal(answer)
        start, stop, size = _range_of(answer)
        if (start, stop - start) != (0, len(answer.content)) or stop != min(size, _FIRST_BYTES):
            raise BncliError(f"{self._shown}: the server sends other bytes than asked for")
        return size

    def _refusal(self, answer: Answer) -> BncliError:
        if answer.status in _MISSING:
            return InputNotFound(f"{self._shown}: the server has no such file ({answer.status})", "check the address")
        if answer.status in _DENIED:
            return BncliError(
                f"{self._shown}: the server denies access ({answer.status})",
                hint="use an address that needs no sign-in; s3://, gs:// and hf:// use the credentials of their tools",
            )
        if answer.status in BUSY:
            told = answer.headers.get("Retry-After", "")
            wait = f", Retry-After: {told:.60}" if told else ""
            return BncliError(f"{self._shown}: the server is busy ({answer.status}{wait})", hint="try again later")
        return BncliError(f"{self._shown}: the server answers with status {answer.status}", hint="try again later")


def _range_of(answer: Answer) -> tuple[int, int, int]:
    """Return start and stop of the bytes in an answer, and the size of the file; negative where it does not say."""
    told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if told is None:
        return -1, -1, -1
    start, last, size = told.groups()
    return (int(start), int(last) + 1, int(size)) if start else (0, 0, int(size))


def _version_of(answer: Answer) -> str | None:
    """Return what tells two versions of a file apart, as far as the server says."""
    return answer.headers.get("ETag") or answer.headers.get("Last-Modified")
