from __future__ import annotations

from bncli.rules.bn308_var_range import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

QUIET = {"running_mean": {2: 0.0, 5: 0.0}, "weight": {2: 0.05, 5: 50.0}, "bias": {2: 0.0, 5: 0.0}}

TWINS = Twins(
    faulty=file_of(healthy(running_var={2: 1e-4, 5: 1e3}, **QUIET)),
    sound=file_of(healthy(running_var={2: 1e-2, 5: 1e3}, **QUIET)),
)


def test_the_two_ends_of_the_range_are_named() -> None:
    seen = only(RULE, healthy(running_var={2: 1e-4, 5: 1e3}))
    assert (seen.severity, seen.channels) == ("info", (2, 5))
    assert "running_var runs from 0.0001 to 1,000" in seen.message


def test_a_million_is_the_limit() -> None:
    assert observed(RULE, healthy(running_var={2: 2.0**-10, 5: 2.0**9})) == []


def test_channels_at_rest_do_not_count() -> None:
    assert observed(RULE, healthy(running_var={2: 1e-30})) == []
