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


def paint(text: str, style: Style, *, color: bool) -> str:
    """Return the text in a style; `plain` text, empty text and a surface without colour leave it as it is."""
    if not color or style not in _CODES or not text:
        return text
    return sgr(text, _CODES[style])


def sgr(text: str, codes: str) -> str:
    """Return the text between an escape sequence that sets codes (select graphic rendition) and its reset."""
    return f"\x1b[{codes}m{text}\x1b[0m"
