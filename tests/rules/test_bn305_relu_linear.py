from __future__ import annotations

import numpy as np

from bncli.rules.bn305_relu_linear import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only

TWINS = Twins(
    faulty=file_of(healthy(bias={2: 4.0}, weight={2: 1.0})),
    sound=file_of(healthy(bias={2: 2.0}, weight={2: 1.0})),
)


def test_what_can_move_into_the_next_layer_is_told_of_the_worst_channel() -> None:
    seen = only(RULE, healthy(bias={2: 4.0, 5: 9.0}, weight={2: 1.0, 5: -1.0}))
    assert (seen.severity, seen.channels, seen.value) == ("info", (5, 2), 6.0)
    assert "6 of the bias can move into the next layer" in seen.message


def test_three_deviations_are_the_limit() -> None:
    assert observed(RULE, healthy(bias={2: 3.0}, weight={2: 1.0})) == []


def test_a_layer_without_a_shift_is_centred() -> None:
    assert observed(RULE, healthy(weight=None, bias=None)) == []


def test_a_residual_branch_that_starts_at_zero_is_passed_over() -> None:
    start = {"weight": np.full(NUM_CHANNELS, 4.9e-6), "bias": np.full(NUM_CHANNELS, 3.4e-5)}
    assert observed(RULE, healthy(**start)) == []
    assert len(only(RULE, healthy(**(start | {"bias": np.full(NUM_CHANNELS, 0.02)}))).channels) == NUM_CHANNELS
