from __future__ import annotations

from bncli.rules.bn503_fold_range import RULE
from tests.helpers.rule_cases import Twins, healthy, observed, only
from tests.rules import test_bn306_amplifier

TWINS = Twins(
    faulty=test_bn306_amplifier.TWINS.faulty,
    sound=test_bn306_amplifier.TWINS.sound,
    companions=frozenset({"BN306"}),  # the same state, which matters without quantization too
)


def test_the_steps_that_the_median_channel_keeps_are_told() -> None:
    even = {**test_bn306_amplifier.EVEN, "weight": {**dict.fromkeys(range(16), 1.0), 2: 127.0}}
    seen = only(RULE, healthy(**even))
    assert (seen.severity, seen.channels) == ("warning", (2,))
    assert "the median channel keeps 1 of 127 steps" in seen.message


def test_an_even_layer_is_fine() -> None:
    assert observed(RULE, healthy()) == []


def test_it_is_about_int8_alone() -> None:
    assert RULE.target == "int8"
