from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from bncli.renderers.base import Surface
from bncli.renderers.markdown import render
from bncli.renderers.plot import plot_lines
from bncli.reports.document import Code, Column, Document, KeyValues, Plot, Prose, Table
from tests.helpers.documents import HOSTILE_TEXTS, SMALL, hostile_document

if TYPE_CHECKING:
    from tests.helpers.golden import Golden


def test_a_document_looks_as_expected(golden: Golden) -> None:
    golden.check("document.md", render(SMALL, Surface()))


def test_hostile_texts_open_no_blocks_of_their_own() -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(render(hostile_document(), Surface()))
    kinds = [token.type for token in tokens]
    assert kinds.count("table_open") == len(HOSTILE_TEXTS)
    plots = [block for block in hostile_document().blocks if isinstance(block, Plot)]
    fences = [token.content.splitlines() for token in tokens if token.type == "fence"]
    assert fences == [plot_lines(plot, Surface(width=80)) for plot in plots]
    assert "html_block" not in kinds
    inline = {child.type for token in tokens for child in token.children or ()}
    assert inline <= {"text", "code_inline", "strong_open", "strong_close", "text_special", "softbreak"}


def test_every_row_of_a_table_has_all_its_cells() -> None:
    columns = (Column("a", "a|b", "text", ""), Column("n", "n", "number", ""))
    rows = tuple((text, 1.0) for text in HOSTILE_TEXTS)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(render(Document("x", (Table(columns, rows),)), Surface()))
    assert [token.type for token in tokens].count("td_open") == 2 * len(rows)


def test_facts_are_a_list() -> None:
    facts = KeyValues((("eps", 1e-5), ("class", "BatchNorm2d")), title="Layer")
    assert render(Document("x", (facts,)), Surface()) == "### Layer\n\n- **eps**: 1e-05\n- **class**: BatchNorm2d\n"


def test_prose_is_paragraphs_and_code_a_block_of_its_language() -> None:
    document = Document("x", (Prose(("a", "b"), title="Why"), Code("for x in y:\n    f(x)\n", "python")))
    assert render(document, Surface()) == "### Why\n\na\n\nb\n\n```python\nfor x in y:\n    f(x)\n```\n"
