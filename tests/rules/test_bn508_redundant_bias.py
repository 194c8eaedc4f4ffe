from __future__ import annotations

from bncli.rules.bn508_redundant_bias import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, only

TWINS = Twins(faulty=file_of(healthy(producer_bias="conv.bias")), sound=file_of(healthy(producer_bias=None)))


def test_a_bias_before_the_layer_is_named() -> None:
    seen = only(RULE, healthy("a"), healthy("b", producer_bias="conv.bias"))
    assert (seen.layer, seen.severity) == ("b", "info")
    assert seen.message.startswith("conv.bias is added")
