from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bncli.rules.bn401_stats_gap import RULE
from tests.helpers.evidence import evidence, file_with, observations
from tests.helpers.rule_cases import Twins, healthy

LAYER = healthy()
MEAN = float(LAYER.running_mean[3])
VAR = float(LAYER.running_var[3]) + 1e-5
STD = VAR**0.5

TWINS = Twins(
    faulty=file_with(evidence(mean={3: MEAN + STD})),
    sound=file_with(evidence(mean={3: MEAN + 0.2 * STD})),
    companions=frozenset({"BN404"}),
)


@pytest.mark.parametrize(
    ("changed", "severity"),
    [
        ({"mean": {3: MEAN + 0.6 * STD}}, "warning"),
        ({"mean": {3: MEAN - 6 * STD}}, "error"),
        ({"biased_var": {3: VAR * 1.6**2}}, "warning"),
        ({"biased_var": {3: VAR / 1.6**2}}, "warning"),
        ({"biased_var": {3: VAR * 4**2}}, "error"),
    ],
)
def test_a_gap_in_mean_or_spread_is_found_with_its_channel(changed: dict[str, Any], severity: str) -> None:
    (seen,) = observations(RULE, **changed)
    assert (seen.severity, seen.channels) == (severity, (3,))


def test_a_gap_that_few_values_do_not_prove_is_none() -> None:
    few = np.full(16, 20.0)
    assert observations(RULE, mean={3: MEAN + STD}, effective_count=few) == []
    assert observations(RULE, biased_var={3: VAR * 1.6**2}, effective_count=few) == []


def test_a_recording_that_tells_nothing_proves_nothing() -> None:
    assert observations(RULE, mean={3: MEAN + STD}, effective_count=np.full(16, np.nan)) == []


def test_the_worst_channel_is_told_in_the_units_of_its_gap() -> None:
    (seen,) = observations(RULE, mean={3: MEAN + STD, 5: 50.0})
    assert seen.channels == (5, 3)
    assert "channel 5 has mean" in seen.message
    assert seen.threshold == 5.0
    (seen,) = observations(RULE, mean={3: MEAN + STD})
    assert seen.threshold == 0.5


@pytest.mark.parametrize(("ratio", "threshold"), [(1.6, 1.5), (4.0, 3.0)])
def test_a_spread_is_held_against_the_gravest_limit_that_it_is_beyond(ratio: float, threshold: float) -> None:
    (seen,) = observations(RULE, biased_var={3: VAR * ratio**2})
    assert (seen.value, seen.threshold) == (pytest.approx(ratio, rel=1e-4), threshold)
