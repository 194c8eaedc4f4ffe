"""Tests of when progress is shown."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from bncli.cli import progress
from bncli.cli.progress import ByteProgress, StepProgress

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


def test_steps_are_shown_with_their_rate_also_where_their_number_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", -1.0)
    for total in (3, None):
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        with StepProgress("recording", total) as running:
            for _ in range(3):
                running.advance(1)
        assert "recording" in stream.getvalue()


def test_what_is_not_to_be_shown_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", -1.0)
    with StepProgress("recording", 3, is_shown=False) as running:
        running.advance(1)
    assert stream.getvalue() == ""
