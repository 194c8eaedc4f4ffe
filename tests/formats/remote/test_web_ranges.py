"""Tests of range requests against a server on this machine."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.errors import BncliError, InputNotFound
from bncli.formats.remote import web_connections, web_ranges
from bncli.formats.remote.web_ranges import WebRanges
from tests.formats.remote.test_web_connections import answer_with
from tests.helpers.range_server import range_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.helpers.range_server import RangeServer

CONTENT = np.random.default_rng(0).bytes(1_000_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RangeServer]:
    (tmp_path / "file").write_bytes(CONTENT)
    (tmp_path / "small").write_bytes(CONTENT[:100])
    (tmp_path / "empty").write_bytes(b"")
    with range_server(tmp_path) as served:
        yield served


@pytest.fixture
def opened(server: RangeServer) -> Iterator[WebRanges]:
    ranges = WebRanges(f"{server.url}/file", "the-address")
    yield ranges
    ranges.close()


def open_at(server: RangeServer, name: str) -> WebRanges:
    ranges = WebRanges(f"{server.url}/{name}", "the-address")
    ranges.close()
    return ranges


def test_the_first_request_tells_the_size_and_is_not_asked_again(server: RangeServer, opened: WebRanges) -> None:
    assert opened.size == len(CONTENT)
    assert opened.fetch(100, 200) == CONTENT[100:200]
    assert server.requests == [("file", (0, 65536))]


def test_a_range_is_exactly_what_was_asked_for_and_every_byte_is_counted(
    server: RangeServer, opened: WebRanges
) -> None:
    assert opened.fetch(70_000, 71_000) == CONTENT[70_000:71_000]
    assert opened.fetch(len(CONTENT) - 5, len(CONTENT)) == CONTENT[-5:]
    assert opened.bytes_received == server.bytes_sent == 65536 + 1000 + 5


def test_one_connection_serves_all_requests(opened: WebRanges, server: RangeServer) -> None:
    for start in range(100_000, 200_000, 10_000):
        opened.fetch(start, start + 10)
    assert {headers["Host"] for headers in server.headers} == {server.url.removeprefix("http://")}
    assert len(opened._connections._idle) == 1


@pytest.mark.parametrize(("name", "size"), [("small", 100), ("empty", 0)])
def test_a_short_file_is_there_at_once(server: RangeServer, name: str, size: int) -> None:
    assert open_at(server, name).size == size


def test_a_server_without_ranges_is_taken_for_a_small_file(server: RangeServer) -> None:
    server.sends_ranges = False
    ranges = open_at(server, "file")
    assert ranges.fetch(500_000, 500_010) == CONTENT[500_000:500_010]
    assert (ranges.size, ranges.bytes_received) == (len(CONTENT), len(CONTENT))


def test_a_large_file_is_never_fetched_whole(server: RangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_ranges, "_MOST_WHOLE_BYTES", 1000)
    server.sends_ranges = False
    with pytest.raises(BncliError, match=r"the-address: the server sends no parts.*1,000,000 bytes") as caught:
        open_at(server, "file")
    assert "download it" in (caught.value.hint or "")


def test_redirects_are_followed_once_and_remembered(server: RangeServer) -> None:
    server.redirects = {"old": "/older", "older": f"{server.url}/file?signature=1"}
    ranges = open_at(server, "old")
    assert ranges.fetch(900_000, 900_001) == CONTENT[900_000:900_001]
    ranges.close()
    assert [name for name, _ in server.requests] == ["old", "older", "file", "file"]


def test_a_circle_of_redirects_ends(server: RangeServer) -> None:
    server.redirects = {"a": "/b", "b": "/a"}
    with pytest.raises(BncliError, match="redirects more than 5 times"):
        open_at(server, "a")


@pytest.mark.parametrize("target", ["http://example.org/file", "ftp://127.0.0.1/file", "file:///etc/passwd"])
def test_a_redirect_leads_to_nothing_but_web_addresses(server: RangeServer, target: str) -> None:
    server.redirects = {"old": target}
    with pytest.raises(BncliError, match="must begin with https://"):
        open_at(server, "old")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_file_that_is_not_there_is_not_found(server: RangeServer, status: int) -> None:
    server.statuses = {"gone": status}
    with pytest.raises(InputNotFound, match=f"the-address: the server has no such file .{status}."):
        open_at(server, "gone")


@pytest.mark.parametrize(("status", "said"), [(401, "denies access"), (403, "denies access"), (500, "status 500")])
def test_a_refusal_is_told_with_its_status(server: RangeServer, status: int, said: str) -> None:
    server.statuses = {"file": status}
    with pytest.raises(BncliError, match=f"the-address: .*{said}"):
        open_at(server, "file")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits that were asked for; none is made."""
    made: list[float] = []
    monkeypatch.setattr(web_connections.time, "sleep", made.append)
    return made


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_after_as_long_as_it_wants(
    server: RangeServer, opened: WebRanges, waits: list[float], status: int
) -> None:
    server.num_refusals, server.refusal = 2, (status, {"Retry-After": "3"})
    assert opened.fetch(200_000, 201_000) == CONTENT[200_000:201_000]
    assert waits == [3, 3]


