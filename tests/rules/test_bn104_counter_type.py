from __future__ import annotations

import math

import pytest

from bncli.rules.bn104_counter_type import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

TWINS = Twins(
    faulty=file_of(healthy(num_batches_tracked=1234.5)),
    sound=file_of(healthy(num_batches_tracked=1234)),
)


@pytest.mark.parametrize(
    ("counter", "words"),
    [
        (1234.5, "checkpoints were averaged, counters included"),
        (1234.0, "stored as a float"),
        (math.nan, "checkpoints were averaged"),
        (-1, "the difference of two checkpoints, a counter overflowed"),
        (2**62 + 1, "memory was never set"),
    ],
)
def test_a_counter_that_is_no_count_is_told_with_its_likely_cause(counter: float, words: str) -> None:
    seen = only(RULE, healthy(num_batches_tracked=counter))
    assert seen.severity == "warning"
    assert words in seen.message


@pytest.mark.parametrize("counter", [None, 0, 1, 10**9, 2**62])
def test_a_count_or_no_counter_is_fine(counter: int | None) -> None:
    assert observed(RULE, healthy(num_batches_tracked=counter)) == []
