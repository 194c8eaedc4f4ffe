"""Connections to a web server: kept open, tried again where they break, and told about in one line."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from bncli.errors import BncliError
from bncli.formats.remote.retry_wait import BUSY, MOST_SECONDS, seconds_before_retry
from bncli.light_dataclass import dataclass
from bncli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message
    from urllib.parse import SplitResult

TIMEOUT_SECONDS = 30.0
"""Without a byte, until the head of an answer is there, and for its body beside what a slow line takes for it."""
_SLOWEST_BYTES_PER_SECOND = 16 * 1024
PARTIAL, WHOLE = 206, 200
_NUM_TRIES = 3
"""Of one request, over connections that break."""
_NUM_REQUESTS = 4
"""To a server that says that it is busy."""
_ASCII = "".join(map(chr, range(128)))
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent back."""

    status: int
    headers: Message
    content: bytes
    """The part that was asked for, or the whole file where the server sends that and it is small; else nothing."""


class WebConnections:
    """Connections to the server of one file.

    Nothing is sent but the request for a range: no cookie, no password, no token. Proxies are those of the
    environment.

    Args:
        shown: the address, for messages.
    """

    def __init__(self, shown: str) -> None:
        self.bytes_received = 0
        self._shown = shown
        self._idle: list[http.client.HTTPConnection] = []
        self._counting = threading.Lock()

    def ask(self, address: str, start: int, stop: int, most_whole: int = 0) -> Answer:
        """Ask for the bytes from `start` to `stop` of a file, some of which may lie beyond its end.

        A server that is busy is asked again after a while, a few times.

        Args:
            address: the file.
            start: the first byte.
            stop: the byte after the last.
            most_whole: bytes up to which a whole file is taken instead.

        Raises:
            BncliError: no answer comes, or it breaks off, several times.
        """
        for num_refusals in range(1, _NUM_REQUESTS + 1):
            answer = self._ask_once(address, start, stop, most_whole)
            wait = seconds_before_retry(answer.headers, num_refusals)
            if answer.status not in BUSY or num_refusals == _NUM_REQUESTS or wait > MOST_SECONDS:
                break
            time.sleep(wait)
        return answer

    def _ask_once(self, address: str, start: int, stop: int, most_whole: int) -> Answer:
        """Ask, and again where the connection breaks."""
        for _ in range(_NUM_TRIES):
            connection = self._idle_one() or _connect(urlsplit(address))
            try:
                return self._answer(connection, address, (start, stop), most_whole)
            except (OSError, ValueError, http.client.HTTPException) as error:
                connection.close()
                self.close()  # those that lie idle may be as dead as this one, and tries are few
                fault: Exception = error
                if isinstance(error, ssl.SSLCertVerificationError | socket.gaierror | TimeoutError | ValueError):
                    break
        raise BncliError(f"{self._shown}: {_told(fault)}", hint="check the address and the network") from fault

    def close(self) -> None:
        """Close the connections that no one is using."""
        while (connection := self._idle_one()) is not None:
            connection.close()

    def _idle_one(self) -> http.client.HTTPConnection | None:
        try:
            return self._idle.pop()
        except IndexError:  # asked for, and not looked for before: another thread may take the last one in between
            return None

    def _answer(
        self, connection: http.client.HTTPConnection, address: str, wanted: tuple[int, int], most_whole: int
    ) -> Answer:
        start, stop = wanted
        parts = urlsplit(address)
        headers = {
            "Accept-Encoding": "identity",
            "Range": f"bytes={start}-{stop - 1}",
            "User-Agent": f"bncli/{__version__}",
        }
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        with ExitStack() as on_error:
            with cut_off_after(lambda: connection.sock, TIMEOUT_SECONDS):
                connection.request("GET", quote(target, safe=_ASCII), headers=headers)
                line = connection.sock  # the connection forgets it where this answer is to be the last
                response = connection.getresponse()
                on_error.callback(response.close)  # likewise
            content = b""
            is_small = response.length is not None and response.length <= most_whole
            if response.status == PARTIAL or (response.status == WHOLE and is_small):
                length = stop - start if response.status == PARTIAL else most_whole
                with cut_off_after(lambda: line, TIMEOUT_SECONDS + length / _SLOWEST_BYTES_PER_SECOND):
                    content = self._counted(response.read(length))
                if response.length:
                    raise http.client.IncompleteRead(content, response.length)
            on_error.pop_all()
        if response.isclosed() and not response.will_close:
            self._idle.append(connection)
        else:
            response.close()
            connection.close()
        return Answer(response.status, response.headers, content)

    def _counted(self, content: bytes) -> bytes:
        with self._counting:
            self.bytes_received += len(content)
        return content


