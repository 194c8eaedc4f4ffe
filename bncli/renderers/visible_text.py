"""Makes hostile text visible: names come from files, and may hold anything that a terminal obeys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORT_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_AFTER_BACKSLASH = frozenset("nrtxuU\\")
"""What would make a backslash of the text read like the start of an escape."""
_IGNORED = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
"""What Unicode counts as letters and marks, and fonts show as nothing: joiners, fillers, selectors of variants."""
_LARGEST_BYTE = 0xFF
_LARGEST_IN_FOUR_DIGITS = 0xFFFF


def visible(text: str, *, unicode: bool = True) -> str:
    r"""Return the text in one line with everything that does not print written as an escape.

    Control characters, line and paragraph separators, bidirectional and zero-width marks, unusual spaces, surrogates,
    private and unassigned characters become `\n`, `\x1b`, `\u202e` and the like. A backslash is doubled only where it
    would read as the start of an escape, so that different texts always look different. Where the surface takes no
    `unicode`, everything beyond ASCII becomes an escape too.
    """
    if text.isprintable() and "\\" not in text and (text.isascii() or (unicode and not re.search(_IGNORED, text))):
        return text
    is_shown = _is_shown if unicode else _is_printable_ascii
    return "".join(_visible_character(text, index, is_shown) for index in range(len(text)))


def _visible_character(text: str, index: int, is_shown: Callable[[str], bool]) -> str:
    character = text[index]
    if character == "\\":
        following = text[index + 1 : index + 2]
        return r"\\" if following in _AFTER_BACKSLASH or not is_shown(following) else character
    if is_shown(character):
        return character
    return _SHORT_ESCAPES.get(character) or _escape(ord(character))


def _is_shown(text: str) -> bool:
    return text.isprintable() and not re.search(_IGNORED, text)


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _escape(code: int) -> str:
    if code <= _LARGEST_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _LARGEST_IN_FOUR_DIGITS else f"\\U{code:08x}"
