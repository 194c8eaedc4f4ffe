"""The words and settings that all formats for people share: headings, facts, notes, and what stands to the left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.renderers.numbers import kind_of, write_value
from bncli.reports.document import Cell

if TYPE_CHECKING:
    from bncli.reports.document import Column, ColumnKind, Note, Tone, Value

_NOTE_WORDS: dict[Tone, str] = {"notice": "note: ", "bad": "warning: "}
"""What stands before a note, so that its tone is told without colour too."""


def cell_of(value: Value | Cell) -> Cell:
    """Return a bare value as the plain cell that it is."""
    return value if isinstance(value, Cell) else Cell(value)


def is_set_left(kind: ColumnKind) -> bool:
    """Return whether values of a column stand at its left edge, as words do, and not at its right, as numbers do."""
    return kind in {"text", "flag", "sentence", "series"}


def heading_of(column: Column) -> str:
    """Return what stands over a column: its title, with the unit in brackets where the values have one."""
    return f"{column.title} ({column.unit})" if column.unit else column.title


def note_text(note: Note) -> str:
    """Return a note behind the word for its tone."""
    return _NOTE_WORDS.get(note.tone, "") + note.text


def fact_text(cell: Cell, *, unicode: bool = True) -> str:
    """Return a value that stands beside its label, in one line of visible text."""
    return write_value(cell.value, kind_of(cell.value), unicode=unicode)
