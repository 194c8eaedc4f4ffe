from __future__ import annotations

import numpy as np
import pytest

from bncli.rules.bn301_dead_input import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only

QUIET = {"running_mean": {2: 0.0}, "weight": {2: 0.01}, "bias": {2: 0.0}}
"""What keeps the dead channel from being an amplifier, dead by its scale or dead behind a ReLU as well."""

TWINS = Twins(
    faulty=file_of(healthy(running_var={2: 1e-20}, **QUIET)),
    sound=file_of(healthy(running_var={2: 1.25}, **QUIET)),
)


@pytest.mark.parametrize(("var", "is_dead"), [(0.0, True), (9.9e-12, True), (1.01e-11, False), (1e-6, False)])
def test_a_millionth_of_eps_is_the_limit(var: float, is_dead: bool) -> None:
    assert bool(observed(RULE, healthy(running_var={2: var}))) == is_dead


def test_a_layer_that_is_dead_as_a_whole_is_an_error() -> None:
    seen = only(RULE, healthy(running_var=np.full(NUM_CHANNELS, 1e-20, np.float32)))
    assert seen.severity == "error"
    assert len(seen.channels) == NUM_CHANNELS
    assert "no channel of the layer gets any input" in seen.message


def test_the_deadest_channel_comes_first() -> None:
    seen = only(RULE, healthy(running_var={2: 1e-20, 5: 1e-30}))
    assert (seen.severity, seen.channels, seen.value) == ("warning", (5, 2), pytest.approx(1e-30))


def test_the_decay_tells_for_how_long_the_channel_is_dead() -> None:
    var = {**dict.fromkeys(range(NUM_CHANNELS), 1.0), 2: 0.9**400.5}
    seen = only(RULE, healthy(running_var=var, num_batches_tracked=1000))
    assert "since at least 400 updates at momentum 0.1 (assumed)" in seen.message


@pytest.mark.parametrize(("counter", "is_told"), [(437, False), (438, True), (0, True), (None, True)])
def test_no_channel_died_before_its_layer_was_made(counter: int | None, is_told: bool) -> None:
    var = {**dict.fromkeys(range(NUM_CHANNELS), 1.0), 2: 1e-20}  # ln(1e-20) / ln(0.9) = 437.1
    assert ("updates at" in only(RULE, healthy(running_var=var, num_batches_tracked=counter)).message) == is_told


def test_the_denormal_floor_tells_the_momentum() -> None:
    seen = only(RULE, healthy(running_var={2: np.float32(5.6e-45)}))
    assert "5.605e-45 is the denormal floor of float32" in seen.message
    assert "momentum from 0.1 to 0.125" in seen.message


@pytest.mark.parametrize("momentum", [None, 0.0, 1.0])
def test_no_age_is_told_without_a_decay(momentum: float | None) -> None:
    assert "updates at" not in only(RULE, healthy(running_var={2: 1e-20}, momentum=momentum)).message


def test_no_age_is_told_of_a_variance_of_exactly_zero() -> None:
    assert only(RULE, healthy(running_var={2: 0.0})).message.endswith("the input of these channels is constant")


def test_negative_and_nan_variances_are_left_to_other_rules() -> None:
    assert observed(RULE, healthy(running_var={2: -1.0, 3: np.nan})) == []
