"""Tests of what is sent to a server, of what is not, and of silence."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from bncli.errors import BncliError
from bncli.formats.remote import web_connections
from bncli.formats.remote.web_connections import WebConnections, redirected, require_permitted
from tests.helpers.range_server import range_server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "address", ["https://example.org/a", "http://127.0.0.1:80/a", "http://localhost/a", "http://[::1]/a"]
)
def test_https_is_asked_anywhere_and_http_on_this_machine(address: str) -> None:
    require_permitted(address, "shown")


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/a",
        "http://127.0.0.1.example.org/a",
        "http://10.0.0.1/a",
        "ftp://127.0.0.1/a",
        "file:///etc/x",
    ],
)
def test_nothing_else_is_asked(address: str) -> None:
    with pytest.raises(BncliError, match="shown: an address must begin with https://"):
        require_permitted(address, "shown")


@pytest.mark.parametrize("target", ["https://127.0.0.1/a", "http://localhost:8080/a"])
def test_a_redirect_from_elsewhere_never_leads_to_this_machine(target: str) -> None:
    require_permitted(target, "shown", before="http://127.0.0.1:80/b")
    with pytest.raises(BncliError, match="from elsewhere to this machine"):
        require_permitted(target, "shown", before="https://example.org/b")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:99999999/a",
        "http://127.0.0.1:x/a",
        "http://[::1/a",
        "https://[zz]/a",
        f"https://{'a' * 300}.example/a",
        "https://a\x92.example/a",
    ],
)
def test_what_is_no_address_is_told_in_one_line(address: str) -> None:
    with pytest.raises(BncliError, match="shown: an address is not valid"):
        require_permitted(address, "shown")
    with pytest.raises(BncliError, match="shown: the server redirects, an address is not valid"):
        redirected("http://127.0.0.1/b", address, "shown")


def test_letters_beyond_ascii_are_sent_as_browsers_send_them(tmp_path: Path) -> None:
    (tmp_path / "%C3%A9%20").write_bytes(b"0123456789")
    with range_server(tmp_path) as server:
        connections = WebConnections("shown")
        answer = connections.ask(f"{server.url}/\u00e9%20", 0, 5)
        connections.close()
    assert (answer.status, answer.content) == (206, b"01234")


def test_a_password_is_neither_sent_nor_shown() -> None:
    with pytest.raises(BncliError, match="password") as caught:
        require_permitted("https://user:secret@example.org/a", "shown")
    assert "secret" not in f"{caught.value} {caught.value.hint}"


def test_a_request_carries_the_range_and_nothing_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    with range_server(tmp_path) as server:
        connections = WebConnections("shown")
        answer = connections.ask(f"{server.url}/a?key=1#part", 2, 5)
        connections.close()
    assert (answer.status, answer.content) == (206, b"234")
    (headers,) = server.headers
    assert headers.keys() == {"Host", "Accept-Encoding", "Range", "User-Agent"}
    assert headers["Range"] == "bytes=2-4"


def test_connections_that_the_server_closed_while_they_were_idle_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(bytes(range(100)))
    with (
        closing(WebConnections("the-address")) as connections,
        range_server(tmp_path, idle_seconds=0.05) as server,
    ):
        with monkeypatch.context() as patched:
            patched.setattr(connections, "_idle_one", lambda: None)
            for _ in range(8):
                connections.ask(f"{server.url}/f", 0, 10)
        time.sleep(0.3)
        assert connections.ask(f"{server.url}/f", 10, 20).content == bytes(range(10, 20))


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_connections, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/a"
        with pytest.raises(BncliError, match="shown: the server did not answer within 0.05 seconds"):
            WebConnections("shown").ask(address, 0, 1)


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 206 Partial Content\r\nConnection: close\r\n\r\n",
    ],
)
@pytest.mark.parametrize("drop", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nX:"])
def test_a_server_that_answers_drop_by_drop_is_given_up(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes, drop: bytes
) -> None:
    monkeypatch.setattr(web_connections, "TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(web_connections, "_SLOWEST_BYTES_PER_SECOND", 1e9)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server, beginning, drop))
        thread.start()
        with pytest.raises(BncliError, match="shown: the server .* or goes on too slowly"):
            WebConnections("shown").ask(f"http://127.0.0.1:{server.getsockname()[1]}/a", 0, 1000)
        thread.join()


def drip(server: socket.socket, beginning: bytes, drop: bytes) -> None:
    """Send one client some bytes and then others, whole at first and one by one at last, until it leaves."""
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.recv(10_000)
        connection.sendall(beginning)
        while True:
            for place in range(len(drop)):
                connection.sendall(drop[place : place + 1])
                time.sleep(0.001)


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 999999 x\r\n\r\n"])
def test_an_answer_that_is_not_http_is_an_error(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_with, args=(server, answer))
        thread.start()
        with pytest.raises(BncliError, match="shown: the server"):
            WebConnections("shown").ask(f"http://127.0.0.1:{server.getsockname()[1]}/a", 0, 1)
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def answer_with(server: socket.socket, answer: bytes) -> None:
    """Send every client the same bytes until the server is shut down."""
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(answer)
