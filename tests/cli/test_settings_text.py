from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bncli.cli.settings_text import settings_text
from bncli.errors import InvalidUsage

if TYPE_CHECKING:
    from pathlib import Path


def test_a_text_is_returned_up_to_the_size_allowed(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("é" * 5, encoding="utf-8")
    assert settings_text(tmp_path / "f", 10) == "é" * 5
    with pytest.raises(InvalidUsage, match="f: has over 9 bytes"):
        settings_text(tmp_path / "f", 9)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\xff")
    with pytest.raises(InvalidUsage, match="f: is no text in UTF-8"):
        settings_text(tmp_path / "f", 10)


def test_whatever_else_stands_there_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name, words in (
        ("pipe", "is a pipe"),
        ("endless", "is a device"),
        ("circle", "cannot be opened"),
        ("", "is a directory"),
        ("missing", "no such file"),
        ("n" * 300, "cannot be opened"),
        ("nul\0", "not a path"),
    ):
        with pytest.raises(InvalidUsage, match=words):
            settings_text(tmp_path / name, 10)
