from __future__ import annotations

import pytest

from bncli.renderers.wording import cell_of, fact_text, heading_of, is_set_left, note_text
from bncli.reports.document import Cell, Column, Note


def test_a_bare_value_is_a_plain_cell_and_a_cell_is_itself() -> None:
    cell = Cell(1.0, "bad")
    assert cell_of(1.0) == Cell(1.0, "plain")
    assert cell_of(cell) is cell


def test_words_are_set_left_and_everything_with_digits_right() -> None:
    left = [kind for kind in ("text", "integer", "number", "flag") if is_set_left(kind)]
    assert left == ["text", "flag"]


def test_a_heading_has_the_unit_in_brackets_where_there_is_one() -> None:
    assert heading_of(Column("t", "time", "number", "", unit="ms")) == "time (ms)"
    assert heading_of(Column("t", "time", "number", "")) == "time"


@pytest.mark.parametrize(
    ("tone", "text"), [("plain", "a"), ("good", "a"), ("muted", "a"), ("notice", "note: a"), ("bad", "warning: a")]
)
def test_a_tone_that_warns_is_a_word(tone: str, text: str) -> None:
    assert note_text(Note("a", tone)) == text


def test_a_fact_is_written_by_its_type() -> None:
    assert fact_text(Cell(1500)) == "1,500"
    assert fact_text(Cell(None), unicode=False) == "-"
