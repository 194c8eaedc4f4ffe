from __future__ import annotations

import pytest

from bncli.cli.momentum_option import momentum_of_option, number_of_option
from bncli.errors import InvalidUsage


def test_none_in_any_case_is_the_cumulative_average() -> None:
    assert [momentum_of_option(text) for text in ("none", "None", "0.25", "1")] == [None, None, 0.25, 1.0]


@pytest.mark.parametrize("text", ["often", "1.5", "-0.1", "nan", ""])
def test_what_is_no_weight_is_refused(text: str) -> None:
    with pytest.raises(InvalidUsage, match="momentum is"):
        momentum_of_option(text)


def test_a_number_is_taken_whatever_it_is() -> None:
    assert [number_of_option(text) for text in ("NONE", "1.5", "-2")] == [None, 1.5, -2.0]
    with pytest.raises(InvalidUsage, match="momentum is 'often'"):
        number_of_option("often")
