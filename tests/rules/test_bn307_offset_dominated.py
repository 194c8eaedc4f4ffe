from __future__ import annotations

import numpy as np

from bncli.rules.bn307_offset_dominated import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

TWINS = Twins(
    faulty=file_of(healthy(running_mean={2: -20.0}, running_var={2: 1.0})),
    sound=file_of(healthy(running_mean={2: -5.0}, running_var={2: 1.0})),
)


def test_ten_standard_deviations_are_the_limit() -> None:
    assert observed(RULE, healthy(running_mean={2: 10.0}, running_var={2: 1.0})) == []
    seen = only(RULE, healthy(running_mean={2: 10.1, 4: -30.0}, running_var={2: 1.0, 4: 1.0}))
    assert (seen.severity, seen.channels) == ("warning", (4, 2))
    assert "running_mean -30 is 30 standard deviations from 0" in seen.message


def test_values_that_are_not_finite_are_left_to_another_rule() -> None:
    assert observed(RULE, healthy(running_mean={2: np.inf, 3: 20.0}, running_var={3: np.nan})) == []
