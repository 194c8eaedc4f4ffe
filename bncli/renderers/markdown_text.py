"""Writes text so that Markdown shows it as it is."""

from __future__ import annotations

import re

from bncli.renderers.visible_text import visible

_MARKUP = re.compile(r"[\\`*\[\]<>|~$&#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""Characters that start markup; an underscore inside of a word does not."""
_START_OF_A_BLOCK = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
_ACTIVE = re.compile(r"@|://|www\.|#\d|:\w+:")
"""What GitHub turns into mentions, links, references and pictures even behind a backslash, but not in code."""


def plain_text(text: str) -> str:
    """Return a text as a paragraph, or a part of one, that has no markup."""
    shown = visible(text)
    if _ACTIVE.search(shown):
        return code(shown)
    escaped = _MARKUP.sub(r"\\\g<0>", shown)
    return _START_OF_A_BLOCK.sub(_defused, escaped)


def cell_text(text: str) -> str:
    """Return a text as a cell of a table, where a pipe ends even code."""
    shown = visible(text)
    return code(shown).replace("|", r"\|") if _ACTIVE.search(shown) else plain_text(text)


def code(text: str) -> str:
    """Return a visible text as code, between more backticks than it holds in a row."""
    fence = _fence([text], shortest=1)
    margin = " " if "`" in (text[:1], text[-1:]) else ""
    return f"{fence}{margin}{text}{margin}{fence}"


def code_block(lines: list[str], language: str = "text") -> list[str]:
    """Return visible lines as a block of code, between more backticks than any of them holds in a row."""
    fence = _fence(lines, shortest=3)
    return [f"{fence}{language}", *lines, fence]


def _fence(lines: list[str], shortest: int) -> str:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    return "`" * max(longest + 1, shortest)


def _defused(match: re.Match[str]) -> str:
    """Return the start of a list, or of an underline, with the backslash that makes it text."""
    margin, start = match.groups()
    return f"{margin}{start}\\" if start.isdigit() else f"{margin}\\{start}"
