from __future__ import annotations

import math

import pytest

from bncli.renderers.numbers import kind_of, write_integer, write_ticks, write_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_234_567, "1,234,567"),
        (-4096, "-4,096"),
        (7.0, "7"),
        (10.5, "10.5"),
        (math.nan, "NaN"),
    ],
)
def test_an_integer_has_thousands_separators(value: float, text: str) -> None:
    assert write_integer(value) == text


def test_a_flag_is_a_word() -> None:
    assert (write_value(True, "flag"), write_value(False, "flag")) == ("yes", "no")


@pytest.mark.parametrize("kind", ["text", "integer", "number", "flag"])
def test_a_missing_value_is_a_dash_and_a_text_stays_a_text_in_every_column(kind: str) -> None:
    assert write_value(None, kind) == "—"
    assert write_value(None, kind, unicode=False) == "-"
    assert write_value("cumulative", kind) == "cumulative"
    assert write_value("\x1b", kind) == r"\x1b"


@pytest.mark.parametrize(
    ("value", "kind"), [(True, "flag"), (3, "integer"), (3.0, "number"), ("3", "text"), (None, "text")]
)
def test_a_value_without_a_column_is_written_by_its_type(value: object, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("ticks", "step", "texts"),
    [
        ([0, 20, 40], 20, ["0", "20", "40"]),
        ([0.0, 0.5, 1.0], 0.5, ["0.0", "0.5", "1.0"]),
        ([-0.0, 2e-7, 4e-7], 2e-7, ["0", "2e-07", "4e-07"]),
        ([1e6, 1e6 + 0.5], 0.5, ["1,000,000.0", "1,000,000.5"]),
        ([1e12, 2e12], 1e12, ["1e+12", "2e+12"]),
        ([], 1.0, []),
    ],
)
def test_values_beside_an_axis_have_the_digits_of_their_step(ticks: list[float], step: float, texts: list[str]) -> None:
    assert write_ticks(ticks, step) == texts