def require_permitted(address: str, shown: str, before: str | None = None) -> None:
    """Check that an address may be asked: by https, or by http on this machine, and without a password.

    Args:
        address: where the request would go.
        shown: the address that the user named, for messages.
        before: the address that redirected to it; one elsewhere must not lead to this machine.

    Raises:
        BncliError: it may not.
    """
    lead = f"{shown}: " if before is None else f"{shown}: the server redirects, "
    try:
        parts = urlsplit(address)
        _ = (parts.hostname or "").encode("idna"), parts.port  # raise where they are none
    except ValueError as error:
        raise BncliError(f"{lead}an address is not valid: {error}", hint="check the address") from error
    is_here = parts.hostname in _THIS_MACHINE
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise BncliError(f"{lead}an address must begin with https://", hint="http is read from this machine only")
    if before is not None and is_here and urlsplit(before).hostname not in _THIS_MACHINE:
        raise BncliError(f"{lead}and from elsewhere to this machine, which is not followed")
    if parts.username is not None or parts.password is not None:
        raise BncliError(f"{lead}a password in an address is not sent", hint="use an address that needs none")


@contextmanager
def cut_off_after(line: Callable[[], socket.socket | None], seconds: float) -> Iterator[None]:
    """Shut a line down where the block takes too long: a server that sends byte after byte never times out.

    Args:
        line: gives what is shut down; `None` as long as there is none.
        seconds: how long the block may take.

    Raises:
        TimeoutError: it took too long.
    """
    has_ended = threading.Event()

    def cut() -> None:
        has_ended.set()
        open_line = line()
        if open_line is not None:
            with suppress(OSError):
                # Not the method of a socket with TLS, which is not for two threads.
                socket.socket.shutdown(open_line, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, ValueError, http.client.HTTPException) as error:
        if has_ended.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
    if has_ended.is_set():
        raise TimeoutError


def redirected(address: str, target: str, shown: str) -> str:
    """Return where an answer from an address leads, which may be asked.

    Raises:
        BncliError: it may not, or it is no address.
    """
    try:
        joined = urljoin(address, target)
    except ValueError as error:
        raise BncliError(f"{shown}: the server redirects, an address is not valid: {error}") from error
    require_permitted(joined, shown, before=address)
    return joined


def _connect(parts: SplitResult) -> http.client.HTTPConnection:
    """Return a connection, not yet made."""
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_SECONDS)
    options: dict[str, Any] = {"timeout": TIMEOUT_SECONDS, "context": ssl.create_default_context()}
    proxy = urlsplit(getproxies().get("https", ""))
    if proxy.hostname is None or proxy_bypass(host):
        return http.client.HTTPSConnection(host, parts.port, **options)
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, **options)
    connection.set_tunnel(host, parts.port)
    return connection


def _told(fault: Exception) -> str:
    """Return what broke, in words."""
    match fault:
        case TimeoutError():
            return f"the server did not answer within {TIMEOUT_SECONDS:g} seconds, or goes on too slowly"
        case ConnectionRefusedError():
            return "the server refuses connections"
        case socket.gaierror():
            return "its server is not known"
        case ssl.SSLCertVerificationError():
            return f"the server's certificate is not valid: {fault.verify_message}"
        case http.client.IncompleteRead():
            return "the server's answer breaks off"
        case http.client.RemoteDisconnected() | ConnectionError():
            return "the server breaks the connection"
        case _:
            return f"the server cannot be talked to: {type(fault).__name__}"
