from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli.renderers.numbers import kind_of, write_value
from bncli.renderers.sparkline import sparkline
from bncli.reports.document import Series


def test_levels_rise_with_the_values() -> None:
    assert sparkline(range(8), unicode=True) == "▁▂▃▄▅▆▇█"
    assert sparkline(range(8), unicode=False) == "_.-~=+*#"


def test_equal_values_stand_at_the_lowest_level() -> None:
    assert sparkline((5.0, 5.0), unicode=True) == "▁▁"
    assert sparkline((0.0,), unicode=True) == "▁"


def test_what_is_not_finite_is_marked_and_moves_no_level() -> None:
    assert sparkline((0.0, math.nan, 1.0, math.inf), unicode=True) == "▁!█!"
    assert sparkline((math.nan,), unicode=False) == "!"


def test_a_series_is_written_as_its_sparkline() -> None:
    series = Series((1.0, 2.0))
    assert kind_of(series) == "series"
    assert write_value(series, "series") == "▁█"
    assert write_value(series, "series", unicode=False) == "_#"
    assert write_value(None, "series", unicode=False) == "-"


def test_nothing_gives_nothing() -> None:
    assert sparkline((), unicode=True) == ""


@pytest.mark.parametrize("unicode", [True, False])
@given(st.lists(st.floats(), max_size=20))
def test_any_values_give_one_character_each_and_ascii_where_asked(unicode: bool, values: list[float]) -> None:
    line = sparkline(values, unicode=unicode)
    assert len(line) == len(values)
    assert unicode or line.isascii()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20))
def test_a_greater_value_never_stands_lower(values: list[float]) -> None:
    levels = ["▁▂▃▄▅▆▇█".index(character) for character in sparkline(values, unicode=True)]
    ordered = sorted(zip(values, levels, strict=True))
    assert [level for _, level in ordered] == sorted(levels)
