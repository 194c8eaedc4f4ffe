from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bncli.renderers.numbers import kind_of, write_integer, write_number, write_ticks, write_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (0.0123456, "0.01235"),
        (12.3456, "12.35"),
        (999.94, "999.9"),
        (999.96, "1,000"),
        (1234.5, "1,234"),
        (123456.7, "123,457"),
        (1e6, "1e+06"),
        (1.23456e9, "1.235e+09"),
        (1e-4, "0.0001"),
        (1e-5, "1e-05"),
        (1.23456e-7, "1.235e-07"),
        (-1.5, "-1.5"),
        (5e-324, "4.941e-324"),
        (math.nan, "NaN"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_a_number_has_four_significant_digits(value: float, text: str) -> None:
    assert write_number(value) == text


@given(st.floats(-1e308, 1e308))
def test_a_written_number_is_within_half_a_unit_of_its_fourth_digit(value: float) -> None:
    assume(value == 0 or abs(value) > 1e-300)
    assert float(write_number(value).replace(",", "")) == pytest.approx(value, rel=5.001e-4, abs=0)


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
