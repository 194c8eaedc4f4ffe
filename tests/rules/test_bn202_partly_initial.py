from __future__ import annotations

from bncli.rules.bn202_partly_initial import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only
from tests.rules.test_bn201_never_updated import INITIAL

TWINS = Twins(
    faulty=file_of(healthy(running_mean={2: 0, 9: 0}, running_var={2: 1, 9: 1})),
    sound=file_of(healthy(running_mean={2: 0, 9: 0}, running_var={2: 1.25, 9: 1.25})),
)


def test_channels_that_no_update_reached_are_named() -> None:
    seen = only(RULE, healthy(running_mean={2: 0, 9: 0}, running_var={2: 1, 9: 1}, weight={2: 0.6, 9: 0.7}))
    assert (seen.severity, seen.channels) == ("warning", (9, 2))


def test_a_layer_that_is_initial_as_a_whole_is_left_to_another_rule() -> None:
    assert observed(RULE, healthy(**INITIAL)) == []


def test_a_mean_of_zero_or_a_variance_of_one_alone_is_nothing() -> None:
    assert observed(RULE, healthy(running_mean={0: 0}, running_var={1: 1})) == []
