from __future__ import annotations

from bncli.rules.bn506_onnx_training_mode import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, only

TWINS = Twins(faulty=file_of(healthy(training_mode=True)), sound=file_of(healthy(training_mode=False)))


def test_a_layer_in_training_mode_is_an_error() -> None:
    seen = only(RULE, healthy("a"), healthy("b", training_mode=True))
    assert (seen.layer, seen.severity) == ("b", "error")
