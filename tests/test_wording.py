from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bncli.wording import count, listed, number, part_of, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (99977.8, "99,978"),
        (-1234.5, "-1,234"),
        (1e-20, "1e-20"),
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
    assert number(value) == text


@given(st.floats(-1e308, 1e308))
def test_a_written_number_is_within_half_a_unit_of_its_fourth_digit(value: float) -> None:
    assume(value == 0 or abs(value) > 1e-300)
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=5.001e-4, abs=0)


def test_a_fraction_is_told_in_percent() -> None:
    assert percent(0.34867844) == "34.9 %"


def test_one_is_told_in_the_singular() -> None:
    assert (count(1, "layer"), count(0, "layer"), count(1905515, "update")) == (
        "1 layer",
        "0 layers",
        "1,905,515 updates",
    )
    assert (count(-1, "update"), count(0.5, "update")) == ("-1 updates", "0.5 updates")


def test_a_long_row_is_counted_after_its_first_words() -> None:
    assert listed(["a", "b", "c", "d"]) == "a, b, c, d"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert listed(["a", "b", "c", "d", "e"], total=2048) == "a, b, c and 2,045 more"
    assert listed([]) == ""


def test_a_part_is_told_and_the_whole_needs_no_words() -> None:
    assert part_of(3, 1200, "layer") == "3 of 1,200 layers"
    assert part_of(0, 1, "channel") == "0 of 1 channel"
    assert part_of(12, 12, "layer") == ""
