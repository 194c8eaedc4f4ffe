from __future__ import annotations

import io

import pytest

from bncli.cli.terminal_surface import file_surface, terminal_surface
from bncli.renderers.base import Surface


class Stream(io.TextIOWrapper):
    """A stream that claims to be a terminal, or not."""

    def __init__(self, *, is_terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


PIPE = Stream(is_terminal=False)
TERMINAL = Stream(is_terminal=True)


@pytest.mark.parametrize(
    ("choice", "environ", "on_terminal", "in_pipe"),
    [
        ("auto", {}, True, False),
        ("auto", {"TERM": "xterm"}, True, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, True, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"FORCE_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colour_follows_the_option_over_the_variables_over_the_terminal(
    choice: str, environ: dict[str, str], on_terminal: bool, in_pipe: bool
) -> None:
    assert terminal_surface(TERMINAL, choice, environ).color is on_terminal
    assert terminal_surface(PIPE, choice, environ).color is in_pipe


@pytest.mark.parametrize(
    ("columns", "width"),
    [(None, None), ("72", 72), ("", None), ("0", None), ("-5", None), ("wide", None), ("9" * 9, 999_999_999),
     ("9" * 5000, None), ("0" * 5000, None)],
)  # fmt: skip
def test_a_pipe_has_no_width_unless_columns_sets_one(columns: str | None, width: int | None) -> None:
    environ = {} if columns is None else {"COLUMNS": columns}
    assert terminal_surface(PIPE, "auto", environ).width == width


def test_a_terminal_has_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "91")
    assert terminal_surface(TERMINAL, "auto", {}).width == 91


@pytest.mark.parametrize(
    ("encoding", "unicode"), [("utf-8", True), ("utf-16", True), ("ascii", False), ("latin-1", False), ("cp437", False)]
)
def test_glyphs_are_drawn_only_where_the_encoding_has_them(encoding: str, unicode: bool) -> None:
    assert terminal_surface(Stream(is_terminal=False, encoding=encoding), "auto", {}).unicode is unicode


def test_a_file_takes_every_width_and_colour_only_on_demand() -> None:
    assert file_surface("auto") == file_surface("never") == Surface(width=None, color=False, unicode=True)
    assert file_surface("always").color
