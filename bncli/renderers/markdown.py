"""The format `markdown`: a document in GitHub's dialect, for issues, pull requests and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.renderers.base import Renderer, Surface
from bncli.renderers.markdown_text import cell_text, code_block, plain_text
from bncli.renderers.numbers import write_value
from bncli.renderers.plot import plot_lines
from bncli.renderers.visible_text import visible
from bncli.renderers.wording import cell_of, fact_text, heading_of, is_set_left, note_text
from bncli.reports.document import Code, KeyValues, Note, Plot, Prose, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bncli.reports.document import Block, Cell, ColumnKind, Document

_PLOT_SURFACE = Surface(width=80)


def render(document: Document, surface: Surface) -> str:  # noqa: ARG001 - the same text on every surface
    """Return tables as tables, facts as a list, plots as code, an empty line between the blocks."""
    return "\n\n".join("\n".join(_block_lines(block)) for block in document.blocks) + "\n"


def _block_lines(block: Block) -> list[str]:
    match block:
        case Table():
            footers = ["", plain_text(block.footer)] if block.footer else []
            return [*_title_lines(block.title), *_table_lines(block), *footers]
        case KeyValues():
            facts = [f"- **{plain_text(label)}**: {_fact(cell_of(value))}" for label, value in block.pairs]
            return [*_title_lines(block.title), *facts]
        case Plot():
            return code_block(plot_lines(block, _PLOT_SURFACE))
        case Note():
            return [f"> {plain_text(note_text(block))}"]
        case Prose():
            paragraphs = "\n\n".join(map(plain_text, block.paragraphs)).split("\n")
            return [*_title_lines(block.title), *paragraphs]
        case Code():
            return code_block(list(map(visible, block.text.splitlines())), block.language)


def _title_lines(title: str) -> list[str]:
    return [f"### {plain_text(title)}", ""] if title else []


def _table_lines(table: Table) -> list[str]:
    kinds = [column.kind for column in table.columns]
    return [
        _row(cell_text(heading_of(column)) for column in table.columns),
        _row(":---" if is_set_left(kind) else "---:" for kind in kinds),
        *(_row(map(_cell, map(cell_of, row), kinds)) for row in table.rows),
    ]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, kind: ColumnKind) -> str:
    return cell_text(cell.value) if isinstance(cell.value, str) else write_value(cell.value, kind)


def _fact(cell: Cell) -> str:
    return plain_text(cell.value) if isinstance(cell.value, str) else fact_text(cell)


RENDERER = Renderer(name="markdown", suffixes=(".md", ".markdown"), render=render)
