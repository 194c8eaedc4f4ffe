from __future__ import annotations

from bncli.renderers.base import Surface
from bncli.renderers.column_cells import column_cells
from bncli.reports.document import Cell, Column

NUMBER = Column("x", "x", "number", "", unit="ms")
NAME = Column("name", "name", "text", "")


def test_a_column_is_as_wide_as_its_widest_cell_or_its_heading_with_the_unit() -> None:
    assert column_cells(NUMBER, 0, [(1.0,)], Surface()).width == len("x (ms)")
    assert column_cells(NUMBER, 0, [(1.0,), (1.234e-7,), (12.0,)], Surface()).width == len(" 1.234e-07")
    assert column_cells(NAME, 0, [("批归一化",)], Surface()).width == 8


def test_numbers_are_filled_up_behind_the_point_so_that_it_lines_up() -> None:
    seen = column_cells(NUMBER, 0, [(1.25,), (10.0,), (1e-5,), (None,)], Surface())
    assert seen.texts == ("1.25 ", "10    ", "1e-05", "—    ")


def test_texts_may_be_elided_and_numbers_may_not() -> None:
    assert column_cells(NAME, 0, [("n" * 40,)], Surface()).narrowest(8) == 8
    assert column_cells(NAME, 0, [("n",)], Surface()).narrowest(8) == len("name")
    assert column_cells(NUMBER, 0, [(1.234e-7,)], Surface()).narrowest(1) == len("1.234e-07")


def test_an_elided_column_has_the_width_it_was_given() -> None:
    elided = column_cells(NAME, 0, [("n" * 40,), ("short",)], Surface()).elided(11, Surface())
    assert elided.padded_cells(Surface()) == ["nnnnn…nnnnn", "short      "]


def test_the_unit_is_dimmed_and_the_title_bold() -> None:
    seen = column_cells(NUMBER, 0, [(1.0,)], Surface())
    assert seen.padded_heading(Surface(color=True)) == "\x1b[1mx\x1b[0m\x1b[2m (ms)\x1b[0m"


def test_only_the_value_itself_is_coloured_not_the_space_around_it() -> None:
    column = Column("n", "count", "integer", "")
    seen = column_cells(column, 0, [(Cell(7, "bad"),), (1234,)], Surface())
    assert seen.padded_cells(Surface(color=True)) == ["    \x1b[1;31m7\x1b[0m", "1,234"]
    assert seen.padded_cells(Surface()) == ["    7", "1,234"]
