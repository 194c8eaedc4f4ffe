"""What the terminal, or the pipe in its place, can show: width, colour and character set."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, TextIO

from bncli.renderers.base import Surface

if TYPE_CHECKING:
    from collections.abc import Mapping

COLOR_CHOICES = ("auto", "always", "never")

_GLYPHS = "─—…┄┤│└⣿"
"""One of each kind that the renderers draw."""
_MOST_DIGITS = 9
"""Of a width. One of more digits is no limit, and Python refuses to read thousands of them."""
_FALSE_WORDS = frozenset({"0", "false", "no", "off"})


def terminal_surface(stream: TextIO, color: str, environ: Mapping[str, str] = os.environ) -> Surface:
    """Return what a text stream can show.

    Colour: the choice, over NO_COLOR, over FORCE_COLOR (where 0 is off), over TERM=dumb, over whether the stream is a
    terminal. Width: the terminal's; for a pipe COLUMNS, or no limit where that is not set.
    """
    is_terminal = stream.isatty()
    return Surface(
        width=_width(environ, is_terminal=is_terminal),
        color=_takes_color(color, environ, is_terminal=is_terminal),
        unicode=_encodes(_GLYPHS, stream.encoding),
    )


def file_surface(color: str) -> Surface:
    """Return what a file in UTF-8 can hold: no limit of width, and colour only where it was asked for."""
    return Surface(width=None, color=color == "always", unicode=True)


def _width(environ: Mapping[str, str], *, is_terminal: bool) -> int | None:
    if is_terminal:
        return shutil.get_terminal_size().columns
    columns = environ.get("COLUMNS", "")
    return int(columns) or None if columns.isdecimal() and len(columns) <= _MOST_DIGITS else None


def _takes_color(choice: str, environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    forced = environ.get("FORCE_COLOR", "")
    if forced:
        return forced.lower() not in _FALSE_WORDS
    return is_terminal and environ.get("TERM") != "dumb"


def _encodes(text: str, encoding: str | None) -> bool:
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
