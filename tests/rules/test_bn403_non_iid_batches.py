from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.batch_evidence import batch_evidence
from bncli.rules.bn403_non_iid_batches import RULE
from tests.core.test_recorded_layer import recorded, rows_of
from tests.helpers.evidence import evidence, file_with, observations
from tests.helpers.rule_cases import NUM_CHANNELS, Twins

TWINS = Twins(
    faulty=file_with(evidence(between_fraction={2: 0.2})), sound=file_with(evidence(between_fraction={2: 0.009}))
)


def test_a_share_above_both_limits_is_found() -> None:
    (seen,) = observations(RULE, between_fraction={2: 0.2, 7: 0.9})
    assert (seen.severity, seen.channels, seen.value) == ("warning", (7, 2), 0.9)
    assert "90 % of the variance of the data, 450 times" in seen.message


def test_a_large_share_that_small_batches_leave_by_themselves_is_none() -> None:
    assert observations(RULE, between_fraction={2: 0.2}, batch_effective_count=np.full(NUM_CHANNELS, 8.0)) == []


def test_one_batch_and_unknown_shares_tell_nothing() -> None:
    assert observations(RULE, between_fraction={2: 0.9}, num_batches=1) == []
    assert observations(RULE, between_fraction={2: np.nan}) == []


@pytest.mark.parametrize("num_batches", [2, 5, 40])
@pytest.mark.parametrize("is_sorted", [False, True])
def test_sorted_batches_are_told_from_shuffled_ones(num_batches: int, is_sorted: bool) -> None:
    rng = np.random.default_rng(0)
    shift = np.arange(num_batches) * 3.0 if is_sorted else np.zeros(num_batches)
    batches = [rng.normal(offset, 1, (16, 500, 1)) + rng.normal(0, 0.3, (16, 500, 9)) for offset in shift]
    layer = recorded(rows_of(batches))
    seen = batch_evidence(layer)
    found = observations(RULE, **{name: getattr(seen, name) for name in (
        "between_fraction", "batch_effective_count", "num_batches")})  # fmt: skip
    assert bool(found) == is_sorted
