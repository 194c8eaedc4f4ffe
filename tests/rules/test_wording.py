from __future__ import annotations

import pytest

from bncli.rules.wording import count, listed, number, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [(99977.8, "99,978"), (0.0123456, "0.01235"), (999.94, "999.9"), (-1234.5, "-1,234"), (1e-20, "1e-20"),
     (1e12, "1e+12"), (0.0, "0"), (float("nan"), "nan"), (float("inf"), "inf")],
)  # fmt: skip
def test_a_number_has_four_digits_and_all_before_its_point(value: float, text: str) -> None:
    assert number(value) == text


def test_a_fraction_is_told_in_percent() -> None:
    assert percent(0.34867844) == "34.9 %"


def test_one_is_told_in_the_singular() -> None:
    assert (count(1, "layer"), count(0, "layer"), count(1905515, "update")) == (
        "1 layer",
        "0 layers",
        "1,905,515 updates",
    )


def test_a_long_row_is_counted_after_its_first_words() -> None:
    assert listed(["a", "b", "c", "d"]) == "a, b, c, d"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert listed(["a", "b", "c", "d", "e"], total=2048) == "a, b, c and 2,045 more"
    assert listed([]) == ""
