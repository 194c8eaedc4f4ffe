"""Tests of when progress is shown."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from bncli.cli import progress
from bncli.cli.progress import ByteProgress

if TYPE_CHECKING:
    import pytest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, patience: float) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", patience)
    with ByteProgress("normalizing", 3000) as running:
        for _ in range(3):
            running.advance(1000)
    return stream.getvalue()


def test_work_that_takes_long_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert "normalizing" in shown(Terminal(), monkeypatch, -1.0)


def test_short_work_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(Terminal(), monkeypatch, 60.0) == ""


def test_nothing_is_shown_where_stderr_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(io.StringIO(), monkeypatch, -1.0) == ""
