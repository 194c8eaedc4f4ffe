"""Tests that a change of a file during two passes over it is noticed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bncli.cli.unchanged_input import unchanged
from bncli.errors import MalformedFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def append(path: Path) -> None:
    path.write_bytes(b"123456")


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"12345")
    other.replace(path)


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [append, touch, replace, remove])
def test_every_kind_of_change_is_told(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    with pytest.raises(MalformedFile, match="changed while it was read"), unchanged(path):
        change(path)


def test_reading_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    with unchanged(path):
        path.read_bytes()


def test_an_error_within_is_not_hidden(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")

    def fail() -> None:
        remove(path)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), unchanged(path):
        fail()
