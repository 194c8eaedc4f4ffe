from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from bncli.rules.bn304_relu_dead import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only

TWINS = Twins(
    faulty=file_of(healthy(bias={2: -4.0}, weight={2: 1.0})),
    sound=file_of(healthy(bias={2: -2.0}, weight={2: 1.0})),
)


@pytest.mark.parametrize(("num_off", "severity"), [(1, "info"), (4, "info"), (5, "warning")])
def test_more_than_a_quarter_of_the_layer_makes_it_a_warning(num_off: int, severity: str) -> None:
    channels = range(num_off)
    seen = only(RULE, healthy(bias=dict.fromkeys(channels, -4.0), weight=dict.fromkeys(channels, 1.0)))
    assert (seen.severity, len(seen.channels)) == (severity, num_off)


def test_three_deviations_are_the_limit_whatever_the_sign_of_the_scale() -> None:
    assert observed(RULE, healthy(bias={2: -3.0}, weight={2: 1.0})) == []
    assert only(RULE, healthy(bias={2: -3.1}, weight={2: -1.0})).channels == (2,)


def test_the_probability_to_be_active_is_that_of_a_gaussian() -> None:
    expected = 100 * NormalDist().cdf(-3.2)
    assert (
        f"active for {expected:.3g} % of Gaussian inputs"
        in only(RULE, healthy(bias={2: -3.2}, weight={2: 1.0})).message
    )


def test_a_probability_of_practically_zero_is_not_told_in_digits() -> None:
    assert (
        "channel 2 has bias -3.2 against weight 0: if a ReLU follows, it is active for less than 0.0001 %"
        in only(RULE, healthy(bias={2: -3.2}, weight={2: 0.0})).message
    )


def test_a_residual_branch_that_starts_at_zero_is_passed_over() -> None:
    start = {"weight": np.full(NUM_CHANNELS, 4.9e-6), "bias": np.full(NUM_CHANNELS, -3.4e-5)}
    assert observed(RULE, healthy(**start)) == []
    assert only(RULE, healthy(**(start | {"bias": np.full(NUM_CHANNELS, -0.02)}))).severity == "warning"


def test_a_layer_without_a_shift_is_centred() -> None:
    assert observed(RULE, healthy(weight=None, bias=None)) == []
