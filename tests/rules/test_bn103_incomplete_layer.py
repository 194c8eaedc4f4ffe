from __future__ import annotations

import pytest

from bncli.core.named_arrays import Skipped
from bncli.rules.bn103_incomplete_layer import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

TWINS = Twins(
    faulty=file_of(healthy(), skipped=(Skipped("b", "has running_mean but no running_var", "missing-statistic"),)),
    sound=file_of(healthy(), skipped=(Skipped("b", "is InstanceNorm2d, not batch normalization"),)),
)


@pytest.mark.parametrize(
    ("fault", "severity"), [("missing-statistic", "warning"), ("shape-mismatch", "error"), ("element-type", "error")]
)
def test_a_layer_that_cannot_be_used_is_told_by_the_kind_of_its_fault(fault: str, severity: str) -> None:
    seen = only(RULE, skipped=(Skipped("b", "is odd", fault),))
    assert (seen.layer, seen.severity) == ("b", severity)
    assert seen.message.startswith("is odd: ")


def test_normalizations_without_statistics_are_mentioned_once_for_the_file() -> None:
    seen = only(RULE, healthy(), affine_layers=("a", "b", "c", "d", "e"))
    assert (seen.layer, seen.severity, seen.value) == (None, "info", 5)
    assert "5 normalizations (a, b, c and 2 more) have weight and bias but no running statistics" in seen.message


def test_a_single_one_is_told_in_the_singular() -> None:
    assert "1 normalization (a) has weight" in only(RULE, affine_layers=("a",)).message


def test_what_was_skipped_for_another_reason_is_no_incomplete_layer() -> None:
    assert observed(RULE, skipped=(Skipped("x", "is compressed"),)) == []
