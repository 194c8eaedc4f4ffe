"""A table for the terminal: aligned columns that fit its width, under headings and a light rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.renderers.ansi_style import paint
from bncli.renderers.block_title import title_lines
from bncli.renderers.column_cells import column_cells
from bncli.renderers.numbers import write_value
from bncli.renderers.text_width import sentence_width, wrap
from bncli.renderers.visible_text import visible
from bncli.renderers.wording import cell_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.renderers.base import Surface
    from bncli.renderers.column_cells import ColumnCells
    from bncli.reports.document import Cell, Row, Table

_GAP = "  "
_INDENT = "    "
_READABLE_NAME = 24
"""Columns are dropped rather than a longer name elided to less than this."""
_NARROWEST_NAME = 8
"""Where no column can be dropped any more, names are elided down to this."""


def table_lines(table: Table, surface: Surface) -> list[str]:
    """Return the lines of a table. Every row is written: leaving some out is the report's decision."""
    columns = [
        column_cells(column, index, table.rows, surface)
        for index, column in enumerate(table.columns)
        if column.kind != "sentence"
    ]
    shown, lost = _fit(columns, surface)
    rule = "─" if surface.unicode else "-"
    lines = title_lines(table.title, surface)
    lines.append(_GAP.join(column.padded_heading(surface) for column in shown).rstrip())
    lines.append(paint(rule * _total_width([column.width for column in shown]), "rule", color=surface.color))
    rows = zip(*(column.padded_cells(surface) for column in shown), strict=True)
    sentences = [_sentences(table, values) for values in table.rows]
    for row, own, following in zip(rows, sentences, (*sentences[1:], None), strict=False):
        lines.append(_GAP.join(row).rstrip())
        if own != following:  # what rows say together stands once, below the last of them
            lines += _sentence_lines(own, surface)
    lines += [
        paint(line, "muted", color=surface.color)
        for text in _footers(table, lost, surface)
        for line in wrap(text, surface.width)
    ]
    return lines


def _sentences(table: Table, row: Row) -> list[Cell]:
    return [cell_of(value) for column, value in zip(table.columns, row, strict=True) if column.kind == "sentence"]


def _sentence_lines(sentences: Sequence[Cell], surface: Surface) -> list[str]:
    """Return the sentences of a row, each from a line of its own on: beside the other columns they would not fit."""
    width = sentence_width(surface.width) - len(_INDENT)
    return [
        _INDENT + paint(line, cell.tone, color=surface.color)
        for cell in sentences
        for line in wrap(write_value(cell.value, "sentence", unicode=surface.unicode), width)
        if cell.value is not None
    ]


def _fit(columns: list[ColumnCells], surface: Surface) -> tuple[list[ColumnCells], list[ColumnCells]]:
    """Return the columns that the width takes, texts elided where needed, and those whose values it leaves out."""
    if surface.width is None:
        return columns, []
    shown = list(columns)
    while _total_width([column.narrowest(_READABLE_NAME) for column in shown]) > surface.width:
        droppable = [column for column in shown if column.column.priority > 0]
        if not droppable:
            break
        most = max(map(_dispensability, droppable))
        # Of equally dispensable columns the rightmost goes first.
        shown.remove([column for column in droppable if _dispensability(column) == most][-1])
    lost = [column for column in columns if column not in shown and not column.is_blank]
    return _elide(shown, surface.width, surface), lost


def _dispensability(column: ColumnCells) -> tuple[bool, int]:
    return column.is_blank, column.column.priority


def _elide(columns: list[ColumnCells], width: int, surface: Surface) -> list[ColumnCells]:
    """Return the columns with the widest texts shortened, cell by cell, until all fit or nothing more can be cut."""
    widths = [column.width for column in columns]
    floors = [column.narrowest(_NARROWEST_NAME) for column in columns]
    while _total_width(widths) > width:
        shrinkable = [index for index, floor in enumerate(floors) if widths[index] > floor]
        if not shrinkable:
            break
        widths[max(shrinkable, key=widths.__getitem__)] -= 1
    return [column.elided(target, surface) for column, target in zip(columns, widths, strict=True)]


def _total_width(widths: list[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _footers(table: Table, lost: list[ColumnCells], surface: Surface) -> list[str]:
    """Return the lines under a table: that it has no rows, what its report says, and what the width left out."""
    footers = [] if table.rows else ["no rows"]
    if table.footer:
        footers.append(visible(table.footer, unicode=surface.unicode))
    if lost:
        names = ", ".join(visible(column.column.key, unicode=surface.unicode) for column in lost)
        footers.append(f"columns left out at this width: {names}")
    return footers
