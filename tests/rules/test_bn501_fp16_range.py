from __future__ import annotations

import pytest
import torch

from bncli.rules.bn501_fp16_range import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

QUIET = {"running_mean": {2: 0.0}, "weight": {2: 300.0}, "bias": {2: 0.0}}

TWINS = Twins(
    faulty=file_of(healthy(running_var={2: 89_549.0}, **QUIET)),
    sound=file_of(healthy(running_var={2: 60_000.0}, **QUIET)),
)


@pytest.mark.parametrize("value", [65504.0, 65536.0, 89_549.0])
def test_a_variance_that_becomes_infinite_in_float16_is_an_error(value: float) -> None:
    becomes_infinite = bool(torch.isinf(torch.tensor(value).half()))
    assert [seen.severity for seen in observed(RULE, healthy(running_var={2: value}))] == ["error"] * becomes_infinite


def test_a_mean_that_is_too_large_is_an_error_too() -> None:
    assert only(RULE, healthy(running_mean={2: -1e5}, weight={2: 0.0})).severity == "error"


def test_a_folded_scale_alone_that_is_too_large_is_a_warning() -> None:
    seen = only(RULE, healthy(running_var={2: 1e-6}, eps=1e-8, weight={2: 100.0}, running_mean={2: 0.0}))
    assert seen.severity == "warning"
    assert "scale or shift becomes infinite if the layer is folded" in seen.message


def test_a_variance_that_is_flushed_is_a_warning() -> None:
    seen = only(RULE, healthy(running_var={2: 3e-8}))
    assert (seen.severity, seen.channels) == ("warning", (2,))
    assert "running_var down to 3e-08 is below the smallest float16" in seen.message


def test_channels_at_rest_are_left_to_another_rule() -> None:
    assert observed(RULE, healthy(running_var={2: 0.0, 3: 1e-20})) == []
