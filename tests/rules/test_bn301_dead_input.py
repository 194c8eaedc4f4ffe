from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.reports.checkpoint_forensics import checkpoint_inferences
from bncli.rules.bn301_dead_input import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only
from tests.rules.test_bn201_never_updated import UNWRITTEN

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer

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


def test_the_age_of_several_channels_is_that_of_the_youngest() -> None:
    var = {**dict.fromkeys(range(NUM_CHANNELS), 1.0), 2: 0.9**400.5, 3: 0.9**300.5}
    assert "since at least 300 updates at" in only(RULE, healthy(running_var=var, num_batches_tracked=1000)).message
    beyond = only(RULE, healthy(running_var=var, num_batches_tracked=350)).message
    assert "since at least" not in beyond  # one of them would have died before the first update


def the_ages_of_inspect(*layers: BatchNormLayer) -> list[int]:
    (found,) = [each for each in checkpoint_inferences(layers) if each.question == "death"]
    return [channel["fewest_updates"] for channel in found.numbers["dead_channels"]]


def test_inspect_tells_the_same_age() -> None:
    uneven = np.repeat(np.float32([1e-12, 1e-2, 1e2]), (1, 8, 7))
    faulty = healthy(running_var=uneven, num_batches_tracked=10**5)
    assert the_ages_of_inspect(faulty) == [218]
    assert "since at least 218 updates at momentum 0.1 (assumed)" in only(RULE, faulty).message


def test_where_a_floor_contradicts_the_assumed_momentum_its_own_is_taken_as_inspect_does() -> None:
    resting, fallen = (
        healthy(name, running_var={2: var}, num_batches_tracked=10**5)
        for name, var in (("a", np.float32(2**-149)), ("b", 1e-20))
    )
    ages = the_ages_of_inspect(resting, fallen)
    messages = [seen.message for seen in observed(RULE, resting, fallen)]
    assert f"since at least {ages[0]:,} updates at momentum 0.5 (by the floor)" in messages[0]
    assert f"since at least {ages[1]:,} updates at momentum 0.5 (by the floor)" in messages[1]


@pytest.mark.parametrize(("counter", "is_told"), [(437, False), (438, True), (0, True), (None, True)])
def test_no_channel_died_before_its_layer_was_made(counter: int | None, is_told: bool) -> None:
    var = {**dict.fromkeys(range(NUM_CHANNELS), 1.0), 2: 1e-20}  # ln(1e-20) / ln(0.9) = 437.1
    assert ("updates at" in only(RULE, healthy(running_var=var, num_batches_tracked=counter)).message) == is_told


def test_the_denormal_floor_tells_the_momentum() -> None:
    seen = only(RULE, healthy(running_var={2: np.float32(5.6e-45)}))
    assert "5.605e-45 is the denormal floor of float32" in seen.message
    assert "momentum from 0.1 to 0.125" in seen.message


@pytest.mark.parametrize("momentum", [None, 0.0, 1.0, -0.1, 10.0, float("nan")])
def test_no_age_is_told_without_a_decay(momentum: float | None) -> None:
    assert "since at least" not in only(RULE, healthy(running_var={2: 1e-20}, momentum=momentum)).message


def test_no_age_is_told_of_a_variance_of_exactly_zero() -> None:
    seen = only(RULE, healthy(running_var={2: 0.0}, num_batches_tracked=10_000))
    assert seen.message.endswith("the input of these channels is constant")


def test_a_variance_that_so_few_updates_cannot_have_brought_down_did_not_decay() -> None:
    message = only(RULE, healthy(running_var={2: 0.0}, num_batches_tracked=200)).message
    assert "no decay, for 200 updates at momentum 0.1 (assumed) leave 7.055e-10 of the initial variance" in message


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("momentum", [0.1, 0.03])
def test_a_decay_by_torch_is_never_told_to_be_none(dtype: torch.dtype, momentum: float) -> None:
    bn = torch.nn.BatchNorm1d(1, momentum=momentum).to(dtype)
    seen = []
    for counter in range(1, 1500):
        bn(torch.zeros(8, 1, dtype=dtype))
        if counter % 50 == 0:
            name = str(dtype).removeprefix("torch.")
            var = {2: float(bn.running_var)}
            dead = healthy(running_var=var, num_batches_tracked=counter, momentum=momentum, dtype=name)
            seen += observed(RULE, dead)
    assert not any("no decay" in each.message for each in seen)


def test_a_layer_that_was_never_written_is_left_to_another_rule() -> None:
    assert observed(RULE, healthy(**UNWRITTEN)) == []


def test_negative_and_nan_variances_are_left_to_other_rules() -> None:
    assert observed(RULE, healthy(running_var={2: -1.0, 3: np.nan})) == []
