"""Tests that the bytes of an array reach their file whole, or that there being no room is told before the first."""

from __future__ import annotations

import io
import os
import resource
from typing import TYPE_CHECKING

import pytest

from bncli.formats import array_body
from bncli.formats.array_body import ArrayBody

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
