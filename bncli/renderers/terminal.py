"""The format `table`: a document as text for a terminal, or for a pipe that another program reads line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.renderers.ansi_style import paint
from bncli.renderers.base import Renderer
from bncli.renderers.block_title import title_lines
from bncli.renderers.terminal_table import table_lines
from bncli.renderers.text_width import cell_width, sentence_width, wrap
from bncli.renderers.visible_text import visible
from bncli.renderers.wording import cell_of, fact_text, note_text
from bncli.reports.document import Code, KeyValues, Note, Plot, Prose, Table

if TYPE_CHECKING:
    from bncli.renderers.base import Surface
    from bncli.reports.document import Block, Document


def render(document: Document, surface: Surface) -> str:
    """Return the blocks one below the other, an empty line between them, save between two notes."""
    lines: list[str] = []
    for previous, block in zip((None, *document.blocks), document.blocks, strict=False):
        are_notes = isinstance(previous, Note) and isinstance(block, Note)
        if previous is not None and not are_notes:
            lines.append("")
        lines += _block_lines(block, surface)
    return "\n".join(lines) + "\n"


def _block_lines(block: Block, surface: Surface) -> list[str]:
    match block:
        case Table():
            return table_lines(block, surface)
        case KeyValues():
            return _key_values_lines(block, surface)
        case Plot():
            from bncli.renderers.plot import plot_lines  # noqa: PLC0415 - most documents have no plot

            return plot_lines(block, surface)
        case Note():
            return _note_lines(block, surface)
        case Prose():
            return _prose_lines(block, surface)
        case Code():
            return _code_lines(block, surface)


def _key_values_lines(facts: KeyValues, surface: Surface) -> list[str]:
    lines = title_lines(facts.title, surface)
    labels = [visible(label, unicode=surface.unicode) for label, _ in facts.pairs]
    indent = max(map(cell_width, labels), default=0) + 2
    room = None if surface.width is None else max(surface.width - indent, 1)
    for label, (_, fact) in zip(labels, facts.pairs, strict=True):
        cell = cell_of(fact)
        text = fact_text(cell, unicode=surface.unicode)
        first, *rest = (paint(line, cell.tone, color=surface.color) for line in wrap(text, room))
        gap = " " * (indent - cell_width(label))
        lines.append((paint(label, "muted", color=surface.color) + gap + first).rstrip())
        lines += [" " * indent + line for line in rest]
    return lines


def _note_lines(note: Note, surface: Surface) -> list[str]:
    text = visible(note_text(note), unicode=surface.unicode)
    return [paint(line, note.tone, color=surface.color) for line in wrap(text, surface.width)]


def _prose_lines(prose: Prose, surface: Surface) -> list[str]:
    width = sentence_width(surface.width)
    lines = title_lines(prose.title, surface)
    for index, paragraph in enumerate(prose.paragraphs):
        lines += [""] if index else []
        lines += wrap(visible(paragraph, unicode=surface.unicode), width)
    return lines


def _code_lines(code: Code, surface: Surface) -> list[str]:
    return [f"    {visible(line, unicode=surface.unicode)}".rstrip() for line in code.text.splitlines()]


RENDERER = Renderer(name="table", suffixes=(".txt",), render=render)
