"""One column of a table as text: every cell written and padded to the column's width."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass
from bncli.renderers.ansi_style import paint
from bncli.renderers.numbers import write_value
from bncli.renderers.text_width import cell_width, elide_middle, pad
from bncli.renderers.visible_text import visible
from bncli.renderers.wording import cell_of, is_set_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.renderers.base import Surface
    from bncli.renderers.text_width import Align
    from bncli.reports.document import Column, Row, Tone


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCells:
    """A column that is ready to be laid out beside others."""

    column: Column
    title: str
    unit: str
    """In brackets, to stand after the title; empty where the values have none."""
    texts: tuple[str, ...]
    """The cells; those of a column of numbers have their decimal points below each other."""
    tones: tuple[Tone, ...]
    width: int
    """Widest of the heading and the cells, in terminal cells."""

    @property
    def align(self) -> Align:
        """Words to the left, numbers to the right."""
        return "left" if is_set_left(self.column.kind) else "right"

    @property
    def is_blank(self) -> bool:
        """Whether no cell says anything."""
        return not any(self.texts)

    def narrowest(self, floor: int) -> int:
        """Return the width down to which texts may be elided: a floor, or the heading; numbers are never cut."""
        if self.column.kind != "text":
            return self.width
        return min(self.width, max(floor, cell_width(self.title + self.unit)))

    def elided(self, width: int, surface: Surface) -> ColumnCells:
        """Return the column with its cells cut in their middle to a width."""
        if width >= self.width:
            return self
        texts = tuple(elide_middle(text, width, unicode=surface.unicode) for text in self.texts)
        return replace(self, texts=texts, width=width)

    def padded_heading(self, surface: Surface) -> str:
        """Return the heading in bold with its unit dimmed, padded to the width."""
        painted = paint(self.title, "heading", color=surface.color) + paint(self.unit, "unit", color=surface.color)
        fill = " " * (self.width - cell_width(self.title + self.unit))
        return painted + fill if self.align == "left" else fill + painted

    def padded_cells(self, surface: Surface) -> list[str]:
        """Return all cells in their tones, padded to the width."""
        padded = [pad(text, self.width, self.align) for text in self.texts]
        if not surface.color:
            return padded
        return [
            cell.replace(text, paint(text, tone, color=True), 1)
            for cell, text, tone in zip(padded, self.texts, self.tones, strict=True)
        ]


def column_cells(column: Column, index: int, rows: Sequence[Row], surface: Surface) -> ColumnCells:
    """Return the column at an index of a table's rows, written for a surface."""
    cells = [cell_of(row[index]) for row in rows]
    texts = [write_value(cell.value, column.kind, unicode=surface.unicode) for cell in cells]
    if column.kind == "number":
        texts = _aligned_at_the_point(texts)
    title = visible(column.title, unicode=surface.unicode)
    unit = f" ({visible(column.unit, unicode=surface.unicode)})" if column.unit else ""
    width = max(cell_width(text) for text in (title + unit, *texts))
    return ColumnCells(column, title, unit, tuple(texts), tuple(cell.tone for cell in cells), width)


def _aligned_at_the_point(texts: list[str]) -> list[str]:
    """Return the numbers filled up on the right so that, set to the right, their decimal points line up."""
    fractions = [_fraction_length(text) for text in texts]
    longest = max(fractions, default=0)
    return [text + " " * (longest - length) for text, length in zip(texts, fractions, strict=True)]


def _fraction_length(number: str) -> int:
    """Return how many characters of a number stand at and after its decimal point, or its exponent if it has none."""
    for mark in (".", "e"):
        point = number.find(mark)
        if point > 0 and number[point - 1].isdigit():
            return len(number) - point
    return 0
