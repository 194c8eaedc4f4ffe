"""Colour and weight of terminal text, as escape sequences, and none where the surface takes no colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from bncli.reports.document import Tone

Style: TypeAlias = "Tone | Literal['heading', 'rule', 'unit']"

_CODES: dict[Style, str] = {
    "good": "32",
    "notice": "33",
    "bad": "1;31",
    "muted": "2",
    "heading": "1",
    "rule": "2",
    "unit": "2",
}


_CURVE_CODES = ("36", "33", "35", "32", "34", "31")


def paint(text: str, style: Style, *, color: bool) -> str:
    """Return the text in a style; `plain` text, empty text and a surface without colour leave it as it is."""
    return _painted(text, _CODES[style]) if color and text and style in _CODES else text


def paint_curve(text: str, curve: int, *, color: bool) -> str:
    """Return what shows a curve of a plot in the colour of the curve of that index; six colours take turns."""
    return _painted(text, _CURVE_CODES[curve % len(_CURVE_CODES)]) if color else text


def _painted(text: str, codes: str) -> str:
    """Return the text between an escape sequence that sets codes (select graphic rendition) and its reset."""
    return f"\x1b[{codes}m{text}\x1b[0m"
