"""Measures, pads, shortens and wraps text by the terminal cells that it takes."""

from __future__ import annotations

from typing import Literal

Align = Literal["left", "right"]
MISSING = "—"
"""Stands for a value that is not there; a single cell."""

_WIDEST_SENTENCE = 110
"""Longer lines are hard to read, however wide the terminal is."""


def cell_width(text: str) -> int:
    """Return how many terminal cells the text takes: two for a wide character, none for a combining one."""
    if text.isascii() or text.rstrip(" ") == MISSING:
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - costs 10 ms, and most names are ASCII

    return cell_len(text)


def pad(text: str, width: int, align: Align) -> str:
    """Return the text filled up with spaces to a width in cells."""
    fill = " " * (width - cell_width(text))
    return text + fill if align == "left" else fill + text


def elide_middle(text: str, width: int, *, unicode: bool) -> str:
    """Return the text cut in its middle to at most a width in cells; both ends of a layer's name tell most."""
    if cell_width(text) <= width:
        return text
    mark = "…" if unicode else "..."
    room = max(width - len(mark), 0)
    tail = _last_cells(text, room // 2)
    return _first_cells(text, room - cell_width(tail)) + mark + tail


def sentence_width(width: int | None) -> int:
    """Return how wide sentences may run on a surface of a width, or on one that has none."""
    return _WIDEST_SENTENCE if width is None else min(width, _WIDEST_SENTENCE)


def wrap(text: str, width: int | None) -> list[str]:
    """Return the lines of a sentence broken at spaces; a word longer than the width stays whole."""
    if width is None or cell_width(text) <= width:
        return [text]
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        candidate = f"{lines[-1]} {word}"
        if cell_width(candidate) > width:
            lines.append(word)
        else:
            lines[-1] = candidate
    return lines


def _first_cells(text: str, width: int) -> str:
    end = min(len(text), width)
    while cell_width(text[:end]) > width:
        end -= 1
    return text[:end]


def _last_cells(text: str, width: int) -> str:
    start = max(len(text) - width, 0)
    while cell_width(text[start:]) > width:
        start += 1
    return text[start:]
