"""A web server on this machine that sends files in ranges, counts what it sends, and misbehaves when told to."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_CHUNK_BYTES = 1 << 20


@dataclass
class RangeServer:
    """What the server does, and what it did."""

    folder: Path
    url: str = ""
    sends_ranges: bool = True
    redirects: dict[str, str] = field(default_factory=dict)
    """Where a path is redirected to."""
    statuses: dict[str, int] = field(default_factory=dict)
    """A status that is sent for a path in place of the file."""
    num_refusals: int = 0
    """How many requests are turned down, with `refusal`, before the server behaves."""
    refusal: tuple[int, dict[str, str]] = (503, {})
    """Status and headers."""
    cuts_after: int | None = None
    """After how many bytes of a body the connection is closed; `None` sends all."""
    num_cuts: int = 1_000
    """How many answers are cut off before the server behaves."""
    idle_seconds: float | None = None
    """How long a connection is kept open without a request; `None` keeps it for ever."""
    version: str = "1"
    requests: list[tuple[str, tuple[int, int] | None]] = field(default_factory=list)
    """Path, and start and stop of the range, of every request."""
    headers: list[dict[str, str]] = field(default_factory=list)
    bytes_sent: int = 0
    """Bytes of bodies."""


@contextmanager
def range_server(folder: Path, idle_seconds: float | None = None) -> Iterator[RangeServer]:
    """Serve the files of a folder under an address that `url` holds."""
    state = RangeServer(folder, idle_seconds=idle_seconds)

    class Handler(_Handler):
        served = state
        timeout = state.idle_seconds

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: RangeServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        served = self.served
        name = self.path.split("?")[0].lstrip("/")
        asked = _RANGE.fullmatch(self.headers.get("Range", "")) if served.sends_ranges else None
        served.requests.append((name, (int(asked[1]), int(asked[2]) + 1) if asked else None))
        served.headers.append(dict(self.headers))
        path = served.folder / name
        if served.num_refusals > 0:
            served.num_refusals -= 1
            status, headers = served.refusal
            self._send_status(status, **headers)
        elif name in served.redirects:
            self._send_status(302, Location=served.redirects[name])
        elif name in served.statuses or not path.is_file():
            self._send_status(served.statuses.get(name, 404))
        else:
            self._send_file(path, asked)

    def _send_status(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_file(self, path: Path, asked: re.Match[str] | None) -> None:
        size = path.stat().st_size
        start, stop = (int(asked[1]), min(int(asked[2]) + 1, size)) if asked else (0, size)
        if asked and start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        self.send_header("ETag", f'"{self.served.version}"')
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        self._send_bytes(path, start, stop)

    def _send_bytes(self, path: Path, start: int, stop: int) -> None:
        cut = self.served.cuts_after
        if cut is not None and self.served.num_cuts > 0 and start + cut < stop:
            self.served.num_cuts -= 1
            stop = start + cut
            self.close_connection = True
        try:
            with path.open("rb") as file:
                file.seek(start)
                while start < stop:
                    chunk = file.read(min(_CHUNK_BYTES, stop - start))
                    # Counted first: the client may look at the count as soon as it has the bytes.
                    self.served.bytes_sent += len(chunk)
                    self.wfile.write(chunk)
                    start += len(chunk)
        except ConnectionError:
            self.close_connection = True
