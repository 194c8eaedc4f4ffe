"""Tests of which rows and columns are shown, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bncli.errors import InvalidUsage
from bncli.reports.arrangement import Arrangement, Field, arranged, columns_document, table_of
from bncli.reports.document import Cell, Column, Series


@dataclass(frozen=True)
class Fruit:
    name: str
    weight: float | None
    badness: float = 0


FIELDS = (
    Field[Fruit](Column("name", "name", "text", "what it is"), lambda fruit: fruit.name),
    Field[Fruit](Column("weight", "weight", "number", "how heavy it is", unit="g"), lambda fruit: Cell(fruit.weight)),
)
FRUITS = [Fruit("pear", 170), Fruit("plum", None, 2), Fruit("apple", 150, 1), Fruit("fig", float("nan"))]


def names(arrangement: Arrangement) -> list[str]:
    return [fruit.name for fruit in arranged(FRUITS, FIELDS, arrangement, lambda fruit: (-fruit.badness,))]


def test_without_options_the_order_is_the_files() -> None:
    assert names(Arrangement()) == ["pear", "plum", "apple", "fig"]


def test_sorting_puts_missing_values_last_in_either_direction() -> None:
    assert names(Arrangement(sort="weight")) == ["apple", "pear", "plum", "fig"]
    assert names(Arrangement(sort="-weight")) == ["pear", "apple", "plum", "fig"]


def test_series_sort_by_their_last_value_and_those_without_one_come_last() -> None:
    lasts = {"a": 3.0, "b": float("nan"), "c": 2.0, "d": float("nan"), "e": 1.0}
    fields = (Field[str](Column("var", "var", "series", "its course"), lambda name: Series((9.0, lasts[name]))),)

    def order(sort: str) -> str:
        return "".join(arranged(list(lasts), fields, Arrangement(sort=sort), lambda _: (0,)))

    assert (order("var"), order("-var")) == ("ecabd", "acebd")


def test_texts_sort_too() -> None:
    assert names(Arrangement(sort="-name")) == ["plum", "pear", "fig", "apple"]


def test_top_keeps_the_worst_unless_an_order_is_asked_for() -> None:
    assert names(Arrangement(top=2)) == ["plum", "apple"]
    assert names(Arrangement(sort="weight", top=1)) == ["apple"]
    assert len(names(Arrangement(top=99))) == 4


def test_an_unknown_column_is_an_error_with_the_nearest() -> None:
    with pytest.raises(InvalidUsage, match="unknown column 'wieght'") as caught:
        names(Arrangement(sort="-wieght"))
    assert caught.value.hint is not None
    assert "did you mean weight?" in caught.value.hint
    with pytest.raises(InvalidUsage, match="unknown column"):
        table_of(FRUITS, FIELDS, ["name", "colour"])


def test_a_table_has_the_columns_asked_for_in_that_order() -> None:
    table = table_of(FRUITS[:1], FIELDS, ["weight", "name"], "1 of 4 fruits")
    assert [column.key for column in table.columns] == ["weight", "name"]
    assert table.rows == ((Cell(170), "pear"),)
    assert table.footer == "1 of 4 fruits"


def test_columns_help_lists_every_column_with_unit_and_meaning() -> None:
    document = columns_document(FIELDS)
    assert document.record["columns"] == [
        {"column": "name", "unit": None, "meaning": "what it is"},
        {"column": "weight", "unit": "g", "meaning": "how heavy it is"},
    ]
