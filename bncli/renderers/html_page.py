"""The format `html`: a document as one page that needs nothing else, to be mailed or kept with a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.renderers.axis import finite_reference
from bncli.renderers.base import Renderer
from bncli.renderers.html_text import escaped
from bncli.renderers.numbers import write_value
from bncli.renderers.page_style import STYLE
from bncli.renderers.svg_plot import curve_sample, level_sample, svg_plot
from bncli.renderers.wording import cell_of, fact_text, heading_of, is_set_left, note_text
from bncli.reports.document import Code, KeyValues, Note, Plot, Prose, Table
from bncli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.renderers.base import Surface
    from bncli.reports.document import Block, Cell, Column, Document

_NO_FOREIGN_CONTENT = "default-src 'none'; style-src 'unsafe-inline'"
"""The page's own promise to the browser: no script, nothing loaded from anywhere."""


def render(document: Document, surface: Surface) -> str:  # noqa: ARG001 - the same text on every surface
    """Return the page. Colours follow the reader's light or dark setting."""
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_NO_FOREIGN_CONTENT}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>bncli {escaped(document.kind)}</title>",
        f"<style>\n{STYLE}</style>",
        "<main>",
        *(line for block in document.blocks for line in _block_lines(block)),
        f"<footer>bncli {__version__}</footer>",
        "</main>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _block_lines(block: Block) -> Iterator[str]:
    match block:
        case Table():
            yield from _table_lines(block)
        case KeyValues():
            yield from _facts_lines(block)
        case Plot():
            yield from _plot_lines(block)
        case Note():
            yield f'<p class="note {block.tone}">{escaped(note_text(block))}</p>'
        case Prose():
            yield from _title_lines(block.title)
            yield from (f"<p>{escaped(paragraph)}</p>" for paragraph in block.paragraphs)
        case Code():
            code = "\n".join(map(escaped, block.text.splitlines()))
            yield f"<pre><code>{code}</code></pre>"


def _title_lines(title: str) -> Iterator[str]:
    if title:
        yield f"<h2>{escaped(title)}</h2>"


def _table_lines(table: Table) -> Iterator[str]:
    yield from _title_lines(table.title)
    yield '<div class="wide"><table>'
    yield f"<thead><tr>{''.join(map(_heading, table.columns))}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        cells = zip(map(cell_of, row), table.columns, strict=True)
        yield f"<tr>{''.join(_table_cell(cell, column) for cell, column in cells)}</tr>"
    yield "</tbody></table></div>"
    if table.footer:
        yield f'<p class="muted">{escaped(table.footer)}</p>'


def _heading(column: Column) -> str:
    side = "left" if is_set_left(column.kind) else "right"
    return f'<th class="{side}" title="{escaped(column.meaning)}">{escaped(heading_of(column))}</th>'


def _table_cell(cell: Cell, column: Column) -> str:
    side = "left" if is_set_left(column.kind) else "right"
    side += " sentence" if column.kind == "sentence" else ""
    text = escaped(cell.value) if isinstance(cell.value, str) else write_value(cell.value, column.kind)
    return f'<td class="{side} {cell.tone}">{text}</td>'


def _facts_lines(facts: KeyValues) -> Iterator[str]:
    yield from _title_lines(facts.title)
    yield "<dl>"
    for label, value in facts.pairs:
        cell = cell_of(value)
        text = escaped(cell.value) if isinstance(cell.value, str) else fact_text(cell)
        yield f'<dt>{escaped(label)}</dt><dd class="{cell.tone}">{text}</dd>'
    yield "</dl>"


def _plot_lines(plot: Plot) -> Iterator[str]:
    yield from _title_lines(plot.title)
    yield f"<figure>\n{svg_plot(plot)}"
    yield "<figcaption>"
    for index, line in enumerate(plot.lines):
        if line.label:
            yield f"<span>{curve_sample(index)}{escaped(line.label)}</span>"
    if finite_reference(plot) is not None and plot.reference_label:
        yield f"<span>{level_sample()}{escaped(plot.reference_label)}</span>"
    yield "</figcaption></figure>"


RENDERER = Renderer(name="html", suffixes=(".html", ".htm"), render=render)
