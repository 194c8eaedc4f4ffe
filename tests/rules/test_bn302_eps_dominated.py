from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.rules.bn302_eps_dominated import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer

QUIET = {"weight": {2: 0.005}, "running_mean": {2: 0.0}, "bias": {2: 0.0}}

TWINS = Twins(
    faulty=file_of(healthy(running_var={2: 5e-6}, **QUIET)),
    sound=file_of(healthy(running_var={2: 5e-5}, **QUIET)),
)


@pytest.mark.parametrize(("num_small", "severity"), [(1, "info"), (8, "info"), (9, "warning"), (16, "warning")])
def test_more_than_half_of_the_layer_makes_it_a_warning(num_small: int, severity: str) -> None:
    seen = only(RULE, healthy(running_var=dict.fromkeys(range(num_small), 5e-6)))
    assert (seen.severity, len(seen.channels)) == (severity, num_small)


def test_the_layers_own_eps_is_the_limit() -> None:
    assert observed(RULE, healthy(running_var={2: 5e-4})) == []
    seen = only(RULE, healthy(running_var={2: 5e-4}, eps=1e-3))
    assert (seen.channels, seen.threshold) == ((2,), 1e-3)
    assert "is below eps 0.001 in 6.25 %" in seen.message


def test_channels_at_rest_are_left_to_another_rule() -> None:
    assert observed(RULE, healthy(running_var=np.full(NUM_CHANNELS, 1e-20))) == []


def of_torch(constant: float, num_updates: int) -> BatchNormLayer:
    """Return a layer of torch that was trained on noise, and then on a constant."""
    torch.manual_seed(0)
    bn = torch.nn.BatchNorm1d(NUM_CHANNELS)
    for _ in range(100):
        bn(torch.randn(32, NUM_CHANNELS) + 1)
    for _ in range(num_updates):
        bn(torch.full((32, NUM_CHANNELS), constant))
    assert bn.running_mean is not None
    assert bn.running_var is not None
    return healthy(running_mean=bn.running_mean.numpy(), running_var=bn.running_var.numpy())


@pytest.mark.parametrize("constant", [0.0, 1.0])
@pytest.mark.parametrize("num_updates", [120, 200])
def test_a_layer_that_lost_its_input_is_told_as_perhaps_one(constant: float, num_updates: int) -> None:
    seen = only(RULE, of_torch(constant, num_updates))
    assert seen.severity == "warning"
    assert seen.message.endswith("perhaps nothing reaches the layer any more, and its variance only decays")
    assert "Look at what feeds the layer" in (seen.remedy or "")


@pytest.mark.parametrize("size", [1e-3, 1e-5])
def test_a_layer_that_lives_on_small_numbers_is_not(size: float) -> None:
    small = healthy()
    seen = only(RULE, healthy(running_mean=small.running_mean * size, running_var=small.running_var * size**2))
    assert (seen.remedy, "perhaps" in seen.message) == (None, False)


def test_a_layer_of_which_a_channel_still_has_input_is_not() -> None:
    dying = of_torch(0.0, 120)
    dying.running_var[3] = 1
    assert "perhaps" not in only(RULE, dying).message