def test_the_first_look_at_a_file_waits_too(server: RangeServer, waits: list[float]) -> None:
    server.num_refusals = 3
    assert open_at(server, "file").size == len(CONTENT)
    assert waits == [0.5, 1, 2]


def test_a_server_that_stays_busy_is_an_error(server: RangeServer, opened: WebRanges, waits: list[float]) -> None:
    server.num_refusals = 100
    with pytest.raises(BncliError, match=r"the-address: the server is busy \(503\)$"):
        opened.fetch(200_000, 201_000)
    assert len(waits) == 3
    assert server.num_refusals == 96


def test_a_long_wait_is_left_to_the_user(server: RangeServer, opened: WebRanges, waits: list[float]) -> None:
    server.num_refusals, server.refusal = 1, (429, {"Retry-After": "3600"})
    with pytest.raises(BncliError, match=r"busy \(429, Retry-After: 3600\)"):
        opened.fetch(200_000, 201_000)
    assert waits == []


def test_other_refusals_are_not_asked_again(server: RangeServer, opened: WebRanges, waits: list[float]) -> None:
    server.num_refusals, server.refusal = 1, (500, {"Retry-After": "1"})
    with pytest.raises(BncliError, match="status 500"):
        opened.fetch(200_000, 201_000)
    assert waits == []


def test_a_broken_answer_is_asked_for_again(server: RangeServer, opened: WebRanges) -> None:
    server.cuts_after, server.num_cuts = 100, 1
    assert opened.fetch(200_000, 201_000) == CONTENT[200_000:201_000]


def test_answers_that_keep_breaking_off_are_an_error(server: RangeServer, opened: WebRanges) -> None:
    server.cuts_after = 100
    with pytest.raises(BncliError, match="the-address: the server's answer breaks off"):
        opened.fetch(200_000, 201_000)


def test_a_file_that_is_changed_meanwhile_is_an_error(server: RangeServer, opened: WebRanges) -> None:
    server.version = "2"
    with pytest.raises(BncliError, match="the file was changed"):
        opened.fetch(200_000, 201_000)


def test_a_file_that_shrinks_meanwhile_is_an_error(server: RangeServer, opened: WebRanges) -> None:
    (server.folder / "file").write_bytes(CONTENT[:150_000])
    with pytest.raises(BncliError, match="the file was changed"):
        opened.fetch(200_000, 201_000)


def test_a_server_that_has_gone_is_an_error(tmp_path: Path) -> None:
    with range_server(tmp_path) as gone:
        url = gone.url
    with pytest.raises(BncliError, match="the-address: the server refuses connections"):
        WebRanges(f"{url}/file", "the-address")


@pytest.mark.parametrize(
    "told",
    [
        f"206 Partial Content\r\nContent-Range: bytes 0-1/{'9' * 5000}\r\nContent-Length: 2",
        f"206 Partial Content\r\nContent-Range: bytes 0-{'9' * 5000}/2\r\nContent-Length: 2",
        f"200 OK\r\nContent-Length: {'9' * 5000}",
        "206 Partial Content\r\nContent-Range: bytes 0-1/2\r\nContent-Length: -2",
    ],
)
def test_numbers_that_no_file_has_are_an_error(told: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answer = f"HTTP/1.1 {told}\r\nConnection: close\r\n\r\nabc".encode()
        thread = threading.Thread(target=answer_with, args=(listening, answer))
        thread.start()
        with pytest.raises(BncliError, match="the-address: the server sends"):
            WebRanges(f"http://127.0.0.1:{listening.getsockname()[1]}/file", "the-address")
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
