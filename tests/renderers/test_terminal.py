from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.renderers.base import Surface
from bncli.renderers.terminal import render
from bncli.reports.document import Code, Document, KeyValues, Note, Prose
from tests.helpers.documents import SMALL

if TYPE_CHECKING:
    from tests.helpers.golden import Golden

SURFACES = {
    "pipe": Surface(),
    "60_columns": Surface(width=60),
    "80_columns": Surface(width=80),
    "120_columns": Surface(width=120),
    "80_columns_color": Surface(width=80, color=True),
    "80_columns_ascii": Surface(width=80, unicode=False),
    "pipe_ascii": Surface(unicode=False),
}


@pytest.mark.parametrize("name", SURFACES)
def test_a_document_looks_as_expected(name: str, golden: Golden) -> None:
    golden.check(f"terminal_{name}.txt", render(SMALL, SURFACES[name]))


def text_of(*blocks: object, width: int | None = None) -> str:
    return render(Document("x", blocks), Surface(width=width))


def test_values_of_facts_begin_in_one_column_also_after_wide_characters() -> None:
    facts = KeyValues((("file", "a.pt"), ("批", 1234), ("momentum", None)))
    assert text_of(facts) == "file      a.pt\n批        1,234\nmomentum  —\n"


def test_a_long_fact_is_broken_at_spaces_below_its_beginning() -> None:
    facts = KeyValues((("file", "one two three"),))
    assert text_of(facts, width=14) == "file  one two\n      three\n"


def test_a_fact_is_written_by_its_type() -> None:
    facts = KeyValues((("count", 2000), ("eps", 1e-5), ("tracks", True)))
    assert text_of(facts) == "count   2,000\neps     1e-05\ntracks  yes\n"


def test_the_tone_of_a_note_is_a_word_where_there_is_no_colour() -> None:
    notes = [Note("a", "notice"), Note("b", "bad"), Note("c", "good"), Note("d")]
    assert text_of(*notes) == "note: a\nwarning: b\nc\nd\n"


def test_an_empty_line_parts_blocks_but_not_notes() -> None:
    facts = KeyValues((("a", 1),))
    assert text_of(facts, facts, Note("n"), Note("m"), facts) == "a  1\n\na  1\n\nn\nm\n\na  1\n"


def test_prose_is_wrapped_below_its_title_with_an_empty_line_between_paragraphs() -> None:
    prose = Prose(("one two three", "four"), title="Why")
    assert text_of(prose, width=8) == "Why\none two\nthree\n\nfour\n"


def test_prose_keeps_to_a_readable_width_where_there_is_no_limit() -> None:
    assert max(map(len, text_of(Prose(("word " * 60,))).splitlines())) <= 110


def test_code_keeps_its_lines_and_its_indentation() -> None:
    assert text_of(Code("for x in y:\n    print(x)\n"), width=10) == "    for x in y:\n        print(x)\n"
