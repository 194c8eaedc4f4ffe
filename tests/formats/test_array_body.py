"""Tests that the bytes of an array reach their file whole, or that there being no room is told before the first."""

from __future__ import annotations

import errno
import io
import os
import resource
from typing import TYPE_CHECKING, NoReturn

import pytest

from bncli.formats import array_body
from bncli.formats.array_body import ArrayBody

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

if TYPE_CHECKING:
    from pathlib import Path


def test_header_and_pieces_find_their_places_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_body, "_WRITE_BACK_BYTES", 3)
    monkeypatch.setattr(array_body, "_WRITE_BYTES", 2)
    with (tmp_path / "a").open("wb") as file:
        body = ArrayBody(file, b"head", 8)
        body.write(5, memoryview(b"678"))
        body.write(0, memoryview(b"12345"))
        assert body.is_order_free
    assert (tmp_path / "a").read_bytes() == b"head12345678"


def test_memory_and_pipes_are_written_too() -> None:
    memory = io.BytesIO()
    ArrayBody(memory, b"head", 3).write(0, memoryview(b"abc"))
    assert memory.getvalue() == b"headabc"
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        body = ArrayBody(file, b"head", 3)
        body.write(0, memoryview(b"abc"))
        assert not body.is_order_free
    with os.fdopen(reader, "rb") as file:
        assert file.read() == b"headabc"


def test_a_file_that_is_added_to_keeps_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with (tmp_path / "a").open("ab") as file:
        body = ArrayBody(file, b"head", 3)
        body.write(0, memoryview(b"abc"))
        assert not body.is_order_free
    assert (tmp_path / "a").read_bytes() == b"oldheadabc"


def test_too_little_room_is_told_before_anything_is_written(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        with (tmp_path / "a").open("wb") as file, pytest.raises(OSError, match="1000004 bytes are needed"):
            ArrayBody(file, b"head", 10**6)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "a").stat().st_size == 0


def refuse(*_: object) -> NoReturn:
    raise OSError(errno.ENOLCK, "no locks")


@pytest.mark.parametrize("has_locks", [False, True])
def test_copies_of_the_process_write_their_parts(
    tmp_path: Path, has_locks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_locks:
        monkeypatch.setattr(os, "lockf", refuse)
    with (tmp_path / "a").open("wb") as file:
        body = ArrayBody(file, b"head", 4 * 100_000)
        pid = os.fork()
        if pid == 0:
            try:
                write_parts(body, (0, 2), b"a")
            finally:
                os._exit(0)
        write_parts(body, (1, 3), b"b")
        os.waitpid(pid, 0)
    assert (tmp_path / "a").read_bytes() == b"head" + (b"a" * 100_000 + b"b" * 100_000) * 2


def write_parts(body: ArrayBody, parts: tuple[int, ...], letter: bytes) -> None:
    for part in parts:
        body.write(part * 100_000, memoryview(letter * 100_000))
