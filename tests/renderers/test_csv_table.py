from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli.errors import InvalidUsage
from bncli.renderers.base import Surface
from bncli.renderers.csv_table import render
from bncli.reports.document import Cell, Column, Document, Note, Table
from tests.helpers.documents import SMALL, TABLE

if TYPE_CHECKING:
    from tests.helpers.golden import Golden


def cells_of(*row: object) -> list[str]:
    columns = tuple(Column(f"c{index}", "", "text", "") for index in range(len(row)))
    text = render(Document("x", (Table(columns, (row,)),)), Surface())
    return list(csv.reader(io.StringIO(text)))[1]


def test_a_document_looks_as_expected(golden: Golden) -> None:
    golden.check("document.csv", render(SMALL, Surface()))


def test_it_holds_the_first_table_under_the_keys_of_its_columns() -> None:
    other = Table((Column("other", "", "text", ""),), ())
    lines = render(Document("x", (Note("n"), TABLE, other)), Surface()).splitlines()
    assert lines[0] == "name,num_features,mean,var,momentum,size,time,affine"
    assert len(lines) == 1 + len(TABLE.rows)


def test_a_document_without_a_table_is_refused_with_a_way_out() -> None:
    with pytest.raises(InvalidUsage, match="no table") as caught:
        render(Document("x", (Note("n"),)), Surface())
    assert "--format json" in (caught.value.hint or "")


@given(st.floats(allow_nan=False))
def test_a_number_is_read_back_exactly(value: float) -> None:
    assert float(cells_of(value)[0]) == value


def test_values_that_are_no_numbers_have_names_of_their_own() -> None:
    assert cells_of(None, math.nan, math.inf, -math.inf) == ["", "nan", "inf", "-inf"]


def test_integers_and_flags_are_bare_words() -> None:
    assert cells_of(1234567, True, False, Cell(5, "bad")) == ["1234567", "true", "false", "5"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\uff1dA1", "\ufe62A1", "=cmd|' /C calc'!A0"])
def test_a_text_that_a_spreadsheet_would_compute_is_guarded(text: str) -> None:
    assert cells_of(text) == [f"'{text}"]


@pytest.mark.parametrize("text", ["\t=1", "\r=1", "\n=1"])
def test_a_formula_behind_a_control_character_is_none(text: str) -> None:
    assert cells_of(text)[0].startswith("\\")


@pytest.mark.parametrize("text", ["bn1", 'quo"te', "com,ma", "", " ", "批归一化", "a=b"])
def test_a_harmless_text_is_read_back_as_it_was(text: str) -> None:
    assert cells_of(text, "end") == [text, "end"]


def test_a_negative_number_is_no_formula() -> None:
    assert cells_of(-1.5) == ["-1.5"]


def test_a_table_that_the_document_keeps_for_csv_goes_before_those_that_it_shows() -> None:
    shown, full = (Table((Column(key, key, "text", ""),), ()) for key in ("shown", "full"))
    assert render(Document("x", (shown,), full_table=full), Surface()) == "full\n"
