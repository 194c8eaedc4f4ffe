from __future__ import annotations

import numpy as np
import pytest

from bncli.rules.bn303_dead_scale import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only

TWINS = Twins(
    faulty=file_of(healthy(weight={2: 1e-6}, bias={2: 0.0})),
    sound=file_of(healthy(weight={2: 1.0}, bias={2: 0.0})),
)


@pytest.mark.parametrize(("num_dead", "severity"), [(1, "info"), (2, "warning"), (7, "warning")])
def test_more_than_a_tenth_of_the_layer_makes_it_a_warning(num_dead: int, severity: str) -> None:
    seen = only(RULE, healthy(weight=dict.fromkeys(range(num_dead), 1e-6)))
    assert (seen.severity, len(seen.channels)) == (severity, num_dead)


def test_the_sign_of_a_scale_does_not_matter_and_the_smallest_comes_first() -> None:
    assert only(RULE, healthy(weight={1: -1e-6, 4: 1e-7, 6: 0.0})).channels == (6, 4, 1)


def test_zeros_are_dead_even_where_most_of_the_layer_is_zero() -> None:
    seen = only(RULE, healthy(weight=dict.fromkeys(range(12), 0.0)))
    assert (seen.severity, len(seen.channels)) == ("warning", 12)


def test_a_residual_branch_that_starts_at_zero_is_only_mentioned() -> None:
    zero = np.zeros(NUM_CHANNELS, np.float32)
    seen = only(RULE, healthy(weight=zero, num_batches_tracked=0))
    assert (seen.severity, seen.channels) == ("info", ())
    assert "zero_init_residual" in seen.message
    assert only(RULE, healthy(weight=zero, num_batches_tracked=10_000)).severity == "warning"


def test_a_layer_without_a_scale_has_none_that_is_dead() -> None:
    assert observed(RULE, healthy(weight=None, bias=None)) == []
