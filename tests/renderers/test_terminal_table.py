from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from bncli.renderers.base import Surface
from bncli.renderers.terminal_table import table_lines
from bncli.reports.document import Column, Table
from tests.helpers.documents import TABLE

NAME = Column("name", "name", "text", "")
LONG_NAME = "features.denseblock3.denselayer12.norm2"


def number(key: str, priority: int) -> Column:
    return Column(key, key, "number", "", priority=priority)


def lines(columns: tuple[Column, ...], *rows: tuple[object, ...], width: int | None = None) -> list[str]:
    return table_lines(Table(columns, rows), Surface(width=width))


def test_decimal_points_stand_below_each_other() -> None:
    column = number("var", 0)
    seen = lines((column,), (0.01,), (123.5,), (7.0,), (1e-7,), (float("nan"),), (None,), ("cumulative",))
    assert seen[2:] == [
        "         0.01",
        "       123.5",
        "         7",
        "         1e-07",
        "       NaN",
        "         —",
        "cumulative",
    ]


def test_words_are_set_left_and_numbers_right() -> None:
    columns = (NAME, Column("n", "count", "integer", ""), Column("ok", "ok", "flag", ""))
    assert lines(columns, ("a", 5, True), ("bcdefg", 1234, False)) == [
        "name    count  ok",
        "──────────────────",
        "a           5  yes",
        "bcdefg  1,234  no",
    ]


def test_columns_stay_aligned_beside_wide_characters() -> None:
    columns = (NAME, Column("n", "n", "integer", ""))
    assert lines(columns, ("批归", 1), ("bn12", 2))[2:] == ["批归  1", "bn12  2"]


def test_without_a_width_nothing_is_cut_or_dropped() -> None:
    seen = lines((NAME, number("a", 9)), (LONG_NAME * 10, 1.0))
    assert LONG_NAME * 10 in seen[2]
    assert len(seen) == 3


def test_on_a_narrow_surface_the_least_important_columns_go_first_and_the_footer_names_them() -> None:
    columns = (NAME, number("alpha", 1), number("beta", 3), number("gamma", 2), number("delta", 3))
    row = ("bn1", 1.0, 2.0, 3.0, 4.0)
    headings = {width: lines(columns, row, width=width)[0].split() for width in (40, 28, 20, 12)}
    assert headings[40] == ["name", "alpha", "beta", "gamma", "delta"]
    assert headings[28] == ["name", "alpha", "beta", "gamma"]
    assert headings[20] == ["name", "alpha", "gamma"]
    assert headings[12] == ["name", "alpha"]


def test_the_footer_says_which_columns_were_left_out() -> None:
    columns = (NAME, number("alpha", 1), number("beta", 2))
    seen = lines(columns, (LONG_NAME, 1.0, 2.0), width=36)
    assert seen[-1] == "columns left out at this width: beta"


def test_columns_that_say_nothing_go_before_others_and_are_not_missed() -> None:
    columns = (NAME, Column("remarks", "remarks", "text", "", priority=1), number("alpha", 2), number("beta", 3))
    row = ("bn1", "", 1.0, 2.0)
    assert lines(columns, row, width=40)[0].split() == ["name", "remarks", "alpha", "beta"]
    seen = lines(columns, row, width=20)
    assert seen[0].split() == ["name", "alpha", "beta"]
    assert len(seen) == 3
    assert lines(columns, ("bn1", "dead", 1.0, 2.0), width=20)[0].split() == ["name", "remarks", "alpha"]


def test_a_long_name_is_elided_in_its_middle_after_columns_were_dropped() -> None:
    seen = lines((NAME, number("alpha", 0)), (LONG_NAME, 1.0), width=31)
    assert seen[2] == "features.den…yer12.norm2      1"


def test_columns_of_priority_zero_are_never_dropped() -> None:
    seen = lines((NAME, number("alpha", 0), number("beta", 0)), (LONG_NAME, 1.0, 2.0), width=20)
    assert seen[0].split() == ["name", "alpha", "beta"]
    assert seen[2].startswith("feat…rm2 ")


@pytest.mark.parametrize("width", range(30, 150, 7))
def test_no_line_is_wider_than_the_surface(width: int) -> None:
    assert max(map(cell_len, table_lines(TABLE, Surface(width=width)))) <= width


@pytest.mark.parametrize("width", [None, 80])
def test_a_table_without_rows_says_so(width: int | None) -> None:
    seen = table_lines(replace(TABLE, rows=(), title="", footer=""), Surface(width=width))
    assert seen[0].startswith("layer")
    assert seen[2] == "no rows"


def test_a_table_without_columns_is_no_error() -> None:
    assert table_lines(Table((), ()), Surface(width=80))


def test_colour_changes_no_character() -> None:
    colored = "\n".join(table_lines(TABLE, Surface(width=80, color=True)))
    for code in ("1;31", "32", "1", "2", "0"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == "\n".join(table_lines(TABLE, Surface(width=80)))


def test_a_bad_value_is_coloured_alone() -> None:
    seen = table_lines(TABLE, Surface(width=80, color=True))
    assert any("\x1b[1;31m1.5e-09\x1b[0m" in line for line in seen)


def test_a_sentence_stands_below_its_row_and_takes_no_column() -> None:
    columns = (NAME, Column("message", "message", "sentence", ""), number("x", 0))
    seen = lines(columns, ("bn1", "one two three", 1.5), ("bn2", None, 2.5), width=16)
    assert seen == ["name    x", "─────────", "bn1   1.5", "    one two", "    three", "bn2   2.5"]


def test_a_sentence_that_neighbours_share_stands_once_below_the_last_of_them() -> None:
    columns = (NAME, Column("message", "message", "sentence", ""))
    seen = lines(columns, *((name, text) for name, text in zip("abcd", ("one", "one", "two", "one"), strict=True)))
    assert seen[2:] == ["a", "b", "    one", "c", "    two", "d", "    one"]
